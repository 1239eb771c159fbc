"""The file of warning signs, the wordings that are sent and the code say the same."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from content.catalog import LIBRARY, SHARED, Catalog
from content.samples import sample_contexts
from content.tables import ContentError
from content.understand.result import Route
from content.understand.signs import Signs, load_signs, problems, unsigned

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def signs() -> Signs:
    return load_signs(LIBRARY)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the shared library to spoil."""
    copied = tmp_path / "library"
    shutil.copytree(LIBRARY / SHARED, copied / SHARED)
    shutil.copytree(LIBRARY / "microneedling", copied / "microneedling")
    return copied


def _spoil(library: Path, old: str, new: str) -> None:
    path = library / SHARED / "warning_signs.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@cache
def _contexts(catalog: Catalog) -> list[dict[str, Any]]:
    return list(sample_contexts(catalog.procedure("microneedling"), NOW))


def _said(catalog: Catalog, language: str, wording: str) -> list[str]:
    return [catalog.warning(language, wording, context) for context in _contexts(catalog)]


def test_file_wordings_and_names_agree_in_every_language(catalog: Catalog, signs: Signs) -> None:
    assert problems(catalog, signs) == []


def test_every_sign_has_a_wording_in_every_language(catalog: Catalog, signs: Signs) -> None:
    for language in catalog.languages:
        for wording in {signs.wording(key) for key in signs.signs}:
            assert all(text.strip() for text in _said(catalog, language, wording))


def test_every_emergency_gives_the_number_in_its_first_paragraph(
    catalog: Catalog, signs: Signs
) -> None:
    pressing = {sign.wording for sign in signs.signs.values() if sign.level is Route.EMERGENCY}
    for language in catalog.languages:
        for wording in pressing:
            for text in _said(catalog, language, wording):
                first = text.strip().split("\n\n")[0]
                assert "999" in first or "112" in first


@pytest.mark.parametrize(("language", "kind"), [("en", "so painful"), ("es", "muy doloroso")])
def test_a_patient_in_despair_gets_a_kind_sentence_and_the_crisis_line(
    catalog: Catalog, signs: Signs, language: str, kind: str
) -> None:
    texts = _said(catalog, language, signs.wording("self_harm"))

    assert all(kind in text.split("\n\n")[0] for text in texts)
    assert any("Samaritans, 116 123" in text for text in texts)


def test_every_sign_says_where_it_comes_from(signs: Signs) -> None:
    for sign in signs.signs.values():
        assert all(signs.sources[source].title for source in sign.sources)


def test_signs_that_nobody_signed_are_noted(signs: Signs) -> None:
    assert "warning_signs.toml" in unsigned(signs)[0]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('level = "emergency"', 'level = "grave"', "sign.breathing.level is 'grave'"),
        ('wording = "emergency_breathing"', 'wording = "nowhere"', "names 'nowhere'"),
        ('"cant_swallow"', '"cant_swalow"', "names the list 'cant_swalow'"),
        ('"throat + closing"', '"throat plus closing"', "has 'throat plus closing'"),
        ('"nhs_gloucestershire"', '"hearsay"', "names 'hearsay'"),
        ('grade = "A"', 'grade = "E"', "sign.breathing.grade is 'E'"),
        ('past = "past_episode"', 'past = "yesterday"', "names 'yesterday'"),
        ("eases = true", "eases = 1", "expected true or false"),
        ("from_hours = 60", "from_hours = -1", "expected hours since the treatment"),
        ("[sign.breathing]", "[sign.breathing]\ncolour = 'red'", "breathing.colour is not known"),
        ("[sign.breathing]", "[sign.breathing", "warning_signs.toml"),
    ],
)
def test_a_slip_in_the_file_is_named_with_its_place(
    library: Path, old: str, new: str, expected: str
) -> None:
    _spoil(library, old, new)

    with pytest.raises(ContentError) as caught:
        load_signs(library)

    assert "warning_signs.toml" in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[lists]\nlips = 'lip'", "lists.lips is 'lip'; expected a list of words"),
        ("[lists]\nlips = ['']", "lists.lips has ''"),
        ("[cues]\nmaybe = ['perhaps']", "cues.maybe is not known"),
        ("[unit]\nday = ['day']", "unit is not known"),
        ("[numbers]\nfive = 'V'", "numbers.five is 'V'; expected a number"),
    ],
)
def test_a_slip_in_a_word_list_is_named_with_its_place(
    library: Path, text: str, expected: str
) -> None:
    (library / SHARED / "lexicon" / "nl.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ContentError) as caught:
        load_signs(library)

    assert "nl.toml" in str(caught.value)
    assert expected in str(caught.value)


def test_a_wording_that_one_language_lacks_is_reported(library: Path) -> None:
    (library / SHARED / "es" / "warnings" / "urgent_eye.j2").unlink()

    found = problems(Catalog(library), load_signs(library))

    assert any("es/warnings/urgent_eye.j2" in line for line in found)


def test_an_emergency_without_its_number_is_reported(library: Path) -> None:
    path = library / SHARED / "en" / "warnings" / "emergency_eye.j2"
    path.write_text("Go to a doctor.", encoding="utf-8")

    found = problems(Catalog(library), load_signs(library))

    assert any("en/warnings/emergency_eye.j2" in line for line in found)


def test_a_sign_without_a_name_for_staff_is_reported(library: Path) -> None:
    path = library / SHARED / "es" / "words.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("self_harm = ", "self_hurt = ", 1), encoding="utf-8")

    found = problems(Catalog(library), load_signs(library))

    assert any("sign.self_harm is missing" in line for line in found)
