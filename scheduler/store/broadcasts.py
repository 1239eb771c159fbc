"""Broadcasts, who is still to get each, and what became of those who were sent it.

A recipient is a row in `broadcast_recipient` until her message is a row of the outbox; a pause
makes outbox rows that wait into recipients again. So everybody is in exactly one of the two places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.model import Broadcast, OutboxRow, Patient
from scheduler.store import outbox, patients
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, inserted, one_row
from scheduler.store.sessions import TO_COME

OUTCOMES = ("waiting", "sent", "blocked", "failed", "uncertain", "skipped")

_CHANGEABLE = frozenset(
    {
        "template", "text", "segments", "marketing", "state", "at", "skipped", "looked_to",
        "started_at", "gathered_at", "finished_at", "progress_message", "progress_shown",
        "progress_at",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient of the clinic, with what decides whether a broadcast is for her.

    Attributes:
        patient: Who it is.
        procedure: Her latest treatment's procedure; empty if she has none.
        area: Its area.
        treated_at: When it was.
        next_session: When her next appointment begins, if one is booked.
        recent: How many unasked messages she has had, or is about to have, lately.
        marketing: Whether she agreed to marketing.
    """

    patient: Patient
    procedure: str
    area: str
    treated_at: datetime | None
    next_session: datetime | None
    recent: int
    marketing: bool


def add(
    db: Database,
    *,
    clinic_id: int,
    template: str,
    text: str,
    segments: Sequence[str],
    marketing: bool,
    at: datetime | None,
    created_by: str,
    now: datetime,
) -> int:
    """Insert a draft and return its id."""
    return inserted(
        db,
        "INSERT INTO broadcast (clinic_id, template, text, segments, marketing, at, created_by,"
        " created_at) VALUES (:clinic, :template, :text, :segments, :marketing, :at, :by, :now)"
        " RETURNING id",
        {
            "clinic": clinic_id,
            "template": template,
            "text": text,
            "segments": json.dumps(list(segments)),
            "marketing": int(marketing),
            "at": stamp(at) if at else None,
            "by": created_by,
            "now": stamp(now),
        },
    )


def change(db: Database, broadcast_id: int, /, **values: Any) -> None:
    """Set some columns; raises `KeyError` for a fixed one."""
    for column, value in values.items():
        if column not in _CHANGEABLE:
            raise KeyError(column)
        changed(
            db,
            f"UPDATE broadcast SET {column} = :value WHERE id = :id",
            {"value": _stored(value), "id": broadcast_id},
        )


def by_id(db: Database, broadcast_id: int) -> Broadcast | None:
    """Return a broadcast."""
    row = one_row(db, "SELECT * FROM broadcast WHERE id = :id", {"id": broadcast_id})
    return _broadcast(row) if row else None


def of_clinic(db: Database, clinic_id: int, broadcast_id: int) -> Broadcast | None:
    """Return a broadcast, if it is this clinic's."""
    broadcast = by_id(db, broadcast_id)
    return broadcast if broadcast is not None and broadcast.clinic_id == clinic_id else None


def listed(db: Database, clinic_id: int | None = None, *, limit: int = -1) -> list[Broadcast]:
    """Return broadcasts, or those of one clinic, the newest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE :clinic IS NULL OR clinic_id = :clinic"
        " ORDER BY id DESC LIMIT :limit",
        {"clinic": clinic_id, "limit": limit},
    )
    return [_broadcast(row) for row in rows]


def live(db: Database) -> list[Broadcast]:
    """Return what is scheduled, being sent or paused, the oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE state IN ('scheduled', 'sending', 'paused') ORDER BY id",
    )
    return [_broadcast(row) for row in rows]


def unshown(db: Database) -> list[Broadcast]:
    """Return broadcasts whose message in the group may have to change, the oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE started_at IS NOT NULL AND"
        " (state IN ('sending', 'paused') OR progress_shown NOT LIKE state || ' %') ORDER BY id",
    )
    return [_broadcast(row) for row in rows]


def candidates(
    db: Database, clinic_id: int, *, after: int, limit: int, now: datetime, since: datetime
) -> list[Candidate]:
    """Return a page of a clinic's patients.

    Args:
        db: The database.
        clinic_id: The clinic.
        after: Only patients with a higher id.
        limit: The most to return.
        now: From when on an appointment is to come.
        since: From when on messages count as recent.
    """
    rows = all_rows(
        db,
        f"{_CANDIDATE} WHERE patient.clinic_id = :clinic AND patient.id > :after"
        " ORDER BY patient.id LIMIT :limit",
        {
            "clinic": clinic_id,
            "after": after,
            "limit": limit,
            "now": stamp(now),
            "since": stamp(since),
        },
    )
    return [_candidate(row) for row in rows]


def candidate(db: Database, patient_id: int, *, now: datetime, since: datetime) -> Candidate | None:
    """Return one patient as `candidates` does."""
    row = one_row(
        db,
        f"{_CANDIDATE} WHERE patient.id = :patient",
        {"patient": patient_id, "now": stamp(now), "since": stamp(since)},
    )
    return _candidate(row) if row else None


def add_recipients(db: Database, broadcast_id: int, patient_ids: Sequence[int]) -> None:
    """Note who is to get a broadcast."""
    db.conn.executemany(
        "INSERT INTO broadcast_recipient (broadcast_id, patient_id) VALUES (?, ?)"
        " ON CONFLICT DO NOTHING",
        [(broadcast_id, patient_id) for patient_id in patient_ids],
    )


def take_recipients(db: Database, broadcast_id: int, limit: int) -> list[int]:
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
    return changed(
        db,
        "UPDATE outbox SET state = 'skipped', detail = 'stopped', finished_at = :now"
        " WHERE broadcast_id = :id AND state = 'waiting'",
        {"id": broadcast_id, "now": stamp(now)},
    )


def may_go(db: Database, row: OutboxRow, now: datetime) -> bool:
    """Whether a row of a broadcast may be sent at this very moment; if not, it is put where it
    belongs: back among the recipients of a paused one, or aside.
    """
    found = one_row(
        db,
        "SELECT broadcast.id, broadcast.state FROM outbox"
        " JOIN broadcast ON broadcast.id = outbox.broadcast_id WHERE outbox.id = :id",
        {"id": row.id},
    )
    if found is None or found["state"] == "sending":
        return True
    if found["state"] == "paused":
        take_back(db, found["id"], row.id)
    else:
        outbox.finish(db, row.id, "skipped", now, detail="stopped")
    return False


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


def reasons(db: Database, broadcast_id: int) -> dict[str, int]:
    """Return why recipients were passed over after sending began: reason -> how many."""
    rows = all_rows(
        db,
        "SELECT detail, COUNT(*) AS n FROM outbox WHERE broadcast_id = :id AND state = 'skipped'"
        " GROUP BY detail ORDER BY detail",
        {"id": broadcast_id},
    )
    return {row["detail"]: row["n"] for row in rows}


def uncertain(db: Database, broadcast_id: int) -> list[Row]:
    """Return ref and reference of everybody of whom nobody can know whether it arrived."""
    return all_rows(
        db,
        "SELECT patient.ref, patient.reference FROM outbox"
        " JOIN patient ON patient.id = outbox.patient_id"
        " WHERE outbox.broadcast_id = :id AND outbox.state = 'uncertain' ORDER BY patient.ref",
        {"id": broadcast_id},
    )


_CANDIDATE = f"""
SELECT patient.*, treatment.procedure, treatment.area, treatment.treated_at,
 (SELECT MIN(starts_at) FROM session WHERE session.patient_id = patient.id
   AND session.starts_at >= :now AND session.state IN {TO_COME}) AS next_session,
 (SELECT COUNT(*) FROM outbox WHERE outbox.patient_id = patient.id
   AND outbox.kind IN ('reminder', 'broadcast') AND outbox.created_at >= :since
   AND outbox.state IN ('waiting', 'trying', 'sent', 'uncertain')) AS recent,
 (SELECT given FROM consent WHERE consent.patient_id = patient.id
   AND consent.kind = 'marketing' ORDER BY consent.id DESC LIMIT 1) AS marketing
FROM patient LEFT JOIN treatment ON treatment.id = (
 SELECT id FROM treatment WHERE treatment.patient_id = patient.id AND treatment.state = 'active'
 ORDER BY treatment.treated_at DESC, treatment.id DESC LIMIT 1)"""


def _candidate(row: Row) -> Candidate:
    return Candidate(
        patient=patients.of_row(row),
        procedure=row["procedure"] or "",
        area=row["area"] or "",
        treated_at=maybe_instant(row["treated_at"]),
        next_session=maybe_instant(row["next_session"]),
        recent=row["recent"],
        marketing=bool(row["marketing"]),
    )


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), sort_keys=True)
    if isinstance(value, tuple | list):
        return json.dumps(list(value))
    return value


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        clinic_id=row["clinic_id"],
        template=row["template"],
        text=row["text"],
        segments=tuple(json.loads(row["segments"])),
        marketing=bool(row["marketing"]),
        state=row["state"],
        at=maybe_instant(row["at"]),
        skipped=json.loads(row["skipped"]),
        looked_to=row["looked_to"],
        created_by=row["created_by"],
        created_at=instant(row["created_at"]),
        started_at=maybe_instant(row["started_at"]),
        gathered_at=maybe_instant(row["gathered_at"]),
        finished_at=maybe_instant(row["finished_at"]),
        progress_message=row["progress_message"],
        progress_shown=row["progress_shown"],
        progress_at=maybe_instant(row["progress_at"]),
    )
