"""A clinic's patients as staff look through them, and what one of them was sent and did."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.model import OutboxRow
from scheduler.store import outbox
from scheduler.store.engine import maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, inserted

QUIET_AFTER = 3
QUIET_WITHIN = timedelta(days=4)
"""A patient has gone quiet who was sent so many reminders in so long and answered none."""

_OF_CLINIC = "FROM patient WHERE clinic_id = :clinic"


def page(db: Database, clinic_id: int, now: datetime, *, limit: int, offset: int) -> list[Row]:
    """Return patients of a clinic: those who wait for an answer first, then the latest treated.

    Each row has `id`, `ref`, `reference`, `state`, `timezone`, `procedure`, `treated_at` (an
    instant or None), `waits` (the open escalation or None) and `quiet`.
    """
    rows = all_rows(
        db,
        "SELECT id, ref, reference, state, timezone,"
        " (SELECT procedure FROM treatment WHERE patient_id = patient.id AND state = 'active'"
        "  ORDER BY treated_at DESC LIMIT 1) AS procedure,"
        " (SELECT MAX(treated_at) FROM treatment WHERE patient_id = patient.id"
        "  AND state = 'active') AS treated_at,"
        " (SELECT MAX(id) FROM escalation WHERE patient_id = patient.id"
        "  AND state <> 'closed') AS waits,"
        " state = 'active' AND"
        " (SELECT COUNT(*) FROM outbox WHERE patient_id = patient.id AND kind = 'reminder'"
        "  AND state = 'sent' AND finished_at >= :since) >= :enough"
        " AND NOT EXISTS (SELECT 1 FROM answer WHERE patient_id = patient.id AND at >= :since)"
        " AND NOT EXISTS (SELECT 1 FROM exchange WHERE patient_id = patient.id AND at >= :since)"
        f" AS quiet {_OF_CLINIC}"
        " ORDER BY waits IS NULL, treated_at DESC, id DESC LIMIT :limit OFFSET :offset",
        {
            "clinic": clinic_id,
            "since": stamp(now - QUIET_WITHIN),
            "enough": QUIET_AFTER,
            "limit": limit,
            "offset": offset,
        },
    )
    for row in rows:
        row["treated_at"] = maybe_instant(row["treated_at"])
        row["quiet"] = bool(row["quiet"])
    return rows


def count(db: Database, clinic_id: int) -> int:
    """Return how many patients a clinic has."""
    return int(all_rows(db, f"SELECT COUNT(*) AS n {_OF_CLINIC}", {"clinic": clinic_id})[0]["n"])


def ticked(db: Database, patient_id: int) -> tuple[int, int]:
    """Return (done, asked): the reminders that asked for a tap, and those answered with Done."""
    row = all_rows(
        db,
        "SELECT COUNT(*) AS asked, SUM(EXISTS (SELECT 1 FROM answer"
        "  WHERE answer.outbox_id = outbox.id AND choice = 'done')) AS done FROM outbox"
        " WHERE patient_id = :patient AND kind = 'reminder' AND state = 'sent'"
        " AND dedupe_key LIKE 'reminder:%' AND payload LIKE '%\"v1:done:%'",
        {"patient": patient_id},
    )[0]
    return int(row["done"] or 0), int(row["asked"])


def sent(db: Database, patient_id: int) -> list[OutboxRow]:
    """Return everything that was queued for a patient, the newest first."""
    return outbox.of_patient(db, patient_id)[::-1]


def add_note(db: Database, patient_id: int, user_id: int, said: str, now: datetime) -> int:
    """Keep a note of staff about a patient."""
    return inserted(
        db,
        "INSERT INTO note (patient_id, user_id, at, said)"
        " VALUES (:patient, :user, :now, :said) RETURNING id",
        {"patient": patient_id, "user": user_id, "now": stamp(now), "said": said},
    )


def notes(db: Database, patient_id: int) -> list[Row]:
    """Return user_id, at and said of every note about a patient, oldest first."""
    return all_rows(
        db,
        "SELECT user_id, at, said FROM note WHERE patient_id = :patient ORDER BY id",
        {"patient": patient_id},
    )
