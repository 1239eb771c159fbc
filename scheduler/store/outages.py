"""What became of a clinic's messages that fell due while Telegram was not reached."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.store.aside import IN_DOUBT
from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows

JUST_NOW = timedelta(minutes=1)
"""What was put off by a failed try is due again within this; what left since Telegram was heard of
again left within this; and that it is not heard of any more is noted within this."""


def late(db: Database, clinic_id: int, since: datetime, now: datetime) -> int:
    """Count what is due and waits to be sent, or has just been sent at last.

    What waits while Telegram is silent stays due as it was, so that may be before `since`.
    """
    waiting = _count(
        db,
        "SELECT COUNT(*) AS n FROM outbox WHERE clinic_id = :clinic AND patient_id IS NOT NULL"
        " AND created_at <= :early"
        " AND ((state IN ('waiting', 'trying') AND due_at <= :soon AND expires_at >= :now)"
        " OR (state = 'sent' AND finished_at > :early AND finished_at <= :now))",
        clinic_id,
        since,
        now,
    )
    planned = _count(
        db,
        "SELECT COUNT(*) AS n FROM reminder JOIN patient ON patient.id = reminder.patient_id"
        " WHERE patient.clinic_id = :clinic AND patient.next_due <= :now"
        " AND reminder.state = 'waiting' AND reminder.due_at >= :since"
        " AND reminder.due_at <= :now AND reminder.stale_at >= :now",
        clinic_id,
        since,
        now,
    )
    return waiting + planned


def skipped(db: Database, clinic_id: int, since: datetime, now: datetime) -> int:
    """Count what fell due in between and is no longer worth sending."""
    in_outbox = _count(
        db,
        "SELECT COUNT(*) AS n FROM outbox WHERE clinic_id = :clinic AND patient_id IS NOT NULL"
        " AND due_at <= :now"
        " AND ((state = 'skipped' AND detail = 'stale' AND finished_at >= :since"
        "  AND finished_at <= :now)"
        f" OR (state = 'waiting' AND expires_at < :now AND NOT ({IN_DOUBT})))",
        clinic_id,
        since,
        now,
    )
    planned = _count(
        db,
        "SELECT COUNT(*) AS n FROM reminder JOIN patient ON patient.id = reminder.patient_id"
        " WHERE patient.clinic_id = :clinic AND reminder.due_at >= :since"
        " AND reminder.due_at <= :now AND ((reminder.state = 'skipped' AND reason = 'stale')"
        " OR (reminder.state = 'waiting' AND reminder.stale_at < :now))",
        clinic_id,
        since,
        now,
    )
    return in_outbox + planned


def uncertain(db: Database, clinic_id: int, since: datetime, now: datetime) -> int:
    """Count messages to patients that ended uncertain in between, or are about to."""
    return _count(
        db,
        "SELECT COUNT(*) AS n FROM outbox WHERE clinic_id = :clinic AND patient_id IS NOT NULL"
        " AND ((state = 'uncertain' AND finished_at >= :since AND finished_at <= :now)"
        f" OR (state = 'waiting' AND due_at <= :now AND expires_at < :now AND {IN_DOUBT}))",
        clinic_id,
        since - JUST_NOW,
        now,
    )


def _count(db: Database, sql: str, clinic_id: int, since: datetime, now: datetime) -> int:
    instants = {
        "since": since, "early": now - JUST_NOW, "now": now, "soon": now + JUST_NOW,
    }  # fmt: skip
    named = {name: stamp(at) for name, at in instants.items() if f":{name}" in sql}
    rows: list[Row] = all_rows(db, sql, {"clinic": clinic_id, **named})
    return int(rows[0]["n"])
