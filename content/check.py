"""The content linter: renders everything for sample patients and reports what nobody may see.

It fails on an unknown variable, a missing translation, a tag that Telegram refuses, a text over
Telegram's limit, English above grade 6, a button over 64 bytes; manifests check themselves when
they are read. Every error names the file and what was expected.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, UndefinedError

from content.catalog import SHARED, Catalog
from content.manifest import ContentError
from content.model import ClinicVoice, Procedure
from content.moments import Moment
from content.samples import desk, outreach
from content.telegram_html import problems, visible
from content.understand import model_problem
from content.understand import signs as warning_signs
from content.view import Standing, standing_in_general, view

GRADE = 6.0
"""The highest US school grade of an English text (Flesch-Kincaid); the project's own bar."""

TABLES = (
    "button", "command", "level", "ago", "city", "language", "opt_out", "desk", "time", "mark",
    "media",
)  # fmt: skip
"""The interface words that every language has alike."""

SAMPLE_HOURS = (0.5, 4.0, 20.0, 30.0, 50.0, 75.0, 125.0, 200.0, 480.0, 1500.0)
BUTTON_BYTES = 64
BUTTON_LETTERS = 64
"""More do not stand on a button of a phone."""

_SLIPS = (
    ContentError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What a template can raise besides Jinja's own errors."""


@dataclass(slots=True)
class Report:
    """What was found.

    Attributes:
        errors: What has to be mended, one line each.
        notes: What is worth knowing, such as that nobody has signed yet.
        rendered: How many different texts were looked at.
    """

    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rendered: int = 0


@dataclass(frozen=True, slots=True)
class _Text:
    """One template to look at: its file, its language and how to render it."""

    file: str
    language: str
    kind: str
    key: str
    procedure: str = ""
    clinic: str = ""


def check(library: Path, overrides: Path | None = None, *, now: datetime) -> Report:
    """Look at the whole library.

    Args:
        library: The folder of the library.
        overrides: A folder of clinics' own words, if any.
        now: The present instant, for sample patients.

    Returns:
        What was found; never raises for what is wrong in the content.
    """
    report = Report()
    try:
        catalog = Catalog(library, overrides)
    except ContentError as error:
        report.errors.append(str(error))
        return report
    for procedure in catalog.procedures.values():
        if not procedure.review.signed:
            report.notes.append(
                f"{procedure.key}/procedure.toml: edition {procedure.review.version} of "
                f"{procedure.review.date} is not yet reviewed by a clinician"
            )
        report.errors += _words_missing(catalog, procedure)
    report.errors += _screens_apart(catalog)
    report.errors += _labels(catalog)
    _signs(catalog, report)
    report.errors += filter(None, [model_problem(library)])
    samples = _Samples(catalog, now)
    for text in (*_texts(catalog), *_own_texts(catalog, report)):
        _look(catalog, text, samples.of(text), report)
    report.errors = list(dict.fromkeys(report.errors))
    return report


def _signs(catalog: Catalog, report: Report) -> None:
    """Hold the warning signs against their wordings and names in every language."""
    try:
        found = warning_signs.load_signs(catalog.library)
    except ContentError as error:
        report.errors.append(str(error))
        return
    report.errors += warning_signs.problems(catalog, found)
    report.notes += warning_signs.unsigned(found)


def sample_contexts(procedure: Procedure, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what any template sees, for patients at many hours and two kinds of clinic."""
    voices = (
        ClinicVoice("Riverside Skin", "+44 20 7946 0018", "999", "Samaritans, 116 123", "Mon-Fri"),
        ClinicVoice("", "", "112", open_now=False, sunscreen_from_start=True),
    )
    for voice in voices:
        for standing in _standings(procedure, now):
            for asks in ("other", "may", "did", "normal"):
                yield view(standing, voice, asks=asks)


def _standings(procedure: Procedure, now: datetime) -> Iterator[Standing]:
    yield standing_in_general(procedure, now=now, zone=UTC)
    hours = {key: rule.hours for key, rule in procedure.rules.items()}
    for since in SAMPLE_HOURS:
        treated = now - timedelta(hours=since)
        ends = {key: treated + timedelta(hours=length) for key, length in hours.items()}
        yield Standing(now, UTC, treated, ends, hours)


class _Samples:
    """What each kind of template is given when it is said in earnest, and no more than that.

    Only topics hear how a question was put; only the bot's own screens and messages to many are
    given names besides those of the view.
    """

    def __init__(self, catalog: Catalog, now: datetime) -> None:
        self._views = {
            procedure.key: list(sample_contexts(procedure, now))
            for procedure in catalog.procedures.values()
        }
        self._any = min(catalog.procedures)
        self._more = _screen_names(now)

    def of(self, text: _Text) -> Iterator[dict[str, Any]]:
        """Yield the contexts of one template."""
        for context in self._views[text.procedure or self._any]:
            if text.kind != "topics" and context["asks"] != "other":
                continue
            yield {**context, **self._more} if text.kind in ("screens", "broadcasts") else context


def _screen_names(now: datetime) -> dict[str, Any]:
    """Return what the bot's own screens are given besides the view."""
    moment = Moment(now + timedelta(hours=20), now)
    return {
        "version": "2026.1",
        "marketing": True,
        "local_time": "15:42",
        "clinic_name": "Riverside Skin",
        "running": [("Wear makeup", moment)],
        "coming": [(moment, "Day 1")] * 8,
        "asks_dose": False,
        "languages": ["English", "Español"],
        "read_by": moment,
        "way": True,
        "at": moment,
        "until": moment,
        "since": moment,
        "outage": {"late": 12, "skipped": 3, "uncertain": 1},
        "change": "changed",
        "level": "urgent",
        "ref": "R7K2M9QX",
        "procedure": None,
        "hours": 30.0,
        "signs": ["pus"],
        "said": "<b>is this pus</b>",
        "words": lambda table, key: f"{table} {key}",
        **outreach(moment),
        **desk(moment),
    }


def _texts(catalog: Catalog) -> Iterator[_Text]:
    for language in catalog.languages:
        for kind in ("screens", "warnings", "broadcasts"):
            for path in sorted((catalog.library / SHARED / language / kind).glob("*.j2")):
                file = f"{SHARED}/{language}/{kind}/{path.name}"
                yield _Text(file, language, kind, path.stem)
        for procedure in catalog.procedures.values():
            for kind, names in _keys(procedure).items():
                for key in names:
                    file = f"{procedure.key}/{language}/{kind}/{key}.j2"
                    yield _Text(file, language, kind, key, procedure.key)


def _keys(procedure: Procedure) -> dict[str, list[str]]:
    """Return what a procedure has a template for, by the folder it stands in."""
    return {
        "topics": list(procedure.topics),
        "steps": [step.key for step in procedure.steps],
        "cards": ["today"],
    }


def _own_texts(catalog: Catalog, report: Report) -> Iterator[_Text]:
    """Yield the clinics' own words, and report what stands where nobody would read it."""
    for parts in catalog.own():
        file = "/".join(parts)
        match parts:
            case (clinic, key, language, kind, name) if (
                key in catalog.procedures
                and language in catalog.languages
                and Path(name).stem in _keys(catalog.procedures[key]).get(kind, ())
                and not (catalog.library / clinic).exists()
            ):
                yield _Text(file, language, kind, Path(name).stem, key, clinic)
            case _:
                report.errors.append(
                    f"{file}: is never read; expected "
                    "<clinic>/<procedure>/<language>/<topics, steps or cards>/<name>.j2"
                )


def _look(
    catalog: Catalog, text: _Text, contexts: Iterable[Mapping[str, Any]], report: Report
) -> None:
    seen: set[str] = set()
    for context in contexts:
        try:
            said = _render(catalog, text, context)
        except UndefinedError as error:
            report.errors.append(f"{text.file}: {error.message}; expected a name templates know")
            return
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            place = f"{text.file}:{line}" if line else text.file
            report.errors.append(f"{place}: {error.message}")
            return
        except _SLIPS as error:
            report.errors.append(f"{text.file}: {error}")
            return
        if said in seen:
            continue
        seen.add(said)
        report.rendered += 1
        found = [f"{text.file}: {problem}" for problem in problems(said)]
        report.errors += found
        if found:
            continue
        if text.language == "en" and (read := grade(said)) > GRADE:
            report.errors.append(
                f"{text.file}: reading grade {read:.1f}; expected {GRADE:g} or lower"
            )


def _render(catalog: Catalog, text: _Text, context: Mapping[str, Any]) -> str:
    if text.kind == "screens":
        return catalog.screen(text.language, text.key, context)
    if text.kind == "broadcasts":
        return catalog.broadcast(text.language, text.key, context)
    if text.kind == "warnings":
        return catalog.warning(text.language, text.key, context)
    render = {"topics": catalog.topic, "steps": catalog.step, "cards": catalog.card}[text.kind]
    return render(text.procedure, text.language, text.key, context, clinic=text.clinic)


def grade(html: str) -> float:
    """Return the US school grade that English text asks of its reader (Flesch-Kincaid).

    Paragraphs and lines count as sentences; commands such as /today are left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # textstat imports pkg_resources, which warns
        import textstat  # noqa: PLC0415  (two seconds of dictionaries, only for this)

        plain = re.sub(r"/\w+", "", visible(html))
        lines = [line.strip().rstrip(".:;,") for line in plain.splitlines() if line.strip()]
        return float(textstat.flesch_kincaid_grade(". ".join(lines) + "."))


def _words_missing(catalog: Catalog, procedure: Procedure) -> list[str]:
    """Every button needs a word in every language, and its data has to fit."""
    wanted = {
        "topic": list(procedure.topics),
        "rule": list(procedure.rules),
        "step": [step.key for step in procedure.steps],
        "area": list(procedure.areas),
        "procedure": [procedure.key],
    }
    errors = []
    for language in catalog.languages:
        for table, keys in wanted.items():
            known = catalog.words(language).table(table)
            errors += [
                f"{procedure.key}/{language}/words.toml: {table}.{key} is missing; expected a word"
                for key in keys
                if key not in known
            ]
            errors += [
                f"{procedure.key}: {table} {key!r} makes a button of over {BUTTON_BYTES} bytes"
                for key in keys
                if len(f"v1:{table}:{key}".encode()) > BUTTON_BYTES
            ]
    return errors


def _labels(catalog: Catalog) -> list[str]:
    """What stands on a button is a short plain text: Telegram shows its tags as they are."""
    errors = []
    for language in catalog.languages:
        for table in ("button", "topic", "rule"):
            for key, label in catalog.words(language).table(table).items():
                plain = isinstance(label, str) and label.strip() and not re.search("[<>]", label)
                if not plain or len(label) > BUTTON_LETTERS:
                    errors.append(
                        f"{language}/words.toml: {table}.{key} is {str(label)[:40]!r}; expected "
                        f"plain text of 1 to {BUTTON_LETTERS} letters"
                    )
    return errors


def _screens_apart(catalog: Catalog) -> list[str]:
    """Every language has the same texts and the same interface words."""
    errors: list[str] = []
    shared = catalog.library / SHARED
    for kind in ("screens", "warnings", "broadcasts"):
        names = {
            language: {path.name for path in (shared / language / kind).glob("*.j2")}
            for language in catalog.languages
        }
        errors += _gaps(
            names, lambda language, name, kind=kind: f"{SHARED}/{language}/{kind}/{name}"
        )
    for table in TABLES:
        names = {
            language: set(catalog.words(language).table(table)) for language in catalog.languages
        }
        errors += _gaps(
            names,
            lambda language, name, table=table: f"{SHARED}/{language}/words.toml: {table}.{name}",
        )
    return errors


def _gaps(names: Mapping[str, set[str]], place: Any) -> Iterable[str]:
    everything = set().union(*names.values())
    return [
        f"{place(language, name)} is missing; another language has it"
        for language in sorted(names)
        for name in sorted(everything - names[language])
    ]
