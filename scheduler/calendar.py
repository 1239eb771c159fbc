"""An appointment as a calendar file (RFC 5545): what a phone's calendar can take up and replace.

It names the clinic and the time, and not what for: families and employers share calendars.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event

LENGTH = timedelta(hours=1)
"""Calendars need an end to draw something; a clinic does not tell how long it takes."""


def calendar_file(
    *,
    ref: str,
    session_id: int,
    moves: int,
    starts_at: datetime,
    title: str,
    phone: str,
    now: datetime,
) -> bytes:
    """Return the file of one appointment.

    Args:
        ref: The patient's public reference, which makes the event's name unique in the world.
        session_id: The appointment.
        moves: How often it was moved: a higher number replaces what a calendar holds.
        starts_at: When it begins, aware.
        title: What the calendar shows.
        phone: The clinic's number, for the notes of the event.
        now: The present instant.
    """
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, f"aftercare:{ref}:{session_id}")))
    event.add("sequence", moves)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", starts_at.astimezone(UTC) + LENGTH)
    event.add("summary", title)
    if phone:
        event.add("description", phone)
    calendar = Calendar()
    calendar.add("prodid", "-//Aftercare//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
