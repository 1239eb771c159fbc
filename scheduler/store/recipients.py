"""Who is still to get a broadcast, and what became of those who were sent it.

A recipient is a row in `broadcast_recipient` until her message is a row of the outbox; a pause
makes outbox rows that wait into recipients again. So everybody is in exactly one of the two places.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Broadcast
from scheduler.store import aside
from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed, one_row

OUTCOMES = ("waiting", "sent", "blocked", "failed", "uncertain", "skipped")


def add(db: Database, broadcast_id: int, patient_ids: Sequence[int]) -> None:
    """Note who is to get a broadcast."""
    db.conn.executemany(
        "INSERT INTO broadcast_recipient (broadcast_id, patient_id) VALUES (?, ?)"
        " ON CONFLICT DO NOTHING",
        [(broadcast_id, patient_id) for patient_id in patient_ids],
    )


def take(db: Database, broadcast_id: int, limit: int) -> list[int]:
    """Take recipients out, to be queued within the same transaction."""
    rows = all_rows(
        db,
        "DELETE FROM broadcast_recipient WHERE broadcast_id = :id AND patient_id IN ("
        " SELECT patient_id FROM broadcast_recipient WHERE broadcast_id = :id"
        " ORDER BY patient_id LIMIT :limit) RETURNING patient_id",
        {"id": broadcast_id, "limit": limit},
    )
    return sorted(row["patient_id"] for row in rows)


def to_come(db: Database, broadcast_id: int) -> int:
    """Return how many recipients are not in the outbox yet."""
    row = one_row(
        db,
        "SELECT COUNT(*) AS n FROM broadcast_recipient WHERE broadcast_id = :id",
        {"id": broadcast_id},
    )
    return int(row["n"]) if row else 0


def waiting(db: Database, broadcast_id: int, now: datetime | None = None) -> int:
    """Return how many outbox rows wait or are under way; with `now`, only those due by then."""
    row = one_row(
        db,
        "SELECT COUNT(*) AS n FROM outbox WHERE broadcast_id = :id"
        " AND state IN ('waiting', 'trying') AND (:now IS NULL OR due_at <= :now)",
        {"id": broadcast_id, "now": stamp(now) if now else None},
    )
    return int(row["n"]) if row else 0


def belongs(db: Database, outbox_id: int, broadcast_id: int) -> None:
    """Say which broadcast a row of the outbox is of."""
    changed(
        db,
        "UPDATE outbox SET broadcast_id = :broadcast WHERE id = :id",
        {"id": outbox_id, "broadcast": broadcast_id},
    )


def take_back(db: Database, broadcast_id: int, row_id: int | None = None) -> int:
    """Make rows that wait into recipients again: all of a broadcast, or one; return how many."""
    which = {"id": broadcast_id, "row": row_id}
    db.execute(
        "INSERT INTO broadcast_recipient (broadcast_id, patient_id)"
        " SELECT broadcast_id, patient_id FROM outbox WHERE broadcast_id = :id"
        " AND state = 'waiting' AND (:row IS NULL OR id = :row) ON CONFLICT DO NOTHING",
        which,
    )
    return changed(
        db,
        "DELETE FROM outbox WHERE broadcast_id = :id AND state = 'waiting'"
        " AND (:row IS NULL OR id = :row)",
        which,
    )


def drop_waiting(db: Database, broadcast_id: int, now: datetime) -> int:
    """Put aside what still waits of a broadcast that was stopped; return how many rows."""
    return aside.let_go(
        db, "broadcast_id = :id AND state = 'waiting'", {"id": broadcast_id}, now, "stopped"
    )


def outcomes(db: Database, broadcast: Broadcast) -> dict[str, int]:
    """Return how many recipients each way of ending has, every way named."""
    counts = dict.fromkeys(OUTCOMES, 0)
    rows = all_rows(
        db,
        "SELECT state, COUNT(*) AS n FROM outbox WHERE broadcast_id = :id GROUP BY state",
        {"id": broadcast.id},
    )
    for row in rows:
        counts["waiting" if row["state"] == "trying" else row["state"]] += row["n"]
    left = "skipped" if broadcast.state == "cancelled" else "waiting"
    counts[left] += to_come(db, broadcast.id)
    return counts


def reasons(db: Database, broadcast: Broadcast) -> dict[str, int]:
    """Return why recipients were passed over after sending began: reason -> how many."""
    rows = all_rows(
        db,
        "SELECT detail, COUNT(*) AS n FROM outbox WHERE broadcast_id = :id AND state = 'skipped'"
        " GROUP BY detail ORDER BY detail",
        {"id": broadcast.id},
    )
    counts = {row["detail"]: int(row["n"]) for row in rows}
    left = to_come(db, broadcast.id) if broadcast.state == "cancelled" else 0
    if left:
        counts["stopped"] = counts.get("stopped", 0) + left
    return counts


def uncertain(db: Database, broadcast_id: int) -> list[Row]:
    """Return ref and reference of everybody of whom nobody can know whether it arrived."""
    return all_rows(
        db,
        "SELECT patient.ref, patient.reference FROM outbox"
        " JOIN patient ON patient.id = outbox.patient_id"
        " WHERE outbox.broadcast_id = :id AND outbox.state = 'uncertain' ORDER BY patient.ref",
        {"id": broadcast_id},
    )
