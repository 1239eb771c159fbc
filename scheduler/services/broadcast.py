"""A clinic's message to many: made, counted, confirmed, paused, stopped.

Who gets it is `audience`'s to say, and how it leaves is `dispatch`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Broadcast, BroadcastState, Clinic
from scheduler.pacer import WINDOW_SECONDS
from scheduler.services import segment, wording
from scheduler.services.audience import Audience, count, nobody
from scheduler.store import broadcasts, records


class BroadcastError(Exception):
    """A broadcast cannot be made or changed like that; the text says why.

    Attributes:
        reason: The same in one word, for those who are told in their own language.
    """

    def __init__(self, text: str, reason: str = "state") -> None:
        super().__init__(text)
        self.reason = reason


def create(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    *,
    template: str = "",
    text: str = "",
    segments: Sequence[str] = (),
    marketing: bool = False,
    at: datetime | None = None,
    actor: str,
    now: datetime,
) -> tuple[Broadcast, Audience]:
    """Make a draft after everything about it was checked; return it and who would get it.

    Raises:
        BroadcastError: If nobody would get it, or the time has passed.
        SegmentError: If a condition cannot be understood.
        WordingError: If the text cannot be sent.
    """
    check_time(at, now)
    made = draft(
        db,
        catalog,
        clinic,
        template=template,
        text=text,
        segments=segments,
        marketing=marketing,
        at=at,
        actor=actor,
        now=now,
    )
    audience = count(db, catalog, made, now)
    if not audience.recipients:
        raise BroadcastError(nobody(audience), "nobody")
    return made, audience


def draft(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    *,
    template: str = "",
    text: str = "",
    segments: Sequence[str] = (),
    marketing: bool = False,
    at: datetime | None = None,
    actor: str,
    now: datetime,
) -> Broadcast:
    """Make a draft of a text that can be sent, whoever is to get it.

    Raises:
        SegmentError: If a condition cannot be understood.
        WordingError: If the text cannot be sent.
    """
    wording.check(catalog, clinic, template=template, text=text)
    conditions = segment.parse(catalog, segments)
    broadcast_id = broadcasts.add(
        db,
        clinic_id=clinic.id,
        template=template,
        text=text.strip(),
        segments=conditions,
        marketing=marketing or wording.is_marketing(template),
        at=at,
        created_by=actor,
        now=now,
    )
    made = found(db, broadcast_id)
    _note(db, made, "broadcast.created", actor, now)
    return made


def check_time(at: datetime | None, now: datetime) -> None:
    """Raise `BroadcastError` for a time that has passed."""
    if at is not None and at < now - timedelta(minutes=1):
        raise BroadcastError("the time to send is in the past; expected a time to come", "past")


def found(db: Database, broadcast_id: int, clinic: Clinic | None = None) -> Broadcast:
    """Return a broadcast, of that clinic if one is given; raises `BroadcastError` if none is."""
    broadcast = broadcasts.by_id(db, broadcast_id)
    if broadcast is None or (clinic is not None and broadcast.clinic_id != clinic.id):
        raise BroadcastError(f"there is no broadcast {broadcast_id}", "gone")
    return broadcast


def seconds_needed(recipients: int, per_second: float) -> float:
    """Return how long so many messages take at the pace that Telegram allows."""
    return recipients / per_second * WINDOW_SECONDS


def confirm(
    db: Database, broadcast: Broadcast, audience: Audience, *, actor: str, now: datetime
) -> Broadcast:
    """Let a draft be sent at its time, or at once.

    Args:
        db: The database.
        broadcast: The draft.
        audience: Who would get it.
        actor: Who says so.
        now: The present instant.

    Raises:
        BroadcastError: If it is no draft, its time has passed, or nobody would get it.
    """
    fresh = found(db, broadcast.id)
    if fresh.state != "draft":
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}, not a draft")
    check_time(fresh.at, now)
    if not audience.recipients:
        raise BroadcastError(nobody(audience), "nobody")
    broadcasts.change(db, fresh.id, state="scheduled", at=fresh.at or now)
    _note(db, fresh, "broadcast.confirmed", actor, now)
    return found(db, fresh.id)


def pause(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Send nothing more of a broadcast until it is resumed."""
    if broadcast.state == "paused":
        return broadcast
    if broadcast.state not in ("scheduled", "sending"):
        raise BroadcastError(f"broadcast {broadcast.id} is {broadcast.state}; nothing to pause")
    broadcasts.change(db, broadcast.id, state="paused")
    broadcasts.take_back(db, broadcast.id)
    _note(db, broadcast, "broadcast.paused", actor, now)
    return found(db, broadcast.id)


def resume(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Go on with a paused broadcast where it stood."""
    if broadcast.state in ("scheduled", "sending"):
        return broadcast
    if broadcast.state != "paused":
        raise BroadcastError(f"broadcast {broadcast.id} is {broadcast.state}; nothing to resume")
    state: BroadcastState = "sending" if broadcast.started_at else "scheduled"
    broadcasts.change(db, broadcast.id, state=state)
    _note(db, broadcast, "broadcast.resumed", actor, now)
    return found(db, broadcast.id)


def cancel(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Stop a broadcast for good; what has not left never will."""
    if broadcast.state == "cancelled":
        return broadcast
    if broadcast.state == "done":
        raise BroadcastError(f"broadcast {broadcast.id} is done; there is nothing left to stop")
    broadcasts.change(db, broadcast.id, state="cancelled", finished_at=now)
    broadcasts.drop_waiting(db, broadcast.id, now)
    _note(db, broadcast, "broadcast.cancelled", actor, now)
    return found(db, broadcast.id)


def _note(db: Database, broadcast: Broadcast, action: str, actor: str, now: datetime) -> None:
    records.audit(
        db,
        now=now,
        actor=actor,
        action=action,
        subject=f"broadcast:{broadcast.id}",
        clinic_id=broadcast.clinic_id,
    )
