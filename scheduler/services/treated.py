"""Enrolling a patient in the group: from a draft to her code, and on to the day she joins."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta, tzinfo

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic
from scheduler.services import enrolment, sessions
from scheduler.services.enrolment import CODE_BYTES, CODE_LIFE
from scheduler.store import codes, drafts, patients, records
from scheduler.store.drafts import Draft
from scheduler.store.members import Member
from scheduler.wall_time import at_wall_time

MORNING = time(9)
HOURS_AGO = {"now": 0, "h1": 1, "h2": 2}


def moment(choice: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the instant that a choice of time means; None for one that means none.

    Args:
        choice: `now`, `h1`, `h2`, `morning` or a local date and hour such as `2026-11-24T14`.
        now: The present instant.
        zone: The clinic's zone.
    """
    if choice in HOURS_AGO:
        return now - timedelta(hours=HOURS_AGO[choice])
    if choice == "morning":
        return at_wall_time(now.astimezone(zone).date(), MORNING, zone)
    day, _, hour = choice.partition("T")
    try:
        wall = time(int(hour[:2]), int(hour[2:] or 0))
        return at_wall_time(datetime.strptime(day, "%Y-%m-%d").date(), wall, zone)  # noqa: DTZ007
    except ValueError:
        return None


def in_time(at: datetime, now: datetime) -> bool:
    """Whether a treatment can have been at that instant: not in the future, not long ago."""
    try:
        enrolment.check_time(at, now)
    except enrolment.EnrolmentError:
        return False
    return True


def make(
    db: Database, catalog: Catalog, clinic: Clinic, draft: Draft, by: Member, now: datetime
) -> str | None:
    """Enrol the patient of a draft and return her code; None if that was done before.

    Raises:
        EnrolmentError: If the draft is not complete or something in it cannot be.
        SessionError: If the next session cannot be.
    """
    fresh = drafts.of_clinic(db, clinic.id, draft.id)
    if fresh is None or fresh.made_at is not None:
        return None
    if fresh.treated_at is None or not fresh.procedure:
        raise enrolment.EnrolmentError("the procedure or the time is missing")
    invitation = enrolment.invite(
        db,
        catalog,
        clinic=clinic,
        procedure=fresh.procedure,
        treated_at=fresh.treated_at,
        area=fresh.area,
        reference=fresh.reference,
        waits=fresh.waits,
        now=now,
        actor=by.actor,
    )
    drafts.change(db, fresh.id, code_digest=codes.digest(invitation.code), made_at=now)
    patient = patients.by_ref(db, invitation.patient)
    if patient is not None and fresh.next_at is not None:
        sessions.book(db, patient, fresh.next_at, source="treated", actor=by.actor, now=now)
    return invitation.code


def renew(db: Database, clinic: Clinic, draft: Draft, by: Member, now: datetime) -> str | None:
    """Make another code for a patient who has not joined, as when the first did not arrive.

    None if she has joined, or her entry is gone.
    """
    patient_id = drafts.patient_of(db, draft.id)
    patient = patients.by_id(db, patient_id) if patient_id is not None else None
    if patient is None or patient.state not in ("invited", "joining"):
        return None
    code = secrets.token_urlsafe(CODE_BYTES)
    codes.add(
        db,
        code,
        purpose="enrol",
        clinic_id=clinic.id,
        patient_id=patient.id,
        now=now,
        expires_at=now + CODE_LIFE,
    )
    drafts.change(db, draft.id, code_digest=codes.digest(code))
    records.audit(
        db,
        now=now,
        actor=by.actor,
        action="patient.code_renewed",
        subject=patient.ref,
        clinic_id=clinic.id,
    )
    return code


def joined(db: Database, patient_id: int, now: datetime) -> list[Draft]:
    """Note that a patient has joined; return the drafts whose cards should say so."""
    found = drafts.of_patient(db, patient_id)
    for draft in found:
        drafts.change(db, draft.id, joined_at=now)
    return found
