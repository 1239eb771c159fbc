"""The next appointment: booked, moved, and what came of it.

Whatever changes an appointment makes its notices anew and takes back what waits to be sent about
it, so nobody is reminded of a time that no longer holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler import appointments
from scheduler.model import Patient, Session, SessionSource, SessionState
from scheduler.store import notices, patients, records, sessions
from scheduler.wall_time import QuietHours

FURTHEST = timedelta(days=730)
LONGEST_KIND = 40
MISSED_LATELY = timedelta(days=7)


class SessionError(Exception):
    """An appointment cannot be set like that; the text says why and what was expected.

    Attributes:
        reason: The same in one word, for those who are told in their own language.
    """

    def __init__(self, text: str, reason: str = "past") -> None:
        super().__init__(text)
        self.reason = reason


def check_start(starts_at: datetime, now: datetime) -> None:
    """Raise `SessionError` for a start that has passed or lies too far ahead to be meant."""
    if starts_at <= now:
        raise SessionError("the start is in the past; expected a time to come")
    if starts_at > now + FURTHEST:
        raise SessionError("the start is more than two years ahead; check the date")


def check_kind(kind: str) -> str:
    """Return the kind without stray spaces; raises `SessionError` if it is too long."""
    plain = " ".join(kind.split())
    if len(plain) > LONGEST_KIND:
        raise SessionError(f"the kind is {len(plain)} characters long; at most {LONGEST_KIND}")
    return plain


def book(
    db: Database,
    patient: Patient,
    starts_at: datetime,
    *,
    source: SessionSource,
    actor: str,
    now: datetime,
    kind: str = "",
) -> Session:
    """Enter an appointment; one that she has at that very time stays as it is.

    Raises:
        SessionError: If the start has passed or lies too far ahead, or the kind is too long.
    """
    check_start(starts_at, now)
    kind = check_kind(kind)
    known = sessions.at(db, patient.id, starts_at)
    if known is not None and known.state not in ("cancelled", "missed"):
        return known
    if known is not None:
        sessions.move(db, known.id, starts_at, now)
        session_id = known.id
    else:
        session_id = sessions.add(
            db,
            clinic_id=patient.clinic_id,
            patient_id=patient.id,
            starts_at=starts_at,
            kind=kind,
            source=source,
            now=now,
        )
    _note(db, patient, "session.booked", actor, now)
    return _planned(db, session_id, patient, now, anew=True)


def move(
    db: Database, session: Session, starts_at: datetime, *, actor: str, now: datetime
) -> Session:
    """Give an appointment another start; the patient is asked anew.

    Raises:
        SessionError: If the start has passed or is too far ahead, or she has another one then.
    """
    check_start(starts_at, now)
    patient = _patient(db, session)
    other = sessions.at(db, patient.id, starts_at)
    if other is not None and other.id != session.id:
        raise SessionError("the patient has another appointment at that time", "taken")
    notices.drop_messages(db, session.id, now, "moved")
    sessions.move(db, session.id, starts_at, now)
    _note(db, patient, "session.moved", actor, now)
    return _planned(db, session.id, patient, now, anew=True)


def mark(
    db: Database, session: Session, state: SessionState, *, actor: str, now: datetime
) -> Session:
    """Write down what staff know: that she comes, came, did not come, or that it is off.

    Raises:
        SessionError: If it is said to be over before it began.
    """
    if state in ("missed", "done") and session.starts_at > now:
        raise SessionError("the appointment has not begun; it can be cancelled or moved", "early")
    if session.state == state:
        return session
    return set_state(db, session, state, actor=actor, now=now)


def set_state(
    db: Database,
    session: Session,
    state: SessionState,
    *,
    actor: str,
    now: datetime,
    answered_at: datetime | None = None,
) -> Session:
    """Let an appointment stand otherwise, whoever said so; what waits to be sent follows."""
    patient = _patient(db, session)
    sessions.set_state(db, session.id, state, answered_at=answered_at)
    if state != "confirmed":
        notices.drop_messages(db, session.id, now, state)
    _note(db, patient, f"session.{state}", actor, now)
    return _planned(db, session.id, patient, now)


def _planned(
    db: Database, session_id: int, patient: Patient, now: datetime, *, anew: bool = False
) -> Session:
    """Make the notices of an appointment those of its state and start; return it."""
    session = sessions.by_id(db, session_id)
    if session is None:
        raise LookupError(f"session {session_id}")
    if session.state in appointments.SETTLES:
        notices.drop_gap_notes(db, patient.id, now)
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    if session.state == "missed":
        lately = now - session.starts_at <= MISSED_LATELY
        due = [appointments.missed(now, zone=patient.zone, quiet=quiet)] if lately else []
    else:
        due = appointments.notices(
            session.starts_at,
            state=session.state,
            booked_at=session.booked_at,
            zone=patient.zone,
            quiet=quiet,
        )
    notices.replace(db, session.id, due, anew=anew)
    return session


def replan(db: Database, patient_id: int, now: datetime) -> None:
    """Make a patient's notices anew after she moved to another clock."""
    patient = patients.by_id(db, patient_id)
    if patient is None:
        return
    for session in sessions.coming(db, patient.id, now):
        _planned(db, session.id, patient, now)


def _patient(db: Database, session: Session) -> Patient:
    patient = patients.by_id(db, session.patient_id)
    if patient is None:
        raise LookupError(f"patient {session.patient_id}")
    return patient


def _note(db: Database, patient: Patient, action: str, actor: str, now: datetime) -> None:
    records.audit(
        db, now=now, actor=actor, action=action, subject=patient.ref, clinic_id=patient.clinic_id
    )
