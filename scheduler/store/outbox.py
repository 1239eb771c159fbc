"""What is to be sent unasked: queued once, claimed, marked before and after its request.

A row is `waiting`, then `trying` from just before its request to just after; what is found
`trying` after a crash is the only thing in doubt.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from scheduler.model import OutboxRow, OutboxState, Priority
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, one_row


def add(
    db: Database,
    *,
    dedupe_key: str,
    clinic_id: int | None,
    patient_id: int | None,
    chat_id: int,
    priority: Priority,
    payload: str,
    content_version: str,
    now: datetime,
    expires_at: datetime,
    due_at: datetime | None = None,
    attempts: int = 0,
) -> int | None:
    """Queue a message; return its id, or None if that key was queued before.

    `attempts` is how often it may have been sent already.
    """
    row = one_row(
        db,
        "INSERT INTO outbox (dedupe_key, clinic_id, patient_id, chat_id, kind, priority, payload,"
        " content_version, created_at, due_at, expires_at, attempts)"
        " VALUES (:key, :clinic, :patient, :chat, :kind, :priority, :payload,"
        " :version, :now, :due, :expires, :attempts)"
        " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
        {
            "key": dedupe_key,
            "clinic": clinic_id,
            "patient": patient_id,
            "chat": chat_id,
            "kind": priority.name.lower(),
            "priority": int(priority),
            "payload": payload,
            "version": content_version,
            "attempts": attempts,
            "now": stamp(now),
            "due": stamp(due_at or now),
            "expires": stamp(expires_at),
        },
    )
    return int(row["id"]) if row else None


def due(
    db: Database,
    now: datetime,
    limit: int,
    *,
    without: Sequence[int] = (),
    bulk: int | None = None,
) -> list[OutboxRow]:
    """Return waiting rows that may be sent, the most pressing first.

    Broadcasts come last and by turns: the clinic with the fewest rows in hand goes first, so that
    a long one of one clinic does not fill the hand.

    Args:
        db: The database.
        now: The present instant.
        limit: The most rows to return.
        without: Ids that are in hand already.
        bulk: The most broadcasts among them; as many as there is room for if not told.
    """
    pressing = all_rows(
        db,
        "SELECT * FROM outbox WHERE state = 'waiting' AND due_at <= :now AND priority < :broadcast"
        f" AND id NOT IN ({_ids(without)})"
        " ORDER BY priority, due_at LIMIT :limit",
        {"now": stamp(now), "limit": limit, "broadcast": int(Priority.BROADCAST)},
    )
    rows = [_row(row) for row in pressing]
    room = limit if bulk is None else min(bulk, limit)
    return rows + _broadcasts(db, now, room - len(rows), without)


def _broadcasts(db: Database, now: datetime, limit: int, without: Sequence[int]) -> list[OutboxRow]:
    if limit <= 0:
        return []
    queues = {
        clinic: rows
        for clinic in _broadcasting(db)
        if (rows := _broadcasts_of(db, clinic, now, limit, without))
    }
    served = _in_hand(db, without)
    by_turns: list[OutboxRow] = []
    while len(by_turns) < limit and queues:
        clinic = min(queues, key=lambda clinic: (served[clinic], clinic))
        by_turns.append(queues[clinic].popleft())
        served[clinic] += 1
        if not queues[clinic]:
            del queues[clinic]
    return by_turns


def _broadcasts_of(
    db: Database, clinic: int, now: datetime, limit: int, without: Sequence[int]
) -> deque[OutboxRow]:
    rows = all_rows(
        db,
        "SELECT * FROM outbox WHERE state = 'waiting' AND priority = 3"
        f" AND clinic_id = :clinic AND due_at <= :now AND id NOT IN ({_ids(without)})"
        " ORDER BY due_at LIMIT :limit",
        {"clinic": clinic, "now": stamp(now), "limit": limit},
    )
    return deque(_row(row) for row in rows)


def _in_hand(db: Database, row_ids: Sequence[int]) -> Counter[int]:
    """Count the broadcast rows among some, by clinic."""
    rows = all_rows(
        db,
        "SELECT clinic_id AS clinic, COUNT(*) AS n FROM outbox"
        f" WHERE priority = 3 AND id IN ({_ids(row_ids)}) GROUP BY clinic_id",
    )
    return Counter({row["clinic"]: row["n"] for row in rows})


def _broadcasting(db: Database) -> list[int]:
    """Return the clinics with broadcasts that wait, one step of the index for each."""
    rows = all_rows(
        db,
        "WITH RECURSIVE turn (clinic) AS ("
        " SELECT MIN(clinic_id) FROM outbox WHERE state = 'waiting' AND priority = 3"
        " UNION ALL"
        " SELECT (SELECT MIN(clinic_id) FROM outbox"
        "  WHERE state = 'waiting' AND priority = 3 AND clinic_id > turn.clinic)"
        " FROM turn WHERE turn.clinic IS NOT NULL"
        ") SELECT clinic FROM turn WHERE clinic IS NOT NULL",
    )
    return [int(row["clinic"]) for row in rows]


def _ids(row_ids: Sequence[int]) -> str:
    return ", ".join(str(int(row_id)) for row_id in row_ids)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What has to be known of a patient at the moment at which a message is about to go.

    Attributes:
        state: Whether she takes part.
        zone: Where she lives by the clock.
        quiet_from: Wall time from which nothing unasked is sent.
        quiet_to: Wall time from which it is sent again.
        paused_until: Until when she wants to hear nothing unasked.
    """

    state: str
    zone: ZoneInfo
    quiet_from: time
    quiet_to: time
    paused_until: datetime | None


def with_recipients(
    db: Database, row_ids: Sequence[int]
) -> dict[int, tuple[OutboxRow, Recipient | None]]:
    """Return rows by their ids, each with the patient it is for, if it is for one."""
    if not row_ids:
        return {}
    rows = all_rows(
        db,
        "SELECT outbox.*, patient.state AS patient_state, patient.timezone, patient.quiet_from,"
        " patient.quiet_to, patient.paused_until FROM outbox"
        " LEFT JOIN patient ON patient.id = outbox.patient_id"
        f" WHERE outbox.id IN ({_ids(row_ids)})",
    )
    return {row["id"]: (_row(row), _recipient(row)) for row in rows}


def begin(db: Database, rows: Sequence[tuple[int, datetime]]) -> None:
    """Mark waiting rows, each just before its request, at that instant."""
    db.conn.executemany(
        "UPDATE outbox SET state = 'trying', tried_at = ?, attempts = attempts + 1"
        " WHERE id = ? AND state = 'waiting'",
        [(stamp(now), row_id) for row_id, now in rows],
    )


def sent(db: Database, rows: Sequence[tuple[int, int, datetime]]) -> None:
    """Write down of rows that they were sent, as which message, and when that was known."""
    db.conn.executemany(
        "UPDATE outbox SET state = 'sent', finished_at = ?, message_id = ?, detail = ''"
        " WHERE id = ?",
        [(stamp(now), message_id, row_id) for row_id, message_id, now in rows],
    )


def finish(
    db: Database,
    row_id: int,
    state: OutboxState,
    now: datetime,
    *,
    message_id: int | None = None,
    detail: str = "",
) -> None:
    """Write down the fate of a row."""
    changed(
        db,
        "UPDATE outbox SET state = :state, finished_at = :now, message_id = :message,"
        " detail = :detail WHERE id = :id",
        {
            "id": row_id,
            "state": state,
            "now": stamp(now),
            "message": message_id,
            "detail": detail,
        },
    )


def again(
    db: Database, row_id: int, due_at: datetime, detail: str = "", *, unsent: bool = False
) -> None:
    """Let a row wait for another try; one that surely was not sent does not count as a try."""
    changed(
        db,
        "UPDATE outbox SET state = 'waiting', due_at = :due, detail = :detail,"
        " attempts = MAX(attempts - :unsent, 0) WHERE id = :id",
        {"id": row_id, "due": stamp(due_at), "detail": detail, "unsent": int(unsent)},
    )


def in_doubt(db: Database) -> list[OutboxRow]:
    """Return the rows whose request was under way when the process ended."""
    rows = all_rows(db, "SELECT * FROM outbox WHERE state = 'trying' ORDER BY id")
    return [_row(row) for row in rows]


def expire(db: Database, now: datetime, limit: int) -> int:
    """Put aside what is no longer worth sending; return how many."""
    return changed(
        db,
        "UPDATE outbox SET state = 'skipped', detail = 'stale', finished_at = :now WHERE id IN ("
        " SELECT id FROM outbox WHERE state = 'waiting' AND due_at <= :now AND expires_at < :now"
        " LIMIT :limit)",
        {"now": stamp(now), "limit": limit},
    )


def drop_waiting(db: Database, patient_id: int, now: datetime, reason: str) -> int:
    """Put aside the unasked messages that wait for a patient who does not want them."""
    return changed(
        db,
        "UPDATE outbox SET state = 'skipped', detail = :reason, finished_at = :now"
        " WHERE patient_id = :patient AND state = 'waiting'"
        " AND kind IN ('reminder', 'broadcast')",
        {"patient": patient_id, "now": stamp(now), "reason": reason},
    )


def by_id(db: Database, row_id: int) -> OutboxRow | None:
    """Return the row of that id."""
    row = one_row(db, "SELECT * FROM outbox WHERE id = :id", {"id": row_id})
    return _row(row) if row else None


def of_patient(db: Database, patient_id: int) -> list[OutboxRow]:
    """Return everything queued for a patient, oldest first."""
    rows = all_rows(
        db, "SELECT * FROM outbox WHERE patient_id = :patient ORDER BY id", {"patient": patient_id}
    )
    return [_row(row) for row in rows]


def reminders_since(db: Database, patient_id: int, since: datetime) -> list[datetime]:
    """Return when reminders were queued for a patient, from an instant on."""
    rows = all_rows(
        db,
        "SELECT created_at FROM outbox WHERE patient_id = :patient AND kind = 'reminder'"
        " AND state NOT IN ('skipped', 'failed') AND created_at >= :since",
        {"patient": patient_id, "since": stamp(since)},
    )
    return [instant(row["created_at"]) for row in rows]


def next_due(db: Database, *, without: Sequence[int] = ()) -> datetime | None:
    """Return when the next waiting row that is not in hand may be sent."""
    firsts = [
        one_row(
            db,
            "SELECT due_at AS due FROM outbox WHERE state = 'waiting' AND priority = :priority"
            f" AND id NOT IN ({_ids(without)}) ORDER BY due_at LIMIT 1",
            {"priority": int(priority)},
        )
        for priority in Priority
    ]
    return min((instant(row["due"]) for row in firsts if row), default=None)


def readdress(db: Database, row_id: int, chat_id: int) -> None:
    """Send a row to another chat than the one it was queued for."""
    changed(db, "UPDATE outbox SET chat_id = :chat WHERE id = :id", {"id": row_id, "chat": chat_id})


def rewrite(db: Database, row_id: int, payload: str) -> None:
    """Put other content in the place of a row's, as when a file may no longer be kept."""
    changed(
        db,
        "UPDATE outbox SET payload = :payload WHERE id = :id",
        {"id": row_id, "payload": payload},
    )


def uncertain(db: Database, limit: int) -> list[Row]:
    """Return kind, patient, at and why of messages nobody can know the fate of, newest first."""
    return all_rows(
        db,
        "SELECT outbox.kind, COALESCE(NULLIF(patient.reference, ''), patient.ref, '') AS patient,"
        " outbox.finished_at AS at, outbox.detail AS why FROM outbox"
        " LEFT JOIN patient ON patient.id = outbox.patient_id"
        " WHERE outbox.state = 'uncertain' ORDER BY outbox.id DESC LIMIT :limit",
        {"limit": limit},
    )


def counts(db: Database) -> dict[str, int]:
    """Return how many rows are in each state."""
    rows = all_rows(db, "SELECT state, COUNT(*) AS n FROM outbox GROUP BY state ORDER BY state")
    return {row["state"]: row["n"] for row in rows}


def _recipient(row: Row) -> Recipient | None:
    if row["patient_state"] is None:
        return None
    return Recipient(
        state=row["patient_state"],
        zone=ZoneInfo(row["timezone"]),
        quiet_from=time.fromisoformat(row["quiet_from"]),
        quiet_to=time.fromisoformat(row["quiet_to"]),
        paused_until=maybe_instant(row["paused_until"]),
    )


def _row(row: Row) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        dedupe_key=row["dedupe_key"],
        clinic_id=row["clinic_id"],
        patient_id=row["patient_id"],
        chat_id=row["chat_id"],
        kind=row["kind"],
        priority=row["priority"],
        payload=row["payload"],
        content_version=row["content_version"],
        state=row["state"],
        attempts=row["attempts"],
        created_at=instant(row["created_at"]),
        due_at=instant(row["due_at"]),
        expires_at=instant(row["expires_at"]),
        finished_at=maybe_instant(row["finished_at"]),
        message_id=row["message_id"],
        detail=row["detail"],
    )
