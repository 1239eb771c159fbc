"""Whether every language has the same words and texts, and whether they fit on a button."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from content.catalog import SHARED, Catalog
from content.model import Procedure

TABLES = (
    "button", "command", "level", "ago", "city", "language", "opt_out", "desk", "time", "mark",
    "media", "refusal",
)  # fmt: skip
"""The interface words that every language has alike."""

BUTTON_BYTES = 64
"""What Telegram carries behind a button."""

BUTTON_LETTERS = 64
"""More do not stand on a button of a phone."""


def words_missing(catalog: Catalog, procedure: Procedure) -> list[str]:
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


def unfit_labels(catalog: Catalog) -> list[str]:
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


def languages_apart(catalog: Catalog) -> list[str]:
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
