"""Moments as people say them: "tomorrow 14:30", "in 5 hours", in the language of the reader.

Babel knows the languages' calendars; this module only decides how much to say. All of it is
pure: what is "today" follows from the `now` that the caller gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_day_names

_WEEK = 7
_HOURS_SAID_AS_HOURS = 72  # people say "72 hours" but "7 days"
_NO_LARGER_UNIT = 10_000  # Babel changes to weeks or months above this many


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant seen from where the reader is.

    Attributes:
        at: The instant, aware, in the reader's zone.
        now: The reader's present, aware, in the same zone.
    """

    at: datetime
    now: datetime

    @property
    def days_away(self) -> int:
        """How many local dates lie between now and the moment; negative if it is past."""
        return (self.at.date() - self.now.date()).days

    @property
    def over(self) -> bool:
        """Whether the moment has come."""
        return self.at <= self.now


@dataclass(frozen=True, slots=True)
class Wait:
    """A rule as it stands for one patient, or in general when no treatment time is known.

    Attributes:
        key: The rule.
        hours: Its length.
        ends: The end of the wait, if the treatment time is known.
    """

    key: str
    hours: float
    ends: Moment | None = None

    @property
    def state(self) -> Literal["unknown", "running", "over"]:
        """Where the patient stands in it."""
        if self.ends is None:
            return "unknown"
        return "over" if self.ends.over else "running"


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    """Return what Babel knows of a language; to look it up costs more than to use it."""
    return Locale.parse(language)


def clock_time(at: datetime, language: str) -> str:
    """Return the wall time, such as `14:30`."""
    return str(format_time(at, "HH:mm", locale=_locale(language)))


def day_name(moment: Moment, language: str, relative: Mapping[int, str], far: str) -> str:
    """Return the day as a person would say it.

    Args:
        moment: The moment and the reader's present.
        language: A language code Babel knows.
        relative: Words for days near now, by their distance: `{0: "today", 1: "tomorrow"}`.
        far: The date pattern for days more than a week away, such as `EEEE d MMMM`.

    Returns:
        A relative word, a weekday within a week, else a date with its weekday.
    """
    if moment.days_away in relative:
        return relative[moment.days_away]
    if abs(moment.days_away) < _WEEK:
        return str(get_day_names("wide", locale=_locale(language))[moment.at.weekday()])
    return str(format_date(moment.at, far, locale=_locale(language)))


def distance(moment: Moment, language: str) -> str:
    """Return roughly how far away the moment is, such as `in 5 hours` or `2 days ago`.

    It is rounded, so it always stands beside the exact moment and never alone.
    """
    delta = moment.at - moment.now
    if abs(delta) < timedelta(minutes=1):
        delta = timedelta(minutes=1) if delta > timedelta() else timedelta(minutes=-1)
    return str(
        format_timedelta(
            delta, granularity="minute", threshold=1.5, add_direction=True, locale=_locale(language)
        )
    )


def length(hours: float, language: str) -> str:
    """Return the length of a wait, such as `24 hours` or `7 days`."""
    whole_days = hours > _HOURS_SAID_AS_HOURS and hours % 24 == 0
    return str(
        format_timedelta(
            timedelta(hours=hours),
            granularity="day" if whole_days else "hour",
            threshold=_NO_LARGER_UNIT,
            locale=_locale(language),
        )
    )


def opening_hours(weekdays: Iterable[int], opens: time, closes: time, language: str) -> str:
    """Return when people answer, such as `Mon-Fri 09:00-18:00`; weekdays are ISO numbers."""
    names = get_day_names("abbreviated", locale=_locale(language))
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    said = ", ".join(
        "-".join(str(names[day - 1]) for day in dict.fromkeys((run[0], run[-1]))) for run in runs
    )
    return f"{said} {opens:%H:%M}-{closes:%H:%M}"
