"""Appointments, and the messages about each that still wait to be queued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.appointments import Due
from scheduler.model import Notice, Session, SessionSource, SessionState
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, inserted, one_row

TO_COME = "('booked', 'confirmed', 'wants_other_time')"


def add(
    db: Database,
    *,
    clinic_id: int,
    patient_id: int,
    starts_at: datetime,
    kind: str,
    source: SessionSource,
    now: datetime,
) -> int:
    """Insert an appointment and return its id."""
    return inserted(
        db,
        "INSERT INTO session (clinic_id, patient_id, starts_at, kind, source, booked_at)"
        " VALUES (:clinic, :patient, :starts, :kind, :source, :now) RETURNING id",
        {
            "clinic": clinic_id,
            "patient": patient_id,
            "starts": stamp(starts_at),
            "kind": kind,
            "source": source,
            "now": stamp(now),
        },
    )


def move(db: Database, session_id: int, starts_at: datetime, now: datetime) -> None:
    """Set another start; the patient's answer to the old one no longer counts."""
    changed(
        db,
        "UPDATE session SET starts_at = :starts, booked_at = :now, state = 'booked',"
        " answered_at = NULL, moves = moves + 1 WHERE id = :id",
        {"id": session_id, "starts": stamp(starts_at), "now": stamp(now)},
    )


def hand_over(db: Database, *, from_patient: int, to_patient: int) -> None:
    """Let the appointments of one patient's entry be another's, save what she has already."""
    changed(
        db,
        "UPDATE session SET patient_id = :new WHERE patient_id = :old AND NOT EXISTS ("
        " SELECT 1 FROM session AS hers"
        " WHERE hers.patient_id = :new AND hers.starts_at = session.starts_at)",
        {"old": from_patient, "new": to_patient},
    )


def set_state(
    db: Database, session_id: int, state: SessionState, *, answered_at: datetime | None = None
) -> None:
    """Write down where an appointment stands, and when the patient said so if she did."""
    changed(
        db,
        "UPDATE session SET state = :state, answered_at = COALESCE(:answered, answered_at)"
        " WHERE id = :id",
        {
            "id": session_id,
            "state": state,
            "answered": stamp(answered_at) if answered_at else None,
        },
    )


def by_id(db: Database, session_id: int) -> Session | None:
    """Return an appointment."""
    return _maybe(one_row(db, "SELECT * FROM session WHERE id = :id", {"id": session_id}))


def of_clinic(db: Database, clinic_id: int, session_id: int) -> Session | None:
    """Return an appointment, if it is at this clinic."""
    session = by_id(db, session_id)
    return session if session is not None and session.clinic_id == clinic_id else None


def at(db: Database, patient_id: int, starts_at: datetime) -> Session | None:
    """Return a patient's appointment that begins at an instant."""
    return _maybe(
        one_row(
            db,
            "SELECT * FROM session WHERE patient_id = :patient AND starts_at = :starts",
            {"patient": patient_id, "starts": stamp(starts_at)},
        )
    )


def coming(db: Database, patient_id: int, now: datetime) -> list[Session]:
    """Return a patient's appointments to come that are not cancelled, the next one first."""
    rows = all_rows(
        db,
        "SELECT * FROM session WHERE patient_id = :patient AND starts_at >= :now"
        f" AND state IN {TO_COME} ORDER BY starts_at",
        {"patient": patient_id, "now": stamp(now)},
    )
    return [_session(row) for row in rows]


def of_patient(db: Database, patient_id: int) -> list[Session]:
    """Return every appointment of a patient, in order."""
    rows = all_rows(
        db,
        "SELECT * FROM session WHERE patient_id = :patient ORDER BY starts_at",
        {"patient": patient_id},
    )
    return [_session(row) for row in rows]


def listed(
    db: Database,
    clinic_id: int | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Row]:
    """Return appointments with the patient's public reference and the clinic's own, in order.

    Args:
        db: The database.
        clinic_id: Only those of a clinic.
        since: Only those that begin from here on.
        until: Only those that begin before.
    """
    return all_rows(
        db,
        "SELECT session.*, patient.ref, patient.reference, clinic.slug FROM session"
        " JOIN patient ON patient.id = session.patient_id"
        " JOIN clinic ON clinic.id = session.clinic_id"
        " WHERE (:clinic IS NULL OR session.clinic_id = :clinic)"
        " AND (:since IS NULL OR starts_at >= :since) AND (:until IS NULL OR starts_at < :until)"
        " ORDER BY starts_at, session.id",
        {
            "clinic": clinic_id,
            "since": stamp(since) if since else None,
            "until": stamp(until) if until else None,
        },
    )


def without(db: Database, clinic_id: int, now: datetime) -> list[Row]:
    """Return id, ref and reference of a clinic's joined patients with nothing booked to come."""
    return all_rows(
        db,
        "SELECT id, ref, reference FROM patient WHERE clinic_id = :clinic"
        " AND state IN ('active', 'stopped', 'blocked') AND NOT EXISTS ("
        "  SELECT 1 FROM session WHERE patient_id = patient.id AND starts_at >= :now"
        f"  AND session.state IN {TO_COME})"
        " ORDER BY id DESC",
        {"clinic": clinic_id, "now": stamp(now)},
    )


def replace_notices(db: Database, session_id: int, due: Sequence[Due], *, anew: bool) -> None:
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
    return changed(
        db,
        "UPDATE outbox SET state = 'skipped', detail = :reason, finished_at = :now"
        " WHERE state = 'waiting' AND id IN ("
        "  SELECT outbox_id FROM session_notice WHERE session_id = :id)",
        {"id": session_id, "now": stamp(now), "reason": reason},
    )


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
        "  WHERE outbox.dedupe_key = 'session_gap:' || treatment.id)"
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


def _maybe(row: Row | None) -> Session | None:
    return _session(row) if row else None


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        clinic_id=row["clinic_id"],
        patient_id=row["patient_id"],
        starts_at=instant(row["starts_at"]),
        kind=row["kind"],
        state=row["state"],
        source=row["source"],
        booked_at=instant(row["booked_at"]),
        answered_at=maybe_instant(row["answered_at"]),
        moves=row["moves"],
    )
