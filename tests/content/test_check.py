"""The content check: each kind of mistake is told with its file and what was expected."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from content.catalog import LIBRARY
from content.check import Report, check
from content.grade import grade
from tests.fakes.library import Library, small_library

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
TOPIC = "peel/en/topics/makeup.j2"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path)


def errors(library: Library) -> list[str]:
    return check(library.folder, now=NOW).errors


def test_a_sound_library_passes_and_says_that_nobody_has_signed(library: Library) -> None:
    report = check(library.folder, now=NOW)
    assert report.errors == []
    assert report.rendered > 0
    assert report.notes == [
        "peel/procedure.toml: edition 1 of 2026-11-22 is not yet reviewed by a clinician"
    ]


def test_a_signed_library_has_no_note(library: Library) -> None:
    library.change(
        "peel/procedure.toml",
        "date = 2026-11-22",
        'date = 2026-11-22\nreviewed_by = "Dr Reyes"\nreviewed_on = 2026-11-23',
    )
    assert check(library.folder, now=NOW).notes == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Call {{ clinc.phone }}.", f"{TOPIC}: 'clinc' is undefined; expected a name templates"),
        ("One\n{% if day %}", f"{TOPIC}:2: Unexpected end of template"),
        ("{{ day / 0 }}", f"{TOPIC}: division by zero"),
        ("{{ 'now' | day_name }}", f"{TOPIC}: day_name()"),
        ("<p>Rest.</p>", f"{TOPIC}: <p> is not a tag that Telegram knows"),
        ("Rest. " * 700, f"{TOPIC}: it is 4199 units long, Telegram takes 4096"),
        (
            "Subsequent epidermal regeneration necessitates conscientious photoprotection.",
            f"{TOPIC}: reading grade",
        ),
    ],
)
def test_a_mistake_in_a_text_names_the_file(library: Library, text: str, told: str) -> None:
    library.write(TOPIC, text)
    assert any(error.startswith(told) for error in errors(library))


def test_spanish_is_not_measured_by_the_english_grade(library: Library) -> None:
    library.write("peel/es/topics/makeup.j2", "Fotoprotección concienzuda necesariamente.")
    assert errors(library) == []


def test_a_mistake_that_only_some_patients_would_meet_is_found(library: Library) -> None:
    library.write(TOPIC, "{% if hours > 400 %}{{ gone }}{% endif %}Rest.")
    assert errors(library) == [f"{TOPIC}: 'gone' is undefined; expected a name templates know"]


def test_a_topic_cannot_use_a_name_that_only_a_screen_is_given(library: Library) -> None:
    library.write(TOPIC, "Ask {{ ref }}.")
    library.write("_shared/en/screens/hello.j2", "You are {{ ref }}.")
    assert errors(library) == [f"{TOPIC}: 'ref' is undefined; expected a name templates know"]


def test_a_text_that_one_language_lacks_is_named(library: Library) -> None:
    library.path("_shared/es/screens/hello.j2").unlink()
    library.path("peel/es/steps/morning.j2").unlink()
    assert errors(library) == [
        "_shared/es/screens/hello.j2 is missing; another language has it",
        (
            "peel/es/steps/morning.j2: no template peel/es/steps/morning.j2; "
            "expected one for steps/morning"
        ),
    ]


def test_a_word_that_one_language_lacks_is_named(library: Library) -> None:
    library.change("_shared/es/words.toml", 'done = "Hecho"\n', "")
    library.change("_shared/es/words.toml", 'makeup = "Makeup"\n', "")
    assert set(errors(library)) == {
        "_shared/es/words.toml: button.done is missing; another language has it",
        "peel/es/words.toml: topic.makeup is missing; expected a word",
    }


def test_a_button_that_telegram_would_refuse_is_named(library: Library) -> None:
    long = "a" * 60
    library.change("peel/procedure.toml", "[topics.makeup]", f"[topics.{long}]\n[topics.makeup]")
    found = errors(library)
    assert f"peel: topic {long!r} makes a button of over 64 bytes" in found


def test_a_broken_manifest_is_one_line_and_not_a_traceback(library: Library) -> None:
    library.change("peel/procedure.toml", "hours = 24", "hours = 240")
    (error,) = errors(library)
    assert "procedure.toml: rules.makeup.hours is 240; expected 6 to 72" in error


def test_a_clinics_own_words_are_looked_at_too(library: Library, tmp_path: Path) -> None:
    report = check(library.folder, tmp_path / "nowhere", now=NOW)
    assert "nowhere is not a folder" in report.errors[0]


def test_a_slip_in_a_clinics_own_words_names_its_file(library: Library, tmp_path: Path) -> None:
    own = tmp_path / "own"
    for name, text in (
        ("riverside/peel/en/topics/makeup.j2", "Call {{ clnic.phone }}."),
        ("riverside/peel/en/topics/tea.j2", "Nobody asks."),
        ("riverside/peel/de/topics/makeup.j2", "Niemand liest das."),
    ):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, encoding="utf-8")
    found = sorted(check(library.folder, own, now=NOW).errors)
    assert found[0].startswith("riverside/peel/de/topics/makeup.j2: is never read; expected")
    assert found[1].startswith("riverside/peel/en/topics/makeup.j2: 'clnic' is undefined")
    assert found[2].startswith("riverside/peel/en/topics/tea.j2: is never read; expected")


@pytest.mark.parametrize("label", ["<b>Makeup</b>", " ", "Makeup, lashes and brows " * 4])
def test_a_label_that_no_button_can_carry_is_named(library: Library, label: str) -> None:
    library.change("_shared/en/words.toml", 'makeup = "Makeup"', f'makeup = "{label}"')
    assert any("en/words.toml: topic.makeup is" in error for error in errors(library))


def test_broken_warning_signs_are_one_line(library: Library) -> None:
    library.change("_shared/warning_signs.toml", 'level = "urgent"', 'level = "red"')
    assert any("warning_signs.toml: sign.pus.level is 'red'" in e for e in errors(library))


def test_examples_without_a_model_built_from_them_ask_for_a_build(library: Library) -> None:
    examples = library.folder / "peel" / "en" / "examples"
    examples.mkdir()
    (examples / "makeup.txt").write_text("can i wear makeup\n", encoding="utf-8")
    assert any(
        "knowledge.npz is missing; run: aftercare content build" in e for e in errors(library)
    )


def test_an_example_in_two_levels_is_one_line(library: Library) -> None:
    for place in ("peel/en/examples/makeup.txt", "_shared/examples/urgent/en.txt"):
        path = library.folder / place
        path.parent.mkdir(parents=True)
        path.write_text("can i wear makeup\n", encoding="utf-8")
    assert any("is both routine and urgent; expected one level" in e for e in errors(library))


def test_reading_grade_rises_with_long_words_and_leaves_commands_out() -> None:
    assert grade("<b>Rest today.</b>\nWash your face with cool water.") < 3
    assert grade("Rest today. /timezone") == grade("Rest today.")
    assert grade("Immediate photoprotection necessitates occlusive moisturisation.") > 10


@pytest.fixture(scope="module")
def whole() -> Report:
    return check(LIBRARY, now=NOW)


def test_the_library_that_patients_read_is_sound(whole: Report) -> None:
    assert whole.errors == []
    assert whole.rendered > 1000


def test_nobody_has_signed_the_library_yet_and_it_says_so(whole: Report) -> None:
    assert any("microneedling/procedure.toml" in note for note in whole.notes)
