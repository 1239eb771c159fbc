"""Who waits in the outbox for what is not its own time: for another try, or behind another."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from scheduler.model import OutboxRow, Priority
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import all_rows, changed, one_row

AT_NIGHT, BEHIND = "quiet hours", "it comes after another"
PAUSED = "a pause began just before it was to leave"
"""Why a row that had no try, or none that failed, is due later than it was."""


def before(db: Database, row: OutboxRow, *, since: datetime) -> datetime | None:
    """Return when the last of those may be sent that come before a row; None if there are none.

    They go to the same chat, are as pressing or more, were queued from `since` on, and surely did
    not arrive yet.
    """
    found = one_row(
        db,
        "SELECT MAX(due_at) AS due FROM outbox WHERE state = 'waiting' AND priority IN (0, 1)"
        " AND priority <= :priority AND chat_id = :chat AND id < :id"
        " AND attempts = 0 AND created_at >= :since",
        {"priority": row.priority, "chat": row.chat_id, "id": row.id, "since": stamp(since)},
    )
    return maybe_instant(found["due"]) if found else None


def chats(db: Database) -> list[int]:
    """Return the chats in which an answer or a warning waits."""
    rows = db.execute(
        "SELECT DISTINCT chat_id FROM outbox WHERE state = 'waiting' AND priority IN (0, 1)"
    )
    return [chat_id for (chat_id,) in rows]


def in_chat(db: Database, chat_id: int) -> bool:
    """Whether an answer or a warning waits to be sent to a chat."""
    found = one_row(
        db,
        "SELECT 1 FROM outbox WHERE state = 'waiting' AND priority IN (0, 1)"
        " AND chat_id = :chat LIMIT 1",
        {"chat": chat_id},
    )
    return found is not None


def keep_short(db: Database, now: datetime) -> int:
    """Let what was to wait for seconds wait for seconds, though the clock has been set back.

    What was to be sent at once then is to be sent at once now. What was tried in what is now the
    future waits as long from now as it was to wait then; a reminder does not come before the
    moment at which it was queued, for that was its time. The morning is when it is by any clock.

    Returns:
        How many rows there were.
    """
    at_once = changed(
        db,
        "UPDATE outbox SET due_at = :now WHERE state = 'waiting' AND due_at > :now"
        " AND priority IN (0, 1, 3)"
        " AND (detail = :behind OR (tried_at IS NULL AND due_at <= created_at))",
        {"now": stamp(now), "behind": BEHIND},
    )
    tried = all_rows(
        db,
        "SELECT id, priority, created_at, due_at, tried_at FROM outbox WHERE state = 'waiting'"
        " AND due_at > :now AND priority IN (0, 1, 2, 3) AND tried_at > :now"
        " AND detail <> :night",
        {"now": stamp(now), "night": AT_NIGHT},
    )
    for row in tried:
        soon = now + (instant(row["due_at"]) - instant(row["tried_at"]))
        if row["priority"] == Priority.REMINDER:
            soon = max(soon, instant(row["created_at"]))
        changed(
            db,
            "UPDATE outbox SET due_at = MIN(due_at, :due), tried_at = :now WHERE id = :id",
            {"id": row["id"], "due": stamp(soon), "now": stamp(now)},
        )
    return at_once + len(tried)
