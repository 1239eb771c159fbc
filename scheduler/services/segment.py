"""Who a broadcast is for: conditions that all have to hold.

A condition is written `key` or `key=value`, the same in the shell and in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from content.catalog import Catalog

EXPECTED = (
    "all, procedure=KEY, area=KEY, day=A-B, session=DAYS, no_session, language=CODE "
    "or references=FILE.csv"
)
MOST_DIGITS = 4


class SegmentError(Exception):
    """A condition cannot be understood; the text says what was expected.

    Attributes:
        reason: The same in one word, for those who are told in their own language.
    """

    def __init__(self, text: str, reason: str = "gone") -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, taken apart.

    Attributes:
        key: What is looked at.
        value: What it has to be, as written.
        span: The first and last day, for those that count days.
        names: The references, for a list of them.
    """

    key: str
    value: str
    span: tuple[int, int] = (0, 0)
    names: frozenset[str] = frozenset()


def parse(catalog: Catalog, texts: Sequence[str]) -> tuple[str, ...]:
    """Return conditions in their one way of writing; none means everybody.

    Raises:
        SegmentError: If one is not a condition, or names what the library does not have.
    """
    return tuple(dict.fromkeys(_parsed(catalog, text.strip()) for text in texts)) or ("all",)


def read(segments: Sequence[str]) -> tuple[Condition, ...]:
    """Return conditions ready to be held against many patients."""
    return tuple(_condition(segment) for segment in segments)


def named(conditions: Sequence[Condition]) -> frozenset[str]:
    """Return the references that the conditions name, folded; empty if they name none."""
    return frozenset().union(*(condition.names for condition in conditions))


def unknown(conditions: Sequence[Condition], names: Collection[str]) -> frozenset[str]:
    """Return the references that the conditions name and no patient has."""
    listed = named(conditions)
    return listed - set(map(fold, names)) if listed else listed


def fold(reference: str) -> str:
    """Return a reference without capitals, stray spaces and the comma that parts a list."""
    return " ".join(reference.casefold().replace(",", " ").split())


def of_names(names: Sequence[str]) -> str:
    """Return the condition that names these patients; raises `SegmentError` if there are none."""
    folded = sorted({fold(name) for name in names} - {""})
    if not folded:
        raise SegmentError("the list of references is empty; expected one reference a line")
    return f"references={','.join(folded)}"


def _parsed(catalog: Catalog, text: str) -> str:
    key, separator, value = (part.strip() for part in text.partition("="))
    match key:
        case "all" | "no_session" if not separator:
            return key
        case "procedure" | "area" | "language":
            return f"{key}={_known(key, value, _choices(catalog)[key])}"
        case "day" | "session":
            first, last = _span(key, value)
            return f"{key}={first}-{last}"
        case "references" if value:
            return of_names(value.split(","))
    raise SegmentError(f"{text!r} is not a segment; expected {EXPECTED}")


def _choices(catalog: Catalog) -> Mapping[str, Collection[str]]:
    return {
        "procedure": tuple(catalog.procedures),
        "area": tuple(
            dict.fromkeys(area for known in catalog.procedures.values() for area in known.areas)
        ),
        "language": catalog.languages,
    }


def _known(key: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise SegmentError(f"there is no {key} {value!r}; expected one of {', '.join(choices)}")
    return value


def _span(key: str, value: str) -> tuple[int, int]:
    """Return the first and last of `3-10`; a lone `5` is that day, or within that many days."""
    first, separator, last = value.partition("-")
    if not separator:
        first, last = ("0" if key == "session" else value), value
    if not (_few_digits(first) and _few_digits(last)) or int(first) > int(last):
        raise SegmentError(f"{key}={value!r} is not a span of days; expected such as {key}=3-10")
    return int(first), int(last)


def _few_digits(text: str) -> bool:
    return text.isdecimal() and len(text) <= MOST_DIGITS


def _condition(segment: str) -> Condition:
    key, _, value = segment.partition("=")
    if key in ("day", "session"):
        return Condition(key, value, span=_span(key, value))
    names = frozenset(value.split(",")) if key == "references" else frozenset()
    return Condition(key, value, names=names)
