"""When an appointment is spoken of: seven days and a day before, and once more. Pure.

Every instant follows from the start, the patient's zone and her quiet hours, so a moved appointment
needs no repair: its notices are made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from scheduler.model import NoticeStage, Session, SessionState
from scheduler.wall_time import QuietHours, at_wall_time

WEEK_STALE = timedelta(days=2)
ASK_AGAIN_AFTER = timedelta(hours=6)
LEAVE_ALONE = timedelta(hours=3)
MISSED_STALE = timedelta(days=3)
GAP_NOTE_AFTER_DAYS = 2
"""The plan itself speaks of the next session when the interval ends; the note comes after it."""

GAP_NOTE_HOUR = 10
GAP_NOTE_STALE = timedelta(days=14)

EXPECTED: frozenset[SessionState] = frozenset({"booked", "confirmed"})
"""The states in which the patient is still expected at the time."""


SETTLES: frozenset[SessionState] = frozenset({"booked", "confirmed", "wants_other_time", "done"})
"""The states in which nobody need hear that nothing is booked, whether it lies ahead or not."""

SAME_VISIT = timedelta(hours=12)
"""An appointment that begins within this of a treatment is the one at which she had it."""


@dataclass(frozen=True, slots=True)
class Due:
    """One message about an appointment.

    Attributes:
        stage: Which one.
        at: When it is to be sent, in UTC.
        stale_at: From when it is not worth sending, in UTC.
    """

    stage: NoticeStage
    at: datetime
    stale_at: datetime


def notices(
    starts_at: datetime,
    *,
    state: SessionState,
    booked_at: datetime,
    zone: tzinfo,
    quiet: QuietHours,
) -> list[Due]:
    """Return what is to be said before an appointment, in order.

    Args:
        starts_at: When it begins, aware.
        state: Where it stands; nothing is said of one that is not expected.
        booked_at: When this start was set; what was due before that is left out.
        zone: Where the patient lives by the clock.
        quiet: Her quiet hours.
    """
    if state not in EXPECTED:
        return []
    local = starts_at.astimezone(zone)
    week = at_wall_time(local.date() - timedelta(days=7), local.time(), zone)
    day = at_wall_time(local.date() - timedelta(days=1), local.time(), zone)
    last_call = starts_at - LEAVE_ALONE
    wanted: list[tuple[NoticeStage, datetime, datetime]] = [
        ("7d", week, starts_at - WEEK_STALE),
        ("24h", day, last_call),
    ]
    if state == "booked" and booked_at <= day:
        wanted.append(("again", day + ASK_AGAIN_AFTER, last_call))
    due = []
    for stage, ideal, stale_at in wanted:
        at = quiet.next_open(ideal, zone)
        if booked_at <= ideal and at <= stale_at:
            due.append(Due(stage, at, stale_at))
    return due


def missed(at: datetime, *, zone: tzinfo, quiet: QuietHours) -> Due:
    """Return the one message after an appointment that the patient did not come to."""
    return Due("missed", quiet.next_open(at, zone), at + MISSED_STALE)


def nothing_booked(sessions: Sequence[Session], treated_at: datetime, now: datetime) -> bool:
    """Whether it is true, and hers to hear, that nothing is booked after a treatment.

    It is not while an appointment is to come, or has begun and the clinic has not said what came
    of it; nor while the clinic owes her another time; nor if she came. One that she missed has a
    message of its own, which is enough for some days.

    Args:
        sessions: Every appointment of hers.
        treated_at: When the treatment was.
        now: The present instant.
    """
    return not any(
        session.state in SETTLES
        or (session.state == "missed" and now - session.starts_at <= MISSED_STALE)
        for session in sessions
        if session.starts_at >= treated_at + SAME_VISIT
    )


def gap_note(gap_ends: datetime, *, zone: tzinfo, quiet: QuietHours) -> tuple[datetime, datetime]:
    """Return when to say that no next session is booked, and from when that is not worth it.

    Args:
        gap_ends: When the clinic's interval between sessions is over.
        zone: Where the patient lives by the clock.
        quiet: Her quiet hours.
    """
    day = gap_ends.astimezone(zone).date() + timedelta(days=GAP_NOTE_AFTER_DAYS)
    ideal = at_wall_time(day, datetime.min.time().replace(hour=GAP_NOTE_HOUR), zone)
    return quiet.next_open(ideal, zone), ideal + GAP_NOTE_STALE
