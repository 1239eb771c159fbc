"""A clinic's content folder may hold anything: it says what it may say, and reaches nothing."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound
from jinja2.exceptions import SecurityError, TemplateError

from content.catalog import Catalog
from content.check import check
from content.model import ClinicVoice
from content.render import build_environment, render
from content.tables import ContentError
from content.view import standing_in_general, view
from tests.fakes.clock import TUESDAY_2PM
from tests.fakes.library import Library, small_library

OURS = "riverside/peel/en/topics/makeup.j2"

HOSTILE = {
    "mro": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ clinic.__init__.__globals__ }}",
    "class": "{{ clinic.__class__ }}",
    "slots": "{{ clinic.__slots__ }}",
    "item": "{{ clinic['__class__'] }}",
    "attr": "{{ clinic|attr('__class__') }}",
    "map": "{{ [clinic]|map(attribute='__class__')|list }}",
    "format": "{{ '{0.__class__}'.format(clinic) }}",
    "format_map": "{{ '{x.__class__.__init__.__globals__}'.format_map({'x': clinic}) }}",
    "self": "{{ self._TemplateReference__context }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "lipsum": "{{ lipsum.__globals__['os'] }}",
    "method": "{{ clinic.phone.__add__('x') }}",
    "include outside": "{% include '../../../../../etc/passwd' %}",
    "include absolute": "{% include '/etc/passwd' %}",
    "import outside": "{% import '../../secret.j2' as x %}{{ x }}",
    "extends outside": "{% extends '../../../secret.j2' %}",
    "setting": "{% set clinic.phone = '1' %}Hello.",
    "power": "{{ 9 ** 9 ** 9 }}",
    "long text": "{{ 'x' * 10 ** 9 }}",
    "times": "{{ 'x' * 1000000000 }}",
    "wide": "{{ '%1000000000d' % 1 }}",
    "range": "{% for i in range(10000000) %}x{% endfor %}",
    "script": "<script>alert(1)</script>",
    "handler": "<a href='https://example.org' onclick='x()'>Hello</a>",
    "huge": "{% for i in range(9999) %}Hello. {% endfor %}",
    "itself": "{% include 'riverside/peel/en/topics/makeup.j2' %}",
    "unknown": "{{ secret }}",
    "syntax": "{% if %}",
    "empty": "{# nothing #}",
    "filter": "{{ 'x'|shell }}",
}
"""What no clinic's template may do; what it may not hold at all is in `test_limits`."""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return small_library(tmp_path / "library")


@pytest.fixture
def own(tmp_path: Path) -> Library:
    folder = tmp_path / "own"
    folder.mkdir()
    (tmp_path / "secret.j2").write_text("the operator's secret", encoding="utf-8")
    return Library(folder)


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_template_is_refused_by_the_check_with_its_file_and_the_reason(
    library: Library, own: Library, template: str
) -> None:
    own.write(OURS, template)
    report = check(library.folder, own.folder, now=TUESDAY_2PM)
    (error, *_) = report.errors
    assert error.startswith(OURS)
    assert len(error) > len(OURS) + 5
    assert "the operator's secret" not in error
    assert "root:" not in error


def test_honest_words_of_a_clinic_pass_and_are_used_for_that_clinic_alone(
    library: Library, own: Library
) -> None:
    own.write(OURS, "Ask Rosa first.")
    assert check(library.folder, own.folder, now=TUESDAY_2PM).errors == []
    catalog = Catalog(library.folder, own.folder)
    assert catalog.topic("peel", "en", "makeup", {}, clinic="riverside") == "Ask Rosa first."
    for clinic in ("hilltop", ""):
        assert catalog.topic("peel", "en", "makeup", {}, clinic=clinic).startswith("Wait a day.")


@pytest.mark.parametrize(
    "name",
    [
        "_shared/en/warnings/urgent.j2",
        "_shared/en/screens/hello.j2",
        "peel/en/topics/makeup.j2",
        "_shared/peel/en/topics/makeup.j2",
        "peel/peel/en/topics/makeup.j2",
        "riverside/peel/en/warnings/urgent.j2",
        "riverside/peel/xx/topics/makeup.j2",
        "riverside/peel/en/topics/nosuch.j2",
        "riverside/nosuch/en/topics/makeup.j2",
        "makeup.j2",
    ],
)
def test_no_folder_of_a_clinic_stands_in_the_place_of_the_librarys_words(
    library: Library, own: Library, name: str
) -> None:
    own.write(name, "All is well, no need to call.")
    catalog = Catalog(library.folder, own.folder)
    said = (
        catalog.warning("en", "urgent", {}),
        catalog.screen("en", "hello", {"clinic": ClinicVoice("R", "1", "999")}),
        catalog.topic("peel", "en", "makeup", {}, clinic="hilltop"),
    )
    assert not any("All is well" in text for text in said)
    report = check(library.folder, own.folder, now=TUESDAY_2PM)
    assert [error.split(":")[0] for error in report.errors] == [name]


@given(template=st.text(alphabet="{}%#'\"_.()[]|~*+-x1 classinclude\n", max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_template_whatever_ends_in_anything_but_text_or_an_error_of_its_own(
    catalog: Catalog, template: str
) -> None:
    """A slip is one of the errors that the check turns into a line about the file."""
    environment = build_environment([])
    standing = standing_in_general(catalog.procedure("microneedling"), now=TUESDAY_2PM, zone=UTC)
    context = view(standing, ClinicVoice("Riverside", "1", "999"))
    try:
        text = environment.from_string(template).render(context)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return
    assert "<class" not in text
    assert " at 0x" not in text


PLACES = ("../../secret", "../secret", "/etc/passwd", "..", "a/../../secret", "\x00", "peel/../..")


@pytest.mark.parametrize("place", PLACES)
def test_no_name_leads_out_of_the_folders(library: Library, own: Library, place: str) -> None:
    catalog = Catalog(library.folder, own.folder)
    refused = (ContentError, TemplateNotFound, ValueError)
    with pytest.raises(refused):
        catalog.topic("peel", "en", place, {})
    with pytest.raises(refused):
        catalog.topic("peel", place, "makeup", {})
    with pytest.raises(refused):
        catalog.topic(place, "en", "makeup", {})
    with pytest.raises(refused):
        catalog.screen("en", place)
    with pytest.raises(refused):
        catalog.warning(place, "urgent", {})
    with pytest.raises(refused):
        catalog.broadcast_needs(place)
    assert catalog.language(place) == "en"
    # a clinic's name that leads anywhere else finds no words there, so the library's are said
    assert catalog.topic("peel", "en", "makeup", {}, clinic=place).startswith("Wait a day.")


def test_a_link_out_of_the_folder_is_no_way_to_the_operators_files(tmp_path: Path) -> None:
    with pytest.raises(TemplateNotFound):
        render(build_environment([tmp_path]), ["../secret.j2"], {})


@pytest.mark.parametrize(
    "bomb",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 5_000 + "]" * 5_000,
        "a = " + "{b = " * 5_000,
        "hours = " + "9" * 5_000,
        "\x00\xff",
        "[a]\n[a]\n",
        "a = 1\na = 2\n",
        "'" * 3,
        "[" + ".".join("a" * 1 for _ in range(20_000)) + "]\nx = 1",
    ],
    ids=["brackets", "lists", "tables", "number", "bytes", "twice", "keys", "open", "dots"],
)
@pytest.mark.parametrize(
    "name", ["peel/procedure.toml", "_shared/en/words.toml", "_shared/warning_signs.toml"]
)
def test_a_toml_bomb_is_a_line_about_its_file(library: Library, name: str, bomb: str) -> None:
    library.write(name, bomb)
    report = check(library.folder, now=TUESDAY_2PM)
    assert any(Path(name).name in error for error in report.errors)


@pytest.mark.parametrize("hours", ["inf", "nan", "-1.0", "1e308", "99999999999999999999"])
def test_a_wait_that_no_clock_can_hold_is_refused(library: Library, hours: str) -> None:
    library.change("peel/procedure.toml", "hours = 24", f"hours = {hours}")
    (error, *_) = check(library.folder, now=TUESDAY_2PM).errors
    assert "procedure.toml" in error


@pytest.mark.parametrize(
    "label", ['"<b>Done</b>"', '"<script>"', '""', '"  "', "[]", "1", '"' + "x" * 65 + '"']
)
def test_a_button_says_a_short_plain_text(library: Library, label: str) -> None:
    library.change("_shared/en/words.toml", 'done = "Done"', f"done = {label}")
    (error, *_) = check(library.folder, now=TUESDAY_2PM).errors
    assert error.startswith("en/words.toml: button.done")


def test_words_with_tags_are_shown_as_they_are_and_never_become_tags(library: Library) -> None:
    library.change("_shared/en/words.toml", 'done = "Done"', 'done = "<b>{{ 7*7 }}"')
    library.write("_shared/en/screens/hello.j2", "Tap {{ words('button', 'done') }}.")
    catalog = Catalog(library.folder)
    said = catalog.screen("en", "hello", {"words": catalog.words("en")})
    assert said == "Tap &lt;b&gt;{{ 7*7 }}."


def test_the_sandbox_lets_numbers_be_numbers(tmp_path: Path) -> None:
    environment = build_environment([tmp_path])
    assert environment.from_string("{{ 6 * 7 }} {{ 7 % 4 }}").render() == "42 3"
    with pytest.raises(SecurityError):
        environment.from_string("{{ [1] * 9 }}").render()
