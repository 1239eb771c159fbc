"""What is still to be said about appointments, and to whom nothing is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.appointments import Due
from scheduler.model import Notice, NoticeStage
from scheduler.store import aside
from scheduler.store.engine import instant, stamp
from scheduler.store.rows import all_rows, changed, one_row
from scheduler.store.sessions import TO_COME

GAP_NOTE = "session_gap:"
"""How the key of a note begins that nothing is booked; the treatment's number follows."""


def replace(db: Database, session_id: int, due: Sequence[Due], *, anew: bool) -> None:
    """Make the waiting notices of an appointment these.

    Args:
        db: The database.
        session_id: The appointment.
        due: What is to be said, and when.
        anew: Whether what was queued is forgotten, because the appointment has another start;
            otherwise a stage that was queued stays as it is.
    """
    kept = "" if anew else " AND state = 'waiting'"
    changed(db, f"DELETE FROM session_notice WHERE session_id = :id{kept}", {"id": session_id})
    db.conn.executemany(
        "INSERT INTO session_notice (session_id, stage, due_at, stale_at)"
        " VALUES (:session, :stage, :due, :stale) ON CONFLICT (session_id, stage) DO NOTHING",
        [
            {
                "session": session_id,
                "stage": notice.stage,
                "due": stamp(notice.at),
                "stale": stamp(notice.stale_at),
            }
            for notice in due
        ],
    )


def drop_messages(db: Database, session_id: int, now: datetime, reason: str) -> int:
    """Put aside what waits in the outbox about an appointment; return how many rows."""
    return aside.let_go(
        db,
        "state = 'waiting' AND id IN (SELECT outbox_id FROM session_notice WHERE session_id = :id)",
        {"id": session_id},
        now,
        reason,
    )


def drop_gap_notes(db: Database, patient_id: int, now: datetime) -> int:
    """Put aside what waits to tell a patient that nothing is booked; return how many rows."""
    return aside.let_go(
        db,
        "patient_id = :patient AND state = 'waiting' AND dedupe_key LIKE :key",
        {"patient": patient_id, "key": f"{GAP_NOTE}%"},
        now,
        "booked",
    )


def stage_at(db: Database, chat_id: int, message_id: int) -> NoticeStage | None:
    """Return which notice of an appointment a message was; None if it was none."""
    row = one_row(
        db,
        "SELECT session_notice.stage FROM outbox"
        " JOIN session_notice ON session_notice.outbox_id = outbox.id"
        " WHERE outbox.chat_id = :chat AND outbox.message_id = :message",
        {"chat": chat_id, "message": message_id},
    )
    return row["stage"] if row else None


def due(db: Database, now: datetime, limit: int) -> list[Notice]:
    """Return notices that may be queued, of patients who may be sent them, the oldest first."""
    rows = all_rows(
        db,
        "SELECT session_notice.* FROM session_notice"
        " JOIN session ON session.id = session_notice.session_id"
        " JOIN patient ON patient.id = session.patient_id"
        " WHERE session_notice.state = 'waiting' AND session_notice.due_at <= :now"
        " AND session_notice.stale_at >= :now AND patient.state = 'active'"
        " AND (patient.paused_until IS NULL OR patient.paused_until <= :now)"
        " ORDER BY session_notice.due_at LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [
        Notice(
            id=row["id"],
            session_id=row["session_id"],
            stage=row["stage"],
            due_at=instant(row["due_at"]),
            stale_at=instant(row["stale_at"]),
        )
        for row in rows
    ]


def skip_stale(db: Database, now: datetime, limit: int) -> int:
    """Put aside notices that are no longer worth sending; return how many."""
    return changed(
        db,
        "UPDATE session_notice SET state = 'skipped', reason = 'stale' WHERE id IN ("
        " SELECT id FROM session_notice WHERE state = 'waiting' AND due_at <= :now"
        " AND stale_at < :now LIMIT :limit)",
        {"now": stamp(now), "limit": limit},
    )


def queued(db: Database, notice_id: int, outbox_id: int | None) -> None:
    """Mark a notice as handed to the outbox; without a message it was said before."""
    changed(
        db,
        "UPDATE session_notice SET state = 'queued', outbox_id = :outbox WHERE id = :id",
        {"id": notice_id, "outbox": outbox_id},
    )


def postpone(db: Database, notice_id: int, until: datetime) -> None:
    """Move a notice to a later instant."""
    changed(
        db,
        "UPDATE session_notice SET due_at = :until WHERE id = :id",
        {"id": notice_id, "until": stamp(until)},
    )


def skip(db: Database, notice_id: int, reason: str) -> None:
    """Put one notice aside, with the reason."""
    changed(
        db,
        "UPDATE session_notice SET state = 'skipped', reason = :reason WHERE id = :id",
        {"id": notice_id, "reason": reason},
    )


def unbooked_treatments(
    db: Database, *, after: int, since: datetime, until: datetime, now: datetime, limit: int
) -> list[tuple[int, int]]:
    """Return (treatment, patient) with no later treatment, nothing booked and no note yet.

    Args:
        db: The database.
        after: Only treatments with a higher id, so that a long list is read in pages.
        since: Only treatments from here on.
        until: Only treatments up to here.
        now: The present instant.
        limit: The most to return.
    """
    rows = all_rows(
        db,
        "SELECT treatment.id, treatment.patient_id FROM treatment"
        " JOIN patient ON patient.id = treatment.patient_id"
        " WHERE treatment.id > :after AND treatment.state = 'active'"
        " AND treatment.treated_at BETWEEN :since AND :until AND patient.state = 'active'"
        " AND (patient.paused_until IS NULL OR patient.paused_until <= :now)"
        " AND NOT EXISTS (SELECT 1 FROM treatment later WHERE later.patient_id = patient.id"
        "  AND later.state = 'active' AND later.treated_at > treatment.treated_at)"
        " AND NOT EXISTS (SELECT 1 FROM session WHERE session.patient_id = patient.id"
        f"  AND session.starts_at >= :now AND session.state IN {TO_COME})"
        " AND NOT EXISTS (SELECT 1 FROM outbox"
        f"  WHERE outbox.dedupe_key = '{GAP_NOTE}' || treatment.id)"
        " ORDER BY treatment.id LIMIT :limit",
        {
            "after": after,
            "since": stamp(since),
            "until": stamp(until),
            "now": stamp(now),
            "limit": limit,
        },
    )
    return [(row["id"], row["patient_id"]) for row in rows]
