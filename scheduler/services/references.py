"""A list of patients' references, from a file or typed, and which of them a clinic knows.

A file is a CSV or a text in UTF-8 with one reference a line; of several columns it is the one
whose header says so, else the first.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from scheduler.services.enrolment import LONGEST_REFERENCE
from scheduler.services.segment import SegmentError, fold, of_names
from scheduler.store import candidates

MOST_BYTES = 1_000_000
MOST_NAMES = 20_000
HEADERS = frozenset({"reference", "references", "ref", "patient", "patient_id", "id", "referencia"})
"""What the column of references may be called, without capitals."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A list held against a clinic's patients.

    Attributes:
        found: How many of its references are known.
        unknown: Those that are not, as they were written.
        condition: The list as a broadcast keeps it, the known and the unknown ones.
    """

    found: int
    unknown: tuple[str, ...]
    condition: str


def in_file(content: bytes) -> list[str]:
    """Return the references in a file as they are written there, each once.

    Raises:
        SegmentError: If it is too big, no text, no CSV, or holds no references.
    """
    if len(content) > MOST_BYTES:
        raise SegmentError("the list is over 1 MB; expected one reference a line", "list_big")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SegmentError("the list is no text in UTF-8; save it as CSV UTF-8", "list_binary")
    return _sound(_column(_rows(text)))


def typed(text: str) -> list[str]:
    """Return the references that somebody typed: in lines, or with commas between them.

    Raises:
        SegmentError: If there are none, too many, or one is too long.
    """
    return _sound(re.split(r"[\n,;\t]", text))


def match(db: Database, clinic_id: int, names: Sequence[str]) -> Matched:
    """Return which of the references are those of a clinic's patients."""
    known = set(map(fold, candidates.names(db, clinic_id)))
    unknown = tuple(name for name in names if fold(name) not in known)
    return Matched(len(names) - len(unknown), unknown, of_names(names))


def _rows(text: str) -> list[list[str]]:
    """Return the rows of a CSV; spreadsheets write semicolons in many countries."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
    )
    try:
        return [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise SegmentError(
            f"line {reader.line_num} of the list is not CSV: {error}", "list_malformed"
        ) from None


def _column(rows: list[list[str]]) -> list[str]:
    """Return the column of references; a lone row is a list of them."""
    if not rows:
        return []
    header = ["_".join(fold(cell).split()) for cell in rows[0]]
    place = next((at for at, name in enumerate(header) if name in HEADERS), None)
    if place is not None:
        return [row[place] for row in rows[1:] if place < len(row)]
    return rows[0] if len(rows) == 1 else [row[0] for row in rows]


def _sound(names: Sequence[str]) -> list[str]:
    once: dict[str, str] = {}
    for name in names:
        once.setdefault(fold(name), " ".join(name.split()))
    kept = [name for key, name in once.items() if key]
    if not kept:
        raise SegmentError(
            "the list of references is empty; expected one reference a line", "list_empty"
        )
    if len(kept) > MOST_NAMES:
        raise SegmentError(f"the list has over {MOST_NAMES} references", "list_big")
    for name in kept:
        if len(name) > LONGEST_REFERENCE or not name.isprintable():
            raise SegmentError(
                f"{name[:LONGEST_REFERENCE]!r} in the list is no reference; "
                f"expected one of at most {LONGEST_REFERENCE} characters a line",
                "list_malformed",
            )
    return kept
