"""The library as a whole: what is looked up and inherited, and a clinic's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from content.catalog import Catalog
from content.model import ClinicVoice
from content.tables import ContentError
from content.view import standing_in_general, view
from tests.fakes.library import Library, small_library

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
CLINIC = ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path / "library")


def test_a_phone_set_to_mexican_spanish_gets_spanish(catalog: Catalog) -> None:
    assert catalog.language("es-MX") == "es"
    assert catalog.language("ES_419") == "es"


@pytest.mark.parametrize("tag", [None, "", "de", "eng", "zh-hans"])
def test_a_language_we_do_not_have_becomes_english(catalog: Catalog, tag: str | None) -> None:
    assert catalog.language(tag) == "en"


def test_an_unknown_procedure_is_answered_with_those_that_there_are(library: Library) -> None:
    with pytest.raises(ContentError, match=r"no procedure 'peeel'; expected one of peel"):
        Catalog(library.folder).procedure("peeel")


def test_a_missing_word_is_named_with_its_file_and_key(library: Library) -> None:
    words = Catalog(library.folder).words("es")
    assert words("button", "done") == "Hecho"
    assert words.table("city") == {}
    with pytest.raises(ContentError, match=r"es/words\.toml: button\.later is missing"):
        words("button", "later")


def test_an_empty_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"no procedure found; expected <name>/procedure.toml"):
        Catalog(tmp_path)


def test_a_clinics_folder_that_is_not_there_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="nowhere is not a folder"):
        Catalog(library.folder, tmp_path / "nowhere")


def test_a_clinic_says_it_in_its_own_words_and_only_for_its_own_patients(
    library: Library, tmp_path: Path
) -> None:
    own = tmp_path / "own" / "riverside" / "peel" / "en" / "topics" / "makeup.j2"
    own.parent.mkdir(parents=True)
    own.write_text("At Riverside we say: two days.", encoding="utf-8")
    catalog = Catalog(library.folder, tmp_path / "own")
    assert "two days" in catalog.topic("peel", "en", "makeup", {}, clinic="riverside")
    assert "Wait a day" in catalog.topic("peel", "en", "makeup", {}, clinic="hilltop")
    assert "Wait a day" in catalog.topic("peel", "es", "makeup", {}, clinic="riverside")


def test_a_procedure_that_extends_another_uses_its_templates(library: Library) -> None:
    library.write(
        "body_peel/procedure.toml",
        'extends = "peel"\n[review]\nversion = "1"\ndate = 2026-11-22\n',
    )
    library.write("body_peel/en/steps/morning.j2", "Cover your legs.")
    catalog = Catalog(library.folder)
    assert catalog.lineage("body_peel") == ["body_peel", "peel"]
    assert catalog.step("body_peel", "en", "morning", {}) == "Cover your legs."
    assert catalog.step("body_peel", "es", "morning", {}) == "Keep out of the sun."
    assert catalog.card("body_peel", "en", "today", {"day": 2}) == "<b>Day 2</b>"


def test_a_topic_without_a_template_names_the_file_that_is_missing(library: Library) -> None:
    library.path("peel/es/topics/makeup.j2").unlink()
    with pytest.raises(ContentError, match=r"no template peel/es/topics/makeup\.j2"):
        Catalog(library.folder).topic("peel", "es", "makeup", {})


def test_the_version_tells_every_changed_word_apart(library: Library, tmp_path: Path) -> None:
    before = Catalog(library.folder).version
    assert Catalog(library.folder).version == before
    library.change("peel/en/steps/morning.j2", "Keep out", "Stay out")
    assert Catalog(library.folder).version != before
    (tmp_path / "own").mkdir()
    unchanged = Catalog(library.folder, tmp_path / "own").version
    (tmp_path / "own" / "note.j2").write_text("ours", encoding="utf-8")
    assert Catalog(library.folder, tmp_path / "own").version != unchanged


def test_screens_and_warnings_name_the_clinic(library: Library) -> None:
    catalog = Catalog(library.folder)
    assert catalog.screen("en", "hello", {"clinic": CLINIC}) == "Hello. Ask +44 20 7946 0018."
    assert catalog.warning("es", "urgent", {}) == "Call us now."


def test_every_word_of_the_library_is_there_in_both_languages(catalog: Catalog) -> None:
    assert catalog.languages == ("en", "es")
    english, spanish = catalog.words("en"), catalog.words("es")
    for table in ("button", "command", "topic", "rule", "step", "city", "opt_out", "level"):
        assert english.table(table).keys() == spanish.table(table).keys(), table


def test_a_message_to_many_says_what_it_has_to_know(library: Library) -> None:
    library.write("_shared/en/broadcasts/sun.j2", "Ask {{ clinic.name }} by {{ next_session }}.")
    catalog = Catalog(library.folder)
    assert catalog.broadcasts == ("sun",)
    assert catalog.broadcast_needs("sun") == {"clinic", "next_session"}
    said = catalog.broadcast("en", "sun", {"clinic": CLINIC, "next_session": "Friday"})
    assert said == "Ask Riverside Skin by Friday."
    with pytest.raises(ContentError, match="no broadcast 'moon'; expected one of"):
        catalog.broadcast_needs("moon")


def test_patients_read_the_librarys_words_where_their_clinics_own_cannot_be_used(
    tmp_path: Path,
) -> None:
    own = tmp_path / "riverside" / "microneedling" / "en" / "topics"
    own.mkdir(parents=True)
    (own / "makeup.j2").write_text("{% for a in [1] %}{% for b in [1] %}{% endfor %}{% endfor %}")
    (own / "alcohol.j2").write_text("{{ clinic.nmae }}")
    (own / "swimming.j2").write_text("{{ clinic.name / 2 }}")
    (own / "sleeping.j2").write_text("{% if %}")
    catalog, told = Catalog(overrides=tmp_path), list[str]()
    context = view(
        standing_in_general(catalog.procedure("microneedling"), now=NOW, zone=UTC), CLINIC
    )

    def said(key: str, clinic: str = "riverside") -> str:
        return catalog.topic("microneedling", "en", key, context, clinic=clinic)

    broken = ("makeup", "alcohol", "swimming", "sleeping")
    for key in broken:
        with pytest.raises(Exception, match=r"\w"):
            said(key)
    catalog.told = told.append
    assert [said(key) for key in broken] == [said(key, clinic="") for key in broken]
    assert [line.partition(" is not used: ")[0] for line in told] == [
        f"riverside/…/en/topics/{key}.j2" for key in broken
    ]
