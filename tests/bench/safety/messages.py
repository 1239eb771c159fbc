"""The messages of the bench and what is expected of each."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SETS = ("dev", "tune", "unseen")
COLUMNS = ("id", "language", "level", "topics", "day", "text")
LEVELS = ("emergency", "urgent", "contact", "routine", "offtopic")
FIRST_HOURS = 6.0
"""What stands for the day of the treatment."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message with what it should come to.

    Attributes:
        id: Its name.
        language: An ISO code.
        level: One of `LEVELS`.
        topics: Any of these is right; off-topic messages may carry the mark `dose` or `injection`.
        hours_since: Hours since the treatment, or None.
        text: What the patient typed.
    """

    id: str
    language: str
    level: str
    topics: frozenset[str]
    hours_since: float | None
    text: str


def read_set(name: str, folder: Path = FOLDER) -> list[Message]:
    """Return the messages of every file of a set, such as `tune_en.tsv` and `tune_es.tsv`.

    Raises:
        ValueError: Naming the file and the line that is not as expected.
    """
    return [message for path in sorted(folder.glob(f"{name}*.tsv")) for message in _read_file(path)]


def _read_file(path: Path) -> list[Message]:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tuple(next(rows, ())) != COLUMNS:
            raise ValueError(f"{path.name}: expected the columns {', '.join(COLUMNS)}")
        return [_message(row, f"{path.name} line {number}") for number, row in enumerate(rows, 2)]


def _message(row: list[str], place: str) -> Message:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{place}: {len(row)} columns; expected {len(COLUMNS)}")
    key, language, level, topics, day, text = row
    if level not in LEVELS:
        raise ValueError(f"{place}: the level is {level!r}; expected one of {', '.join(LEVELS)}")
    return Message(key, language, level, frozenset(topics.split("|")), _hours(day, place), text)


def _hours(day: str, place: str) -> float | None:
    if not day:
        return None
    if not day.isdigit():
        raise ValueError(f"{place}: the day is {day!r}; expected a whole number or nothing")
    return float(day) * 24 + 12 if int(day) else FIRST_HOURS
