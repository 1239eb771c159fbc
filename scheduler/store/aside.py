"""What is not sent any more: skipped if it surely never arrived, uncertain if it may have.

The attempts of a row that waits are those of which nobody can know how they ended; one that surely
came to nothing is taken back. So a row that is put aside after such a try is named among the
uncertain ones, with the reason for which it is not tried again, and never counted as left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.model import OutboxState
from scheduler.store.engine import stamp
from scheduler.store.rows import changed

ONCE = 1000
"""The attempts with which a message is queued that is tried only once if it is in doubt: more than
any kind is tried, so that the first such try is the last."""

NOT_AGAIN = "not tried again: "
"""How the detail of a row begins that may have arrived and was put aside; the reason follows."""

IN_DOUBT = f"outbox.attempts - (outbox.state = 'trying') NOT IN (0, {ONCE})"
"""Of a row: whether it may have arrived by a try before the one that is under way, if one is."""


def let_go(
    db: Database,
    which: str,
    values: Mapping[str, Any],
    now: datetime,
    reason: str,
    *,
    state: OutboxState = "skipped",
) -> int:
    """Put rows aside, whatever they wait for; return how many.

    Args:
        db: The database.
        which: What is true of these rows of the outbox and no others, as SQL.
        values: What that names.
        now: The present instant.
        reason: Why; it stands with each of them.
        state: What becomes of those that surely did not arrive.
    """
    return changed(
        db,
        f"UPDATE outbox SET state = CASE WHEN {IN_DOUBT} THEN 'uncertain' ELSE :state END,"
        f" detail = CASE WHEN {IN_DOUBT} THEN :not_again ELSE '' END || :reason,"
        f" finished_at = :finished WHERE {which}",
        {
            **values,
            "state": state,
            "not_again": NOT_AGAIN,
            "reason": reason,
            "finished": stamp(now),
        },
    )


def one(
    db: Database, row_id: int, now: datetime, reason: str, *, state: OutboxState = "skipped"
) -> None:
    """Put one row aside, also while it is being tried."""
    let_go(db, "id = :id", {"id": row_id}, now, reason, state=state)


def expired(db: Database, now: datetime, limit: int) -> int:
    """Put aside what is no longer worth sending; return how many."""
    return let_go(
        db,
        "id IN (SELECT id FROM outbox WHERE state = 'waiting' AND due_at <= :now"
        " AND expires_at < :now LIMIT :limit)",
        {"now": stamp(now), "limit": limit},
        now,
        "stale",
    )


def unasked(db: Database, patient_id: int, now: datetime, reason: str) -> int:
    """Put aside the unasked messages that wait for a patient who does not want them."""
    return let_go(
        db,
        "patient_id = :patient AND state = 'waiting' AND kind IN ('reminder', 'broadcast')",
        {"patient": patient_id},
        now,
        reason,
    )
