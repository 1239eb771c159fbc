"""A clinic's message to many, until it is confirmed: made, counted, changed.

Who gets it is `audience`'s to say, how it is paused and stopped `steering`'s, and how it leaves
`dispatch`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Broadcast, Clinic
from scheduler.services import segment, wording
from scheduler.services.audience import Audience, count, nobody
from scheduler.store import broadcasts, records
from scheduler.store.engine import stamp

SEAL_LETTERS = 8


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
    note(db, made, "broadcast.created", actor, now)
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


def change(
    db: Database, broadcast: Broadcast, /, *, actor: str, now: datetime, **values: Any
) -> Broadcast:
    """Change what a draft says, to whom or when; the values are columns of its row.

    Raises:
        BroadcastError: If it is no draft, or the time has passed.
    """
    fresh = _still_draft(db, broadcast)
    if "at" in values:
        check_time(values["at"], now)
    broadcasts.change(db, fresh.id, **values)
    note(db, fresh, "broadcast.changed", actor, now)
    return found(db, fresh.id)


def seal(broadcast: Broadcast) -> str:
    """Return a mark of what a draft says, to whom and when, so that a change can be seen."""
    said = (
        broadcast.template, broadcast.text, broadcast.segments, broadcast.marketing,
        stamp(broadcast.at) if broadcast.at else None,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:SEAL_LETTERS]


def confirm(
    db: Database,
    broadcast: Broadcast,
    audience: Audience,
    *,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> Broadcast:
    """Let a draft be sent at its time, or at once.

    Args:
        db: The database.
        broadcast: The draft.
        audience: Who would get it.
        actor: Who says so.
        now: The present instant.
        seen: The seal of the draft as the person saw it; None if she was not shown it.

    Raises:
        BroadcastError: If it is no draft, was changed since it was seen, its time has passed, or
            nobody would get it.
    """
    fresh = _still_draft(db, broadcast)
    if seen is not None and seen != seal(fresh):
        raise BroadcastError(f"broadcast {fresh.id} was changed since", "changed")
    check_time(fresh.at, now)
    if not audience.recipients:
        raise BroadcastError(nobody(audience), "nobody")
    broadcasts.change(db, fresh.id, state="scheduled", at=fresh.at or now)
    note(db, fresh, "broadcast.confirmed", actor, now)
    return found(db, fresh.id)


def _still_draft(db: Database, broadcast: Broadcast) -> Broadcast:
    fresh = found(db, broadcast.id)
    if fresh.state != "draft":
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}, not a draft")
    return fresh


def note(db: Database, broadcast: Broadcast, action: str, actor: str, now: datetime) -> None:
    """Write into the audit log what somebody did with a broadcast."""
    records.audit(
        db,
        now=now,
        actor=actor,
        action=action,
        subject=f"broadcast:{broadcast.id}",
        clinic_id=broadcast.clinic_id,
    )
