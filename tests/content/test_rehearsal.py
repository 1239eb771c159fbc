"""What the first patients after a start need not wait for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jinja2 import TemplateNotFound

from content.catalog import Catalog
from content.rehearsal import rehearse
from content.understand import Knowledge
from content.view import standing_in_general, view
from tests.content.test_view import CLINIC

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def unreadable(environment: object, name: str) -> None:
    raise TemplateNotFound(name)


@pytest.mark.parametrize("language", ["en", "es"])
def test_after_a_rehearsal_no_answer_and_no_warning_waits_for_its_file_to_be_read(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    catalog = Catalog()
    topics = sum(len(procedure.topics) for procedure in catalog.procedures.values())
    assert rehearse(catalog, knowledge, language) == topics + 3 * len(catalog.procedures)
    monkeypatch.setattr(catalog.environment.loader, "get_source", unreadable)
    for procedure in catalog.procedures.values():
        context = view(standing_in_general(procedure, now=NOW, zone=UTC), CLINIC)
        for key in procedure.topics:
            assert catalog.topic(procedure.key, language, key, context, clinic="riverside")
        for level in ("emergency", "urgent", "contact"):
            assert catalog.warning(language, level, context)
    other = next(tag for tag in catalog.languages if tag != language)
    with pytest.raises(TemplateNotFound):
        catalog.warning(other, "emergency", context)
