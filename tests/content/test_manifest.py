"""A slip in a manifest comes back as one line: the file, the key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.catalog import Catalog
from content.manifest import read_procedure
from content.model import Procedure
from content.tables import ContentError, read_toml
from tests.fakes.library import Library, small_library

MANIFEST = "peel/procedure.toml"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path)


def read(library: Library, **parents: Procedure) -> Procedure:
    return read_procedure(library.path("peel"), parents)


def test_a_sound_manifest_becomes_a_procedure(library: Library) -> None:
    peel = read(library)
    assert peel.key == "peel"
    assert peel.rules["makeup"].hours == 24
    assert peel.step("morning").day == 1
    assert peel.areas == ("face",)
    assert not peel.review.signed
    with pytest.raises(KeyError):
        peel.step("evening")


def test_a_clinician_signs_with_a_name_and_a_day(library: Library) -> None:
    library.change(
        MANIFEST,
        "date = 2026-11-22",
        'date = 2026-11-22\nreviewed_by = "Dr Reyes"\nreviewed_on = 2026-11-23',
    )
    assert read(library).review.signed


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hours = 24", "hours = 24 hours", "procedure.toml: "),
        ("hours = 24", 'hours = "24"', "rules.makeup.hours is '24'; expected a number"),
        ("hours = 24", "hours = true", "rules.makeup.hours is True; expected a number"),
        ("hours = 24", "hours = 96", "rules.makeup.hours is 96; expected 6 to 72"),
        ("hours = 24\n", "", "rules.makeup.hours is missing; expected a number"),
        ("hours = 24", "hours = 24\nhuors = 2", "rules.makeup.huors is not known; expected one of"),
        ('topic = "makeup"', 'topic = "make_up"', "rules.makeup.topic names 'make_up'"),
        (
            'most = 72\ntopic = "makeup"\nsources = ["leaflet"]',
            'most = 72\ntopic = "makeup"',
            "rules.makeup.sources is empty; expected at least one source",
        ),
        (
            'rules = ["makeup"]\nsources = ["leaflet"]',
            'rules = ["makeup"]\nsources = ["flyer"]',
            "topics.makeup.sources names 'flyer', which is not there",
        ),
        ('rules = ["makeup"]', "rules = [1]", "topics.makeup.rules is [1]; expected a list of"),
        ('rules = ["makeup"]', 'rules = ["sun"]', "topics.makeup.rules names 'sun'"),
        ('grade = "C"', 'grade = "E"', "sources.leaflet.grade is 'E'; expected A, B, C or D"),
        ('at = "09:00"', 'at = "9 am"', "step 1.at is '9 am'; expected a time such as 09:00"),
        ('at = "09:00"\n', "", "step 1 (morning): expected either day and at, or rule"),
        ("day = 1", 'day = 1\nrule = "makeup"', "step 1 (morning): expected either day and at"),
        ('covers = ["sunscreen"]', 'covers = ["tea"]', "covers has 'tea'; expected some of"),
        ("date = 2026-11-22", 'date = "soon"', "review.date is 'soon'; expected a date such as"),
        ("merge_minutes = 90", "merge_minutes = 1.5", "merge_minutes is 1.5; expected a whole"),
        ("[pace]", "[pce]", "pace is missing; expected a table"),
        ("areas = [", "area = [", "area is not known; expected one of"),
    ],
)  # fmt: skip
def test_a_slip_names_file_key_and_expectation(
    library: Library, old: str, new: str, told: str
) -> None:
    library.change(MANIFEST, old, new)
    with pytest.raises(ContentError) as error:
        read(library)
    assert str(library.path(MANIFEST)) in str(error.value)
    assert told in str(error.value)


def test_malformed_toml_names_its_line(library: Library) -> None:
    library.change(MANIFEST, "least = 6", "least = = 6")
    with pytest.raises(ContentError, match=r"procedure\.toml.*line 19"):
        read(library)


def test_a_step_that_stands_twice_is_refused(library: Library) -> None:
    text = library.path(MANIFEST).read_text(encoding="utf-8")
    library.write(MANIFEST, text + text[text.index("[[step]]") :])
    with pytest.raises(ContentError, match="step morning stands twice"):
        read(library)


def test_a_plan_without_steps_is_refused(library: Library) -> None:
    text = library.path(MANIFEST).read_text(encoding="utf-8")
    library.write(MANIFEST, text[: text.index("[[step]]")])
    with pytest.raises(ContentError, match="has to extend one that has them"):
        read(library)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"words\.toml is missing"):
        read_toml(tmp_path / "words.toml")
    (tmp_path / "words.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match=r"words\.toml: .*decode"):
        read_toml(tmp_path / "words.toml")


def test_toml_that_is_nested_without_end_or_holds_a_monstrous_number_is_one_line(
    tmp_path: Path,
) -> None:
    for text in ("a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000):
        (tmp_path / "words.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ContentError, match=r"words\.toml: "):
            read_toml(tmp_path / "words.toml")


def test_a_procedure_that_extends_another_inherits_all_but_what_it_says_anew(
    library: Library,
) -> None:
    library.write(
        "scalp_peel/procedure.toml",
        'extends = "peel"\n[review]\nversion = "1"\ndate = 2026-11-22\n'
        '[rules.makeup]\nhours = 48\nleast = 6\nmost = 72\ntopic = "makeup"\n'
        'sources = ["leaflet"]\n',
    )
    peel = read(library)
    scalp = read_procedure(library.path("scalp_peel"), {"peel": peel})
    assert scalp.rules["makeup"].hours == 48
    assert scalp.steps == peel.steps
    assert scalp.pace == peel.pace
    assert scalp.areas == ("face",)
    with pytest.raises(ContentError, match="extends names 'peel'; expected one of"):
        read_procedure(library.path("scalp_peel"), {})


def test_every_wait_of_the_library_has_a_range_and_a_known_source(catalog: Catalog) -> None:
    for procedure in catalog.procedures.values():
        for rule in procedure.rules.values():
            assert 0 <= rule.least <= rule.hours <= rule.most
            assert set(rule.sources) <= set(procedure.sources)
