"""Appointments: when each begins, where it stands and what the patient answered."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Session, SessionSource, SessionState
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
