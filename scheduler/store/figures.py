"""What happened at a clinic within a span of time, as rows for the report to count."""

from __future__ import annotations

import json
from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import instant, stamp
from scheduler.store.rows import all_rows


def joined(db: Database, clinic_id: int, since: datetime, until: datetime) -> list[datetime]:
    """Return when patients joined."""
    return _instants(
        db, "SELECT joined_at AS at FROM patient WHERE clinic_id = :clinic"
        " AND joined_at >= :since AND joined_at < :until", clinic_id, since, until,
    )  # fmt: skip


def done(db: Database, clinic_id: int, since: datetime, until: datetime) -> list[datetime]:
    """Return when Done was tapped."""
    return _instants(
        db, "SELECT at FROM answer JOIN patient ON patient.id = answer.patient_id"
        " WHERE clinic_id = :clinic AND choice = 'done' AND at >= :since AND at < :until",
        clinic_id, since, until,
    )  # fmt: skip


def delivered(db: Database, clinic_id: int, since: datetime, until: datetime) -> int:
    """Return how many unasked messages reached Telegram for patients."""
    return len(
        _instants(
            db, "SELECT finished_at AS at FROM outbox WHERE clinic_id = :clinic"
            " AND patient_id IS NOT NULL AND state = 'sent'"
            " AND kind IN ('reminder', 'broadcast')"
            " AND finished_at >= :since AND finished_at < :until", clinic_id, since, until,
        )
    )  # fmt: skip


def questions(
    db: Database, clinic_id: int, since: datetime, until: datetime
) -> list[tuple[str, list[str]]]:
    """Return (route, topics) of what patients asked; never their words."""
    rows = all_rows(
        db,
        "SELECT route, topics FROM exchange JOIN patient ON patient.id = exchange.patient_id"
        " WHERE clinic_id = :clinic AND at >= :since AND at < :until",
        {"clinic": clinic_id, "since": stamp(since), "until": stamp(until)},
    )
    return [(row["route"], json.loads(row["topics"])) for row in rows]


def escalations(
    db: Database, clinic_id: int, since: datetime, until: datetime
) -> list[tuple[datetime, datetime | None]]:
    """Return when something was put before the clinic and when it was first replied to."""
    rows = all_rows(
        db,
        "SELECT opened_at, replied_at FROM escalation WHERE clinic_id = :clinic"
        " AND opened_at >= :since AND opened_at < :until",
        {"clinic": clinic_id, "since": stamp(since), "until": stamp(until)},
    )
    return [
        (instant(row["opened_at"]), instant(row["replied_at"]) if row["replied_at"] else None)
        for row in rows
    ]


def opted_out(db: Database, clinic_id: int, since: datetime, until: datetime) -> int:
    """Return how often a patient said stop."""
    return len(
        _instants(
            db, "SELECT at FROM audit WHERE clinic_id = :clinic AND action = 'patient.stopped'"
            " AND at >= :since AND at < :until", clinic_id, since, until,
        )
    )  # fmt: skip


def sessions(
    db: Database, clinic_id: int, since: datetime, until: datetime
) -> tuple[int, int]:  # fmt: skip
    """Return how many appointments begin in the span, and how many of those are confirmed."""
    rows = all_rows(
        db,
        "SELECT state, COUNT(*) AS n FROM session WHERE clinic_id = :clinic"
        " AND starts_at >= :since AND starts_at < :until AND state <> 'cancelled' GROUP BY state",
        {"clinic": clinic_id, "since": stamp(since), "until": stamp(until)},
    )
    confirmed = sum(row["n"] for row in rows if row["state"] in ("confirmed", "done"))
    return sum(row["n"] for row in rows), confirmed


def _instants(
    db: Database, sql: str, clinic_id: int, since: datetime, until: datetime
) -> list[datetime]:
    rows = all_rows(db, sql, {"clinic": clinic_id, "since": stamp(since), "until": stamp(until)})
    return [instant(row["at"]) for row in rows]
