"""One process answers for all clinics: no clinic's own template keeps the others waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content.catalog import LIBRARY, Catalog
from content.check import check
from content.folder import OwnFolder
from content.limits import MOST_DEPTH, MOST_WORK, ROUNDS, refuse_more
from content.model import ClinicVoice
from content.render import MOST_RENDERED, build_environment
from content.tables import ContentError
from content.telegram_html import MAX_UNITS
from tests.fakes.clock import TUESDAY_2PM
from tests.fakes.library import Library, small_library

OURS = "riverside/peel/en/topics/makeup.j2"
CLINIC = ClinicVoice("Riverside", "1", "999")
MACROS = """\
{% set near = "soon" %}
{% macro can(doing) %}You can {{ doing }}.{% endmacro %}
"""
IMPORT = '{% from "_shared/en/macros.j2" import can %}'

TOO_MUCH = {
    "loop in a loop": "{% for a in [1, 2] %}{% for b in [1, 2] %}x{% endfor %}{% endfor %}",
    "eight loops": "{% for a in 'xxxxxxxxxx' %}" * 8 + "{% endfor %}" * 8 + "Wait.",
    "loop in a loop's choice": (
        "{% for a in [1] %}{% if a %}{% for b in [1] %}{% endfor %}{% endif %}{% endfor %}"
    ),
    "loop over a text": "{% for a in 'xxxxxxxxxx' %}x{% endfor %}",
    "loop over what was set": "{% set a = 'xxxx' %}{% for b in a %}x{% endfor %}",
    "loop over a long list": f"{{% for a in {[1] * (ROUNDS + 1)} %}}x{{% endfor %}}",
    "loop over a part": "{% for a in clinic.name[0:] %}x{% endfor %}",
    "loop that calls itself": "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "set in a loop": "{% for a in [1, 2] %}{% set b = a %}{% endfor %}",
    "doubling in a loop": (
        "{% set ns = namespace(x='xx') %}{% for i in [1] %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
    ),
    "doubling": "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 26 + "{{ a }}",
    "doubling by lists": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 26 + "{{ a }}",
    "doubling by macros": IMPORT + "{% set a = 'x' %}" + "{% set a = can(a) %}" * 9,
    "doubling by choices": "{% set a = 'x' %}{% set a = (a ~ a) if a else a %}",
    "putting together in a loop": "{% for a in [1, 2] %}{{ a ~ a }}{% endfor %}",
    "adding in a loop": "{% for a in [1, 2] %}{{ a + a }}{% endfor %}",
    "range": "{% for a in range(9) %}x{% endfor %}",
    "range alone": "{{ range(9) }}",
    "lipsum": "{{ lipsum(n=20000) }}",
    "cycler": "{{ cycler('a').next() }}",
    "joiner": "{% set a = joiner(',') %}{{ a() }}",
    "dict": "{{ dict(a=1) }}",
    "self": "{{ self }}",
    "macro": "{% macro m() %}{% endmacro %}x",
    "call": IMPORT + "{% call can('x') %}x{% endcall %}",
    "block": "{% block a %}x{% endblock %}",
    "block set": "{% set a %}x{% endset %}x",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "with": "{% with a = 1 %}x{% endwith %}",
    "autoescape": "{% autoescape false %}{{ clinic.name }}{% endautoescape %}",
    "safe": "{{ clinic.name|safe }}",
    "center": "{{ 'x'|center(300000000) }}",
    "center of a text": "{{ 'x'.center(300000000) }}",
    "ljust": "{{ 'x'.ljust(300000000) }}",
    "rjust": "{{ 'x'.rjust(300000000) }}",
    "zfill": "{{ 'x'.zfill(300000000) }}",
    "expandtabs": "{{ '\t'.expandtabs(300000000) }}",
    "format": "{{ '%300000000d'|format(1) }}",
    "format of a text": "{{ '{:300000000d}'.format(1) }}",
    "indent": "{{ 'x'|indent(300000000, true) }}",
    "wordwrap": "{{ 'x'|wordwrap(1) }}",
    "batch": "{{ [1]|batch(3000000, 'x') }}",
    "slice": "{{ [1]|slice(3000000) }}",
    "xmlattr": "{{ {'a': 1}|xmlattr }}",
    "attr": "{{ clinic|attr('name') }}",
    "map": "{{ [clinic]|map(attribute='name')|first }}",
    "replace": "{{ 'xxx'|replace('x', 'xxx')|replace('x', 'xxx') }}",
    "join": "{{ 'xxxx'|join('xxxx')|join('xxxx') }}",
    "round": "{{ 1.5|round(1000000000, 'floor') }}",
    "round of something": "{{ 1.5|round(day) }}",
    "power": "{{ 9 ** 9 }}",
    "a name made of a macro": IMPORT + "{% set can = 'x'.center %}{{ can(300000000) }}",
    "a loop's name made of a macro": IMPORT + "{% for can in ['x'.center] %}{{ can(9) }}"
    "{% endfor %}",
    "a text of the library": (
        '{% import "_shared/en/macros.j2" as m %}{{ m.near.center(300000000) }}'
    ),
    "many arguments": IMPORT + "{{ can(*clinic.name) }}",
    "include of its own": f"{{% include '{OURS}' %}}",
    "include of another clinic": "{% include 'hilltop/peel/en/topics/makeup.j2' %}",
    "include of a name": "{% include clinic.name %}",
    "include of several": "{% include ['a.j2', '_shared/en/macros.j2'] %}",
    "import of its own": f"{{% from '{OURS}' import x %}}",
    "extends": "{% extends '_shared/en/screens/hello.j2' %}",
    "pieces": "{{day}}" * MOST_WORK,
    "pieces in a loop": "{% for a in [1] %}" + "{{ a }}" * MOST_WORK + "{% endfor %}",
    "long texts walked through": "{% set a = 'xxxx' %}" + "{% if a|upper|lower %}{% endif %}" * 99,
    "title": "{{ clinic.name|title }}",
    "depth": "{{ " + "not " * MOST_DEPTH + "day }}",
    "depth of choices": "{% if day %}" * MOST_DEPTH + "{% endif %}" * MOST_DEPTH,
}  # fmt: skip

NESTED = {
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "nots": "{{ " + "not " * 4000 + "1 }}",
    "choices": "{% if day %}" * 700 + "{% endif %}" * 700,
    "filters": "{{ day" + "|abs" * 3000 + " }}",
    "parts": "{{ day" + ".a" * 5000 + " }}",
}

HONEST = {
    "text": "Ask Rosa first.",
    "names": "Call <b>{{ clinic.name }}</b>: {{ clinic.phone }}.",
    "choices": "{% if known and day >= 2 %}Wait.{% elif not known %}Rest.{% else %}Ask.{% endif %}",
    "waits": "{{ 'Wait.' if wait.makeup.state == 'running' else 'Now.' }}",
    "set": "{% set free = clinic.open_now %}{% if free %}Call.{% else %}Ask.{% endif %}",
    "set of a set": "{% set a = day + 1 %}{% set b = a + 1 if a else 0 %}Day {{ b }}.",
    "reckoning": "Day {{ day + 1 }}, {{ (hours / 24)|round(1) }}, {{ [day, 0]|max }}.",
    "filters": "{{ clinic.name|upper|trim|default('us') }}{{ clinic.hours|default('', true) }}.",
    "loop": "{% for day in [1, 3, 7] %}Day {{ day }}{{ '' if loop.last else ', ' }}{% endfor %}.",
    "loop over names": "{% for rule in wait %}{{ rule }} {% endfor %}.",
    "put together": IMPORT + "{{ can('wear ' ~ clinic.name) }}",
    "macros": IMPORT + "{% set said = can('rest') %}{{ said }} {{ can(doing='wait') }}",
    "whole file of macros": '{% import "_shared/en/macros.j2" as m %}{{ m.can("rest") }}',
    "a piece of the library": '{% include "_shared/en/red_flags.j2" %}',
    "the library's answer and a line more": '{% include "peel/en/topics/makeup.j2" %}\n\nAsk Rosa.',
    "note": "{# for Rosa #}{% raw %}{{ }}{% endraw %} is said.",
    "as long as Telegram takes": "{{ '' }}" + "x" * MAX_UNITS,
}  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = small_library(tmp_path / "library")
    for language in ("en", "es"):
        made.write(f"_shared/{language}/macros.j2", MACROS)
        made.write(f"_shared/{language}/red_flags.j2", "Call us.")
    return made


@pytest.fixture
def own(tmp_path: Path) -> Library:
    folder = Library(tmp_path / "own")
    folder.write("hilltop/peel/en/topics/makeup.j2", "Ask Bea first.")
    return folder


def errors(library: Library, own: Library) -> list[str]:
    return check(library.folder, own.folder, now=TUESDAY_2PM).errors


@pytest.mark.parametrize("template", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_multiplies_is_refused_before_it_is_compiled_with_file_and_line(
    library: Library, own: Library, template: str
) -> None:
    own.write(OURS, f"Wait.\n{template}")
    with pytest.raises(ContentError) as error:
        Catalog(library.folder, own.folder).topic(
            "peel", "en", "makeup", {"clinic": CLINIC, "day": 2}, clinic="riverside"
        )
    told = str(error.value)
    assert told.startswith(f"{OURS}:2: ")
    assert "; expected " in told
    assert "\n" not in told
    assert errors(library, own) == [told]


@pytest.mark.parametrize("template", NESTED.values(), ids=NESTED.keys())
def test_what_is_nested_beyond_measure_is_one_line_about_the_file(
    library: Library, own: Library, template: str
) -> None:
    own.write(OURS, template)
    (error,) = errors(library, own)
    assert error.startswith(OURS)
    assert "; expected " in error


@pytest.mark.parametrize("template", HONEST.values(), ids=HONEST.keys())
def test_what_a_clinics_words_need_goes_on_working(
    library: Library, own: Library, template: str
) -> None:
    own.write(OURS, template)
    found = [told for told in errors(library, own) if "reading grade" not in told]
    assert found == []


def answers() -> Iterator[Path]:
    for kind in ("topics", "steps", "cards"):
        yield from sorted(LIBRARY.glob(f"*/*/{kind}/*.j2"))


def test_a_clinic_may_begin_with_any_answer_of_the_library(catalog: Catalog) -> None:
    names = {path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.j2")}
    looked_at = 0
    for path in answers():
        tree = catalog.environment.parse(path.read_text(encoding="utf-8"))
        refuse_more(tree, path.name, names)
        looked_at += 1
    assert looked_at > 200


def test_every_name_of_the_limits_is_one_that_texts_can_use(catalog: Catalog) -> None:
    """A filter that Jinja does not have would be offered in vain."""
    with pytest.raises(ContentError, match="expected one of") as error:
        refuse_more(catalog.environment.parse("{{ day|join }}"), "a.j2", ())
    offered = str(error.value).partition("expected one of ")[2].split(", ")
    assert set(offered) <= catalog.environment.filters.keys()


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ clinic.name }}" * 3, f"is 4499 units long, Telegram takes {MAX_UNITS}"),
        ("{% for a in clinic.name %}{{ clinic.name }}{% endfor %}", "is too long"),
    ],
)
def test_a_text_that_grows_too_long_for_some_patient_is_stopped_before_telegram_refuses_it(
    library: Library, own: Library, template: str, told: str
) -> None:
    own.write(OURS, template)
    catalog = Catalog(library.folder, own.folder)
    context = {"clinic": ClinicVoice("Riverside Skin " * 100, "1", "999")}
    with pytest.raises(ContentError, match=told) as error:
        catalog.topic("peel", "en", "makeup", context, clinic="riverside")
    assert str(error.value).startswith(OURS)


def test_a_long_text_is_given_up_early_and_not_when_it_is_whole(
    library: Library, own: Library
) -> None:
    own.write(OURS, "{% for a in wait %}" + "x" * 99 + "{% endfor %}")
    catalog = Catalog(library.folder, own.folder)
    taken = iter(range(10 * MOST_RENDERED))
    with pytest.raises(ContentError, match="too long"):
        catalog.topic("peel", "en", "makeup", {"wait": taken}, clinic="riverside")
    assert next(taken) * 99 < 2 * MOST_RENDERED


@pytest.mark.parametrize("failure", [MemoryError(), RecursionError("too deep")])
def test_the_check_goes_on_when_a_text_needs_too_much_memory(
    library: Library, own: Library, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(OURS, "Ask {{ clinic.name|capitalize }}.")
    own.write("town/peel/en/topics/makeup.j2", "{{ gone }}")

    def capitalize(_: str) -> str:
        raise failure

    def failing(folders: Sequence[Path], own: OwnFolder | None) -> ImmutableSandboxedEnvironment:
        environment = build_environment(folders, own)
        environment.filters["capitalize"] = capitalize
        return environment

    monkeypatch.setattr("content.catalog.build_environment", failing)
    ours, towns = errors(library, own)
    assert ours.startswith(OURS)
    assert len(ours) > len(OURS) + 5
    assert towns.startswith("town/")


def test_no_number_grows_without_end(catalog: Catalog) -> None:
    grown = "{% set a = 999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}"
    with pytest.raises(TemplateError):
        catalog.environment.from_string(grown).render()


@pytest.mark.parametrize("template", ["{{ range(9) }}", NESTED["parts"]])
def test_a_refused_text_is_looked_through_once_however_many_ask_for_it(
    library: Library, own: Library, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(OURS, template)
    catalog = Catalog(library.folder, own.folder)
    read = OwnFolder.read
    opened = []

    def counted(folder: OwnFolder, parts: Sequence[str]) -> bytes | None:
        opened.append(parts)
        return read(folder, parts)

    monkeypatch.setattr(OwnFolder, "read", counted)
    told = set()
    for _ in range(3):
        with pytest.raises(ContentError) as error:
            catalog.topic("peel", "en", "makeup", {}, clinic="riverside")
        told.add(str(error.value))
    assert len(told) == len(opened) == 1
