"""The dates of one patient: her next appointment, and the calendar file she can take away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from content.catalog import Catalog
from content.moments import Moment
from scheduler.calendar import MOMENT, Entry, calendar_file
from scheduler.messenger import Attachment
from scheduler.model import Clinic, Patient, Session, SessionState
from scheduler.services import care
from scheduler.store import patients, sessions


@dataclass(frozen=True, slots=True)
class Next:
    """An appointment as its patient reads of it.

    Attributes:
        starts: When, by the clock of the clinic, where it takes place.
        state: Where it stands.
        elsewhere: Whether her own clock shows another time then.
    """

    starts: Moment
    state: SessionState
    elsewhere: bool


def following(db: Database, clinic: Clinic, patient: Patient, now: datetime) -> Next | None:
    """Return a patient's next appointment; None if none is to come."""
    coming = sessions.coming(db, patient.id, now)
    if not coming:
        return None
    session = coming[0]
    return Next(starts(session, clinic, now), session.state, elsewhere(session, clinic, patient))


def starts(session: Session, clinic: Clinic, now: datetime) -> Moment:
    """Return when an appointment begins by the clock of the clinic."""
    return Moment(session.starts_at.astimezone(clinic.zone), now.astimezone(clinic.zone))


def elsewhere(session: Session, clinic: Clinic, patient: Patient) -> bool:
    """Whether the patient's clock shows another time than the clinic's when it begins."""
    at = session.starts_at
    return at.astimezone(clinic.zone).utcoffset() != at.astimezone(patient.zone).utcoffset()


def appointment_file(
    catalog: Catalog, clinic: Clinic, patient: Patient, session: Session, now: datetime
) -> Attachment:
    """Return the calendar file of one appointment."""
    entry = _appointment(catalog, clinic, patient, session)
    return Attachment("document", "appointment.ics", calendar_file([entry], now))


def plan_file(
    db: Database, catalog: Catalog, clinic: Clinic, patient: Patient, now: datetime
) -> Attachment | None:
    """Return a patient's appointments and the ends of her waits as one calendar file.

    None if there is nothing to come. What the file holds is in the order of its dates.
    """
    treatments = patients.treatments(db, patient.id)
    waits = care.standing(catalog, clinic, patient, treatments, now).waits
    rules = care.procedure_of(catalog, treatments).rules
    words = catalog.words(patient.language)
    entries = [
        _appointment(catalog, clinic, patient, session)
        for session in sessions.coming(db, patient.id, now)
    ]
    entries += [
        Entry(f"{patient.ref}:{key}", end, words("rule", key), lasts=MOMENT)
        for key, end in waits.items()
        if end > now and rules[key].asked
    ]
    if not entries:
        return None
    entries.sort(key=lambda entry: entry.starts_at)
    return Attachment("document", "plan.ics", calendar_file(entries, now))


def _appointment(catalog: Catalog, clinic: Clinic, patient: Patient, session: Session) -> Entry:
    title = catalog.words(patient.language)("session", "calendar_title")
    return Entry(
        name=f"{patient.ref}:{session.id}",
        starts_at=session.starts_at,
        title=f"{title} {clinic.name}",
        note=clinic.phone,
        moves=session.moves,
    )
