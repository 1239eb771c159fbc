"""Buttons to choose a time, a day or a wait from, so that nobody has to type one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from bot.staff.desk import Desk
from content.model import Procedure, Rule
from content.moments import Moment, day_name
from scheduler.messenger import Button, Keyboard
from scheduler.services import treated

DAYS_BACK = 7
HOURS = range(7, 22)
SESSION_HOURS = range(8, 20)
SESSION_WEEKS = (2, 3, 4, 5, 6, 8, 10, 12)
COMMON_WAITS = (12.0, 24.0, 48.0, 72.0, 168.0, 336.0)

Data = Callable[[str], str]
"""Makes the data of a button from what it chooses."""


def rows_of(buttons: Sequence[Button], width: int) -> Keyboard:
    """Return buttons in rows of so many."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def times(desk: Desk, data: Data) -> Keyboard:
    """Now, an hour ago, two, this morning, or another day and hour."""
    words = desk.words
    choices = ["now", "h1", "h2"]
    morning = treated.moment("morning", desk.now, desk.clinic.zone)
    if morning is not None and morning < desk.now:
        choices.append("morning")
    buttons = [Button(words("time", choice), data(choice)) for choice in choices]
    return (*rows_of(buttons, 2), (Button(words("time", "pick"), data("pick")),))


def days(desk: Desk, data: Data) -> Keyboard:
    """The last days, today first."""
    today = desk.now.astimezone(desk.clinic.zone).date()
    return rows_of(
        [
            Button(day_label(desk, day), data(day.isoformat()))
            for day in (today - timedelta(days=back) for back in range(DAYS_BACK))
        ],
        2,
    )


def hours(desk: Desk, day: str, data: Data) -> Keyboard:
    """The hours of a day that have begun."""
    buttons = []
    for hour in HOURS:
        at = treated.moment(f"{day}T{hour:02}", desk.now, desk.clinic.zone)
        if at is not None and at <= desk.now:
            buttons.append(Button(f"{hour:02}:00", data(f"{day}T{hour:02}")))
    return rows_of(buttons, 4)


def weeks(desk: Desk, data: Data) -> Keyboard:
    """How many weeks from now the next session is."""
    return rows_of(
        [
            Button(f"{weeks} {desk.words('desk', 'weeks')}", data(f"w{weeks}"))
            for weeks in SESSION_WEEKS
        ],
        4,
    )


def week_days(desk: Desk, ahead: int, data: Data) -> Keyboard:
    """The days of the week that lies so many weeks ahead, from Monday."""
    today = desk.now.astimezone(desk.clinic.zone).date()
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
    return rows_of(
        [
            Button(day_label(desk, day), data(day.isoformat()))
            for day in (monday + timedelta(days=offset) for offset in range(7))
        ],
        2,
    )


def session_hours(day: str, data: Data) -> Keyboard:
    """The half hours of a day on which clinics treat."""
    return rows_of(
        [
            Button(f"{hour:02}:{minute:02}", data(f"{day}T{hour:02}{minute:02}"))
            for hour in SESSION_HOURS
            for minute in (0, 30)
        ],
        4,
    )


def rules(desk: Desk, procedure: Procedure, data: Data) -> Keyboard:
    """Every wait that patients ask about."""
    return rows_of(
        [
            Button(desk.words("rule", rule.key), data(rule.key))
            for rule in procedure.rules.values()
            if rule.asked
        ],
        2,
    )


def waits(desk: Desk, rule: Rule, data: Data) -> Keyboard:
    """The common lengths of a wait that lie within its range."""
    lengths = sorted(
        {
            rule.least,
            rule.hours,
            rule.most,
            *(hours for hours in COMMON_WAITS if rule.least <= hours <= rule.most),
        }
    )
    return rows_of(
        [
            Button(f"{hours:g} {desk.words('desk', 'hours')}", data(f"{hours:g}"))
            for hours in lengths
        ],
        3,
    )


def day_label(desk: Desk, day: date) -> str:
    """Return a day as a button says it: today, yesterday, or its weekday and date."""
    now = desk.now.astimezone(desk.clinic.zone)
    at = now.replace(year=day.year, month=day.month, day=day.day, hour=12, fold=0)
    near = {
        0: desk.words("time", "today"),
        1: desk.words("time", "tomorrow"),
        -1: desk.words("time", "yesterday"),
    }
    moment = Moment(at, now)
    if moment.days_away in near:
        return near[moment.days_away]
    return f"{day_name(Moment(at, at + timedelta(days=30)), desk.language, {}, 'EEE d MMM')}"
