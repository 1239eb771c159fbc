"""What a patient answers about her appointment, and how her clinic hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.buttons import pack
from scheduler.messenger import Button
from scheduler.model import Patient, Session
from scheduler.services import agenda, cards, posting
from scheduler.services.sessions import set_state
from scheduler.store import clinics, sessions
from scheduler.store.engine import stamp

Choice = Literal["yes", "move", "no"]
Said = Literal["confirmed", "wants_other_time", "cancelled"]
Outcome = Said | Literal["moved", "gone", "over"]

_MEANS: dict[Choice, Said] = {"yes": "confirmed", "move": "wants_other_time", "no": "cancelled"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tap of a patient came to.

    Attributes:
        session: The appointment as it is now.
        outcome: What is so now; `moved` if the button is of an earlier start, `gone` if the time
            was given back, `over` if it has passed.
        changed: Whether it was another answer than before.
    """

    session: Session
    outcome: Outcome
    changed: bool


def answer(
    db: Database,
    catalog: Catalog,
    patient: Patient,
    session_id: int,
    starts_at: datetime,
    choice: Choice,
    now: datetime,
) -> Answered:
    """Take a patient's tap and tell the clinic's group of it.

    Args:
        db: The database.
        catalog: The words.
        patient: Who tapped.
        session_id: The appointment.
        starts_at: When it began when the button was made, to the minute.
        choice: Her answer.
        now: The present instant.

    Raises:
        LookupError: If there is no such appointment of hers.
    """
    session = sessions.by_id(db, session_id)
    if session is None or session.patient_id != patient.id:
        raise LookupError(f"session {session_id}")
    if _minute(session.starts_at) != _minute(starts_at):
        return Answered(session, "moved", changed=False)
    if session.starts_at <= now or session.state in ("missed", "done"):
        return Answered(session, "over", changed=False)
    said = _MEANS[choice]
    if session.state == "cancelled" and said != "cancelled":
        return Answered(session, "gone", changed=False)
    if session.state == said:
        return Answered(session, said, changed=False)
    fresh = set_state(db, session, said, actor="patient", now=now, answered_at=now)
    _tell_group(db, catalog, fresh, patient, now)
    return Answered(fresh, said, changed=True)


def _tell_group(
    db: Database, catalog: Catalog, session: Session, patient: Patient, now: datetime
) -> None:
    """Say in the clinic's group what a patient answered; a clinic without one has the row."""
    clinic = clinics.by_id(db, session.clinic_id)
    words = catalog.words(clinic.language)
    text = catalog.screen(
        clinic.language,
        "session_answered",
        {
            "ref": cards.label(patient),
            "state": session.state,
            "starts": agenda.starts(session, clinic, now),
            "words": words,
        },
    )
    posting.post(
        db,
        catalog,
        clinic,
        "session",
        text,
        now,
        key=f"session:{session.id}:{session.state}:{stamp(now)}",
        keyboard=((Button(words("button", "session_open"), pack("ss.open", session.id)),),),
        patient_id=patient.id,
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
