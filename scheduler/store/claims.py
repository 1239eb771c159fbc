"""Who goes next, and what has to be known of a message at the last moment before it leaves.

Only what is needed to wait for its turn is read when a row is taken in hand; all of it is read
when its turn has come, together with the patient it is for, so nothing old is ever sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from scheduler.model import OutboxRow, Priority
from scheduler.store import queues
from scheduler.store.engine import maybe_instant, stamp
from scheduler.store.outbox import COLUMNS, of_row
from scheduler.store.rows import id_list
from scheduler.wall_time import QuietHours


class Claim(NamedTuple):
    """A row that waits for its turn.

    Attributes:
        id: Its key.
        chat_id: Where it goes.
        priority: Who goes first.
        clinic_id: The clinic it speaks for, if any.
    """

    id: int
    chat_id: int
    priority: int
    clinic_id: int | None


def due(
    db: Database,
    now: datetime,
    limit: int,
    *,
    without: Sequence[int] = (),
    bulk: int | None = None,
) -> list[Claim]:
    """Return waiting rows that may be sent, the most pressing first.

    Reminders and broadcasts come by turns: the clinic with the fewest rows in hand goes first, so
    that those of a large one, due in the same minute, do not fill the hand.

    Args:
        db: The database.
        now: The present instant.
        limit: The most rows to return.
        without: Ids that are in hand already, in the order in which they were taken.
        bulk: The most broadcasts among them; as many as there is room for if not told.
    """
    pressing = db.execute(
        "SELECT id, chat_id, priority, clinic_id FROM outbox"
        " WHERE state = 'waiting' AND due_at <= :now AND priority IN (0, 1)"
        " ORDER BY priority, due_at LIMIT :limit",
        {"now": stamp(now), "limit": limit + len(without)},
    )
    in_hand = frozenset(without)
    claims = [Claim(*row) for row in pressing if row[0] not in in_hand][:limit]
    for priority, most in (
        (Priority.REMINDER, limit),
        (Priority.BROADCAST, limit if bulk is None else min(bulk, limit)),
    ):
        found = queues.by_turns(db, priority, now, most - len(claims), without)
        claims += [Claim(*row[:4]) for row in found]
    return claims


def that_can_wait(found: Sequence[Claim], *, at_most: int) -> list[Claim]:
    """Return what is pressing of some rows, and of reminders and broadcasts only the first few."""
    pressing = [claim for claim in found if claim.priority < Priority.REMINDER]
    others = [claim for claim in found if claim.priority >= Priority.REMINDER]
    return pressing + others[: max(at_most, 0)]


def waiting(db: Database, row_id: int) -> Claim | None:
    """Return a row that waits, due or not."""
    rows = db.execute(
        "SELECT id, chat_id, priority, clinic_id FROM outbox WHERE id = :id AND state = 'waiting'",
        {"id": row_id},
    )
    return next((Claim(*row) for row in rows), None)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What has to be known of a patient at the moment at which a message is about to go.

    Attributes:
        state: Whether she takes part.
        zone: Where she lives by the clock.
        quiet: When nothing unasked is sent.
        paused_until: Until when she wants to hear nothing unasked.
    """

    state: str
    zone: ZoneInfo
    quiet: QuietHours
    paused_until: datetime | None


def with_recipients(
    db: Database, row_ids: Sequence[int]
) -> dict[int, tuple[OutboxRow, Recipient | None]]:
    """Return rows by their ids, each with the patient it is for, if it is for one."""
    if not row_ids:
        return {}
    rows = db.execute(
        f"SELECT {COLUMNS}, patient.state, patient.timezone, patient.quiet_from,"
        " patient.quiet_to, patient.paused_until FROM outbox"
        " LEFT JOIN patient ON patient.id = outbox.patient_id"
        f" WHERE outbox.id IN ({id_list(row_ids)})",
    )
    return {row[0]: (of_row(row), _recipient(*row[-5:])) for row in rows}


@lru_cache(maxsize=256)  # very many patients live in one zone and never changed the hours
def _recipient(
    state: str | None, zone: str, quiet_from: str, quiet_to: str, paused_until: str | None
) -> Recipient | None:
    if state is None:
        return None
    return Recipient(
        state=state,
        zone=ZoneInfo(zone),
        quiet=QuietHours(time.fromisoformat(quiet_from), time.fromisoformat(quiet_to)),
        paused_until=maybe_instant(paused_until),
    )
