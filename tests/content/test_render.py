"""Templates are edited by clinics: a slip is an error, and nothing they write can break out."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateError, TemplateNotFound, UndefinedError
from jinja2.exceptions import SecurityError

from content.render import build_environment, render


def said(folder: Path, template: str, **context: object) -> str:
    (folder / "text.j2").write_text(template, encoding="utf-8")
    return render(build_environment([folder]), ["text.j2"], context)


def test_a_misspelt_name_is_an_error_and_not_a_gap(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="'clnic' is undefined"):
        said(tmp_path, "Call {{ clnic.phone }}.", clinic={"phone": "1"})


def test_what_comes_from_outside_is_escaped(tmp_path: Path) -> None:
    assert said(tmp_path, "<b>{{ name }}</b>", name="<i>A & B</i>") == (
        "<b>&lt;i&gt;A &amp; B&lt;/i&gt;</b>"
    )


def test_jinja_in_a_value_stays_text(tmp_path: Path) -> None:
    assert said(tmp_path, "{{ name }}", name="{{ 7 * 7 }}{% raw %}") == "{{ 7 * 7 }}{% raw %}"


@pytest.mark.parametrize(
    "template",
    ["{{ name.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ items.append(1) }}"],
)
def test_a_template_cannot_leave_the_sandbox(tmp_path: Path, template: str) -> None:
    with pytest.raises(SecurityError):
        said(tmp_path, template, name="Ana", items=[])


@pytest.mark.parametrize(
    "template", ["{{ 'x' * 1000000000 }}", "{{ [1] * 9 }}", "{{ 9 ** 9 }}", "{{ '%99d' % 1 }}"]
)
def test_a_template_cannot_make_something_huge_of_something_small(
    tmp_path: Path, template: str
) -> None:
    with pytest.raises(SecurityError):
        said(tmp_path, template)


def test_a_template_can_reckon(tmp_path: Path) -> None:
    assert said(tmp_path, "{{ 2 * 3 }} {{ 7 % 2 }} {{ 7 // 2 }}") == "6 1 3"


def test_a_broken_template_says_where(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as error:
        said(tmp_path, "One\n{% if day %}\nTwo")
    assert error.value.lineno == 3  # type: ignore[attr-defined]


def test_an_earlier_folder_hides_a_later_one(tmp_path: Path) -> None:
    for name in ("own", "library"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.j2").write_text(name, encoding="utf-8")
    environment = build_environment([tmp_path / "own", tmp_path / "library"])
    assert render(environment, ["missing.j2", "a.j2"], {}) == "own"
    with pytest.raises(TemplateNotFound):
        render(environment, ["missing.j2"], {})


def test_ragged_lines_and_gaps_are_tidied(tmp_path: Path) -> None:
    assert said(tmp_path, "\n\n  One  \n\n\n \n  Two\n  Three \n\n") == "One\n\nTwo\nThree"
