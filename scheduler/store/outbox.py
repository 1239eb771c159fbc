"""What is to be sent unasked: queued once, claimed, marked before and after its request.

A row is `waiting`, then `trying` from just before its request to just after; what is found
`trying` after a crash is in doubt, as is a try without an answer. What is not sent any more is put
aside by `scheduler.store.aside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.model import OutboxRow, OutboxState, Priority
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, one_row

COLUMNS = ", ".join(
    f"outbox.{name}"
    for name in (
        "id", "dedupe_key", "clinic_id", "patient_id", "chat_id", "kind", "priority", "payload",
        "content_version", "state", "attempts", "created_at", "due_at", "expires_at",
        "finished_at", "message_id", "detail",
    )
)  # fmt: skip
"""The columns of an `OutboxRow`, in its order: a row is read twice for each message that is sent,
and by place it is read in half the time that it takes by name."""


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
    at = stamp(now)
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
            "now": at,
            "due": stamp(due_at) if due_at else at,
            "expires": stamp(expires_at),
        },
    )
    return int(row["id"]) if row else None


def begin(db: Database, row_ids: Sequence[int], now: datetime) -> None:
    """Mark waiting rows just before their requests."""
    at = stamp(now)
    db.conn.executemany(
        "UPDATE outbox SET state = 'trying', tried_at = ?, attempts = attempts + 1"
        " WHERE id = ? AND state = 'waiting'",
        [(at, row_id) for row_id in row_ids],
    )


def sent(db: Database, rows: Sequence[tuple[int, int]], now: datetime) -> None:
    """Write down of rows that they were sent, and as which message."""
    at = stamp(now)
    db.conn.executemany(
        "UPDATE outbox SET state = 'sent', finished_at = ?, message_id = ?, detail = ''"
        " WHERE id = ?",
        [(at, message_id, row_id) for row_id, message_id in rows],
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
    return _rows(db, "WHERE state = 'trying' ORDER BY id", {})


def by_id(db: Database, row_id: int) -> OutboxRow | None:
    """Return the row of that id."""
    return next(iter(_rows(db, "WHERE id = :id", {"id": row_id})), None)


def of_patient(db: Database, patient_id: int) -> list[OutboxRow]:
    """Return everything queued for a patient, oldest first."""
    return _rows(db, "WHERE patient_id = :patient ORDER BY id", {"patient": patient_id})


def reminders_since(
    db: Database, patient_ids: Sequence[int], since: datetime
) -> dict[int, list[datetime]]:
    """Return when reminders were queued for patients, from an instant on, by patient."""
    rows = db.execute(
        "SELECT patient_id, created_at FROM outbox"
        f" WHERE patient_id IN ({', '.join('?' * len(patient_ids))})"
        " AND kind = 'reminder' AND state NOT IN ('skipped', 'failed') AND created_at >= ?",
        [*patient_ids, stamp(since)],
    )
    queued: dict[int, list[datetime]] = {}
    for patient_id, at in rows:
        queued.setdefault(patient_id, []).append(instant(at))
    return queued


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


def hush(db: Database, row_id: int, payload: str, now: datetime) -> None:
    """Put other content in the place of a row's that is on its way, and do not send it again."""
    changed(
        db,
        "UPDATE outbox SET payload = :payload, expires_at = MIN(expires_at, :now) WHERE id = :id",
        {"id": row_id, "payload": payload, "now": stamp(now)},
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


def of_row(row: Sequence[Any]) -> OutboxRow:
    """Return the object of a row that begins with `COLUMNS`."""
    values = list(row[:17])
    values[11:15] = instant(row[11]), instant(row[12]), instant(row[13]), maybe_instant(row[14])
    return OutboxRow(*values)


def _rows(db: Database, rest: str, values: dict[str, Any]) -> list[OutboxRow]:
    return [of_row(row) for row in db.execute(f"SELECT {COLUMNS} FROM outbox {rest}", values)]
