"""A confirmed broadcast taken in hand: begun early, paused, resumed, stopped."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Broadcast, BroadcastState
from scheduler.services.broadcast import BroadcastError, found, note
from scheduler.store import broadcasts, recipients


def hasten(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Begin a broadcast at once that waits for its time."""
    fresh = found(db, broadcast.id)
    if fresh.state != "scheduled":
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}; it waits for no time")
    if fresh.at is None or fresh.at > now:
        broadcasts.change(db, fresh.id, at=now)
        note(db, fresh, "broadcast.hastened", actor, now)
    return found(db, fresh.id)


def pause(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Send nothing more of a broadcast until it is resumed."""
    fresh = found(db, broadcast.id)
    if fresh.state == "paused":
        return fresh
    if fresh.state not in ("scheduled", "sending"):
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}; nothing to pause")
    broadcasts.change(db, fresh.id, state="paused")
    recipients.take_back(db, fresh.id)
    note(db, fresh, "broadcast.paused", actor, now)
    return found(db, fresh.id)


def resume(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Go on with a paused broadcast where it stood."""
    fresh = found(db, broadcast.id)
    if fresh.state in ("scheduled", "sending"):
        return fresh
    if fresh.state != "paused":
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}; nothing to resume")
    state: BroadcastState = "sending" if fresh.started_at else "scheduled"
    broadcasts.change(db, fresh.id, state=state)
    note(db, fresh, "broadcast.resumed", actor, now)
    return found(db, fresh.id)


def cancel(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Stop a broadcast for good; what has not left never will."""
    fresh = found(db, broadcast.id)
    if fresh.state == "cancelled":
        return fresh
    if fresh.state == "done":
        raise BroadcastError(f"broadcast {fresh.id} is done; there is nothing left to stop")
    broadcasts.change(db, fresh.id, state="cancelled", finished_at=now)
    recipients.drop_waiting(db, fresh.id, now)
    note(db, fresh, "broadcast.cancelled", actor, now)
    return found(db, fresh.id)
