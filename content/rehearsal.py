"""Every answer once before anybody asks, so that no patient waits while it is made ready.

The first use of a template compiles it, the first date reads the names of the days, the first
question reads the word lists. The first patient after a start waited 40 ms for all of it, and the
first with each other question 3 ms more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from content.answer import answer
from content.catalog import Catalog
from content.model import ClinicVoice, Procedure
from content.understand import Knowledge, Route, Understanding, understand
from content.view import Standing

_NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
_HOURS_AFTER = 25
_CLINIC = ClinicVoice(name="Clinic", phone="0", emergency_number="112")
_WARNINGS = (Route.EMERGENCY, Route.URGENT, Route.CONTACT)


def rehearse(catalog: Catalog, knowledge: Knowledge, language: str) -> int:
    """Answer every topic of every procedure and every level of warning, in one language.

    Args:
        catalog: The words; those of the library, since a clinic's own may be wrong.
        knowledge: What understands the questions.
        language: One that the catalog has.

    Returns:
        How many answers were made.

    Raises:
        jinja2.TemplateError: If a template of the library fails.
        ContentError: If a word is missing.
    """
    title, made = catalog.words(language), 0
    for procedure in catalog.procedures.values():
        for key in procedure.topics:
            understand(
                title("topic", key),
                knowledge=knowledge,
                language=language,
                hours_since=_HOURS_AFTER,
                procedure=procedure.key,
            )
        asked = [Understanding(Route.ROUTINE, answered=(key,)) for key in procedure.topics]
        for understood in (*asked, *map(Understanding, _WARNINGS)):
            made += bool(
                answer(
                    understood,
                    catalog=catalog,
                    knowledge=knowledge,
                    procedure=procedure.key,
                    language=language,
                    standing=_standing(procedure),
                    clinic=_CLINIC,
                ).text
            )
    return made


def _standing(procedure: Procedure) -> Standing:
    """Return where a patient of the procedure stands on the day after."""
    treated = _NOW - timedelta(hours=_HOURS_AFTER)
    hours = {key: rule.hours for key, rule in procedure.rules.items()}
    ends = {key: treated + timedelta(hours=length) for key, length in hours.items()}
    return Standing(now=_NOW, zone=UTC, treated_at=treated, waits=ends, hours=hours)
