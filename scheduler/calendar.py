"""Appointments as a calendar file (RFC 5545): what a phone's calendar can take up and replace.

An appointment names the clinic and the time, and not what for: families and employers share
calendars. The waits of a plan have names, so they come only when the patient asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from icalendar import Event

LENGTH = timedelta(hours=1)
"""Calendars need an end to draw something; a clinic does not tell how long it takes."""

MOMENT = timedelta(minutes=15)
"""So long is drawn what is only a moment, such as the end of a wait."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a calendar.

    Attributes:
        name: What it is, unique in the world; the same name replaces what a calendar holds.
        starts_at: When it begins, aware.
        title: What the calendar shows.
        note: What stands with it, such as the clinic's number; may be empty.
        lasts: How long it is drawn.
        moves: How often it was moved: a higher number replaces a lower one.
    """

    name: str
    starts_at: datetime
    title: str
    note: str = ""
    lasts: timedelta = LENGTH
    moves: int = 0


def calendar_file(entries: Iterable[Entry], now: datetime) -> bytes:
    """Return the file with some entries, written at an instant."""
    from icalendar import Calendar  # noqa: PLC0415  (0.1 s of a start that may need none)

    calendar = Calendar()
    calendar.add("prodid", "-//Aftercare//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        calendar.add_component(_event(entry, now))
    return bytes(calendar.to_ical())


def _event(entry: Entry, now: datetime) -> Event:
    from icalendar import Event  # noqa: PLC0415

    begins = entry.starts_at.astimezone(UTC)
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, f"aftercare:{entry.name}")))
    event.add("sequence", entry.moves)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", begins)
    event.add("dtend", begins + entry.lasts)
    event.add("summary", entry.title)
    if entry.note:
        event.add("description", entry.note)
    return event
