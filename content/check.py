"""The content linter: renders everything for sample patients and reports what nobody may see.

It fails on an unknown variable, a missing translation, a tag that Telegram refuses, a text over
Telegram's limit, English above grade 6, a button over 64 bytes; manifests check themselves when
they are read. Every error names the file and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, UndefinedError

from content.catalog import Catalog
from content.grade import GRADE, grade
from content.inventory import Text, library_texts, own_texts, render
from content.samples import Samples
from content.tables import ContentError
from content.telegram_html import problems
from content.understand import model_problem
from content.understand import signs as warning_signs
from content.vocabulary import languages_apart, unfit_labels, words_missing

_SLIPS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError,
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
        report.errors += words_missing(catalog, procedure)
    report.errors += languages_apart(catalog)
    report.errors += unfit_labels(catalog)
    _signs(catalog, report)
    report.errors += filter(None, [model_problem(library)])
    samples = Samples(catalog, now)
    for text in (*library_texts(catalog), *own_texts(catalog, report.errors)):
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


def _look(
    catalog: Catalog, text: Text, contexts: Iterable[Mapping[str, Any]], report: Report
) -> None:
    seen: set[str] = set()
    for context in contexts:
        try:
            said = render(catalog, text, context)
        except UndefinedError as error:
            report.errors.append(f"{text.file}: {error.message}; expected a name templates know")
            return
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            place = f"{text.file}:{line}" if line else text.file
            report.errors.append(f"{place}: {error.message}")
            return
        except ContentError as error:
            told = str(error)
            report.errors.append(told if text.file in told.split(":") else f"{text.file}: {told}")
            return
        except _SLIPS as error:
            report.errors.append(f"{text.file}: {str(error) or 'it needs too much memory'}")
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
