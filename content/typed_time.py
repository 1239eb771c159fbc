"""A day and an hour as a person types them: "tomorrow 10:00", "24 Nov 9:30", "el lunes a las 10".

It reads what is said in full and refuses what could mean two days, since a date that is guessed
wrong goes out to everybody. The words of a language come from its table `typed`, the names of days
and months from Babel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from babel import Locale

from content.letters import bare

Problem = Literal["unclear", "no_hour", "no_such_time", "two_days"]

NOON = 12
CENTURY = 2000
YEARS = range(CENTURY, CENTURY + 100)

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2}))?(?:\.|\b)(?!:)")
_CLOCK = re.compile(r"\b(\d{1,2})(?::(\d{2})|h(\d{2})?)(?![:\d])\s*(am|pm)?\b")
_HALF_DAY = re.compile(r"\b(\d{1,2})\s*(am|pm)\b")
_LONE = re.compile(r"\b(\d{1,2})\b")


class TypedTimeError(Exception):
    """What was typed is no day and hour; `problem` says in one word why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem: Problem = problem


@dataclass(frozen=True, slots=True)
class _Names:
    """The days and months of a language, folded, and the words around them."""

    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    words: Mapping[str, tuple[str, ...]]


def typed_time(
    text: str, now: datetime, language: str, words: Mapping[str, Any]
) -> tuple[date, time]:
    """Return the local day and wall time that somebody typed.

    Args:
        text: What was typed.
        now: The present, aware, in the zone that is meant.
        language: A language code Babel knows.
        words: The table `typed` of that language: lists such as `tomorrow`, `am` and `filler`.

    Returns:
        A day and an hour, the next that fit; they may lie in the past if the day was given.

    Raises:
        TypedTimeError: If it is not understood, lacks the hour, does not exist or is ambiguous.
    """
    names = _names(language, words)
    left = re.sub(r"(\d)t(\d)", r"\1 \2", _folded(text))
    for mark in ("am", "pm", "noon"):
        for phrase in names.words[mark]:
            left = re.sub(rf"(?<![a-z]){re.escape(phrase)}(?![a-z])", _PLAIN[mark], left)
    day, left = _day(left, now, language, names)
    wall, left = _wall(left, alone=day is not None)
    for filler in names.words["filler"]:
        left = re.sub(rf"\b{re.escape(filler)}\b", " ", left)
    if left.strip(" ,."):
        raise TypedTimeError("unclear")
    if wall is None:
        raise TypedTimeError("no_hour" if day is not None else "unclear")
    if isinstance(day, int):  # a weekday: the next one whose hour has not come
        ahead = (day - now.weekday()) % 7
        ahead += 7 if ahead == 0 and wall <= now.time() else 0
        return now.date() + timedelta(days=ahead), wall
    return day or now.date(), wall


_PLAIN = {"am": "am", "pm": "pm", "noon": "12:00"}


def _folded(text: str) -> str:
    """Return a text without capitals, accents and line breaks."""
    return " ".join(bare(text.casefold()).split())


def _names(language: str, words: Mapping[str, Any]) -> _Names:
    locale = Locale.parse(language)
    weekdays = _cut(locale.days["format"]["wide"])
    months = _cut(locale.months["format"]["wide"])
    folded = {key: tuple(_folded(word) for word in found) for key, found in words.items()}
    return _Names(weekdays, months, folded)


def _cut(names: Mapping[int, str]) -> dict[str, int]:
    """Return names as people write them, in full or cut short, each with its number."""
    return {
        _folded(name)[:letters]: number
        for number, name in names.items()
        for letters in (3, 4, None)
    }


def _day(text: str, now: datetime, language: str, names: _Names) -> tuple[date | int | None, str]:
    """Take the day out of a text: a date, a weekday's number, or None if none is named."""
    for ahead, key in ((2, "day_after"), (1, "tomorrow"), (0, "today")):
        for word in names.words[key]:
            if found := re.search(rf"\b{re.escape(word)}\b", text):
                return now.date() + timedelta(days=ahead), _without(text, found)
    if found := _ISO.search(text):
        return _date(*map(int, found.groups())), _without(text, found)
    if found := _named_month(text, names):
        month = names.months[found["month"]]
        number = int(found["before"] or found["after"])
        return _coming(found["year"], month, number, now), _without(text, found)
    if found := _NUMBERS.search(text):
        first, mark, second, year = found.groups()
        number, month = _order(int(first), mark, int(second), language)
        return _coming(year, month, number, now), _without(text, found)
    for name in sorted(names.weekdays, key=len, reverse=True):
        if found := re.search(rf"\b{re.escape(name)}\b\.?", text):
            return names.weekdays[name], _without(text, found)
    return None, text


def _named_month(text: str, names: _Names) -> re.Match[str] | None:
    """Return where a month stands by its name, with the day before or after it."""
    months = "|".join(sorted(map(re.escape, names.months), key=len, reverse=True))
    before = (
        rf"\b(?P<before>\d{{1,2}})(?:st|nd|rd|th|\.)?\s*(?:of |de )?\s*(?P<month>{months})\b\.?"
    )
    after = rf"\b(?P<month>{months})\b\.?\s*(?P<after>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:h])"
    year = r"(?:,?\s*(?:de |del )?(?P<year>\d{4})\b)?"
    none = r"(?P<{}>(?!))?"
    return re.search(before + year + none.format("after"), text) or re.search(
        after + year + none.format("before"), text
    )


def _order(first: int, mark: str, second: int, language: str) -> tuple[int, int]:
    """Return day and month of two numbers; English writes a slash both ways round."""
    if mark != "/" or language != "en" or first == second:
        return first, second
    if first <= NOON and second <= NOON:
        raise TypedTimeError("two_days")
    return (second, first) if second > NOON else (first, second)


def _coming(year: str | None, month: int, day: int, now: datetime) -> date:
    """Return a date; one without a year is the next that is not over."""
    if year:
        return _date(int(year) + (CENTURY if int(year) < 100 else 0), month, day)  # noqa: PLR2004
    for ahead in _years(now.year):
        try:
            found = date(ahead, month, day)
        except ValueError:
            continue
        if found >= now.date():
            return found
    raise TypedTimeError("no_such_time")


def _years(first: int) -> Iterator[int]:
    return iter(range(first, first + 5))  # a 29 February comes within them


def _date(year: int, month: int, day: int) -> date:
    if year not in YEARS:
        raise TypedTimeError("no_such_time")
    try:
        return date(year, month, day)
    except ValueError:
        raise TypedTimeError("no_such_time") from None


def _wall(text: str, *, alone: bool) -> tuple[time | None, str]:
    """Take the hour out of a text; a number that stands alone is one if a day was named."""
    if found := _CLOCK.search(text):
        hour, minute, after_h, half = found.groups()
        return _time(int(hour), int(minute or after_h or 0), half), _without(text, found)
    if found := _HALF_DAY.search(text):
        return _time(int(found[1]), 0, found[2]), _without(text, found)
    if alone and (found := _LONE.search(text)):
        return _time(int(found[1]), 0, None), _without(text, found)
    return None, text


def _time(hour: int, minute: int, half: str | None) -> time:
    if half is not None:
        if not 1 <= hour <= NOON:
            raise TypedTimeError("no_such_time")
        hour = hour % NOON + (NOON if half == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise TypedTimeError("no_such_time") from None


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
