"""How a patient comes to the bot: a code from the clinic, the tap, the consent, the plan."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic, Patient
from scheduler.plan import wait_problem
from scheduler.services import care
from scheduler.store import clinics, codes, patients, records, sessions

CONSENT_VERSION = "2026.1"
CODE_LIFE = timedelta(days=14)
LONGEST_REFERENCE = 40
CODE_BYTES = 16  # 128 random bits, the least that the issue of a medical code should have

Refusal = Literal["unknown", "used", "expired", "someone_else"]


class EnrolmentError(Exception):
    """What staff entered cannot be enrolled; the text says what and what was expected."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A patient who has been entered and the code that lets her in.

    Attributes:
        patient: The public reference.
        code: The one-time code; nothing else keeps it.
        expires_at: Until when it works.
    """

    patient: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A code that worked: the patient, who has yet to agree, and her clinic."""

    patient: Patient
    clinic: Clinic
    again: bool


def invite(
    db: Database,
    catalog: Catalog,
    *,
    clinic: Clinic,
    procedure: str,
    treated_at: datetime,
    now: datetime,
    area: str = "",
    reference: str = "",
    waits: Mapping[str, float] | None = None,
    actor: str = "shell",
) -> Invitation:
    """Enter a treated patient and make her code.

    Raises:
        EnrolmentError: If the treatment lies in the future or further back than the plan reaches,
            the area is none of the procedure's, or a wait is unknown or out of its range.
        ContentError: If there is no such procedure.
    """
    check_waits(catalog, procedure, waits or {})
    check_area(catalog, procedure, area)
    check_time(treated_at, now)
    check_reference(reference)
    ref = new_ref()
    patient_id = patients.add(
        db,
        ref=ref,
        clinic_id=clinic.id,
        reference=reference,
        language=clinic.language,
        timezone=clinic.timezone,
        now=now,
    )
    patients.add_treatment(
        db,
        patient_id,
        procedure=procedure,
        area=area,
        treated_at=treated_at,
        waits=waits or {},
        now=now,
    )
    code = secrets.token_urlsafe(CODE_BYTES)
    codes.add(
        db,
        code,
        purpose="enrol",
        clinic_id=clinic.id,
        patient_id=patient_id,
        now=now,
        expires_at=now + CODE_LIFE,
    )
    records.audit(
        db, now=now, actor=actor, action="patient.invited", subject=ref, clinic_id=clinic.id
    )
    return Invitation(ref, code, now + CODE_LIFE)


def new_ref() -> str:
    """Return a random public reference: short enough to read out, telling nothing."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is mistaken for another
    return "".join(secrets.choice(alphabet) for _ in range(8))


def check_waits(catalog: Catalog, procedure: str, waits: Mapping[str, float]) -> None:
    """Raise `EnrolmentError` for a wait that is unknown or out of its range."""
    rules = catalog.procedure(procedure).rules
    for key, hours in waits.items():
        if key not in rules:
            raise EnrolmentError(f"there is no wait {key!r}; expected one of {', '.join(rules)}")
        if problem := wait_problem(rules[key], hours):
            raise EnrolmentError(problem)


def check_area(catalog: Catalog, procedure: str, area: str) -> None:
    """Raise `EnrolmentError` for an area that the procedure is not done on; none is fine."""
    known = catalog.procedure(procedure).areas
    if area and area not in known:
        raise EnrolmentError(f"there is no area {area!r}; expected one of {', '.join(known)}")


def check_reference(reference: str) -> None:
    """Raise `EnrolmentError` for a reference that would not fit on one line of a card."""
    if len(reference) > LONGEST_REFERENCE or not (reference.isprintable()):
        raise EnrolmentError(
            f"the reference is over {LONGEST_REFERENCE} characters or not one line; "
            "expected a short one, and never a name"
        )


def check_time(treated_at: datetime, now: datetime) -> None:
    """Raise `EnrolmentError` for a treatment to come, or so long ago that it must be a slip."""
    if treated_at > now + timedelta(minutes=5):
        raise EnrolmentError("the treatment is in the future; enrol the patient once it is done")
    if treated_at < now - timedelta(days=365):
        raise EnrolmentError("the treatment is more than a year ago; check the date")


def clean_code(text: str) -> str:
    """Return a code as typed, without the spaces, line ends and quotes that come with pasting."""
    return "".join(text.split()).strip("'\"`<>.,;")


def open_code(
    db: Database, code: str, *, chat_id: int, language: str, now: datetime
) -> Opened | Refusal:
    """Let a patient in by her code.

    Nothing changes unless the code works. The same patient may tap her own code again, also when
    it was used by her before: she then simply goes on where she was.
    """
    row = codes.find(db, clean_code(code), "enrol")
    if row is None or row["patient_id"] is None:
        return "unknown"
    if row["used_at"] is not None and row["used_by"] != chat_id:
        return "used"
    if row["used_at"] is None and row["expires_at"] <= now:
        return "expired"
    patient = patients.by_id(db, row["patient_id"])
    if patient is None:
        return "unknown"
    clinic = clinics.by_id(db, patient.clinic_id)
    here = patients.by_chat(db, chat_id)
    if row["used_at"] is not None:
        return Opened(patient, clinic, again=True) if patient.chat_id == chat_id else "used"
    if here is not None and here.id != patient.id:
        if here.clinic_id != patient.clinic_id:
            return "someone_else"
        return _another_treatment(db, here, patient, clean_code(code), chat_id, clinic, now)
    codes.use(db, clean_code(code), by=chat_id, now=now)
    patients.change(db, patient.id, chat_id=chat_id, state="joining", language=language)
    return Opened(_again(db, patient.id), clinic, again=False)


def _another_treatment(
    db: Database,
    here: Patient,
    invited: Patient,
    code: str,
    chat_id: int,
    clinic: Clinic,
    now: datetime,
) -> Opened:
    """A patient whom the clinic treated again: the new treatment joins the one she has."""
    codes.use(db, code, by=chat_id, now=now)
    for treatment in patients.treatments(db, invited.id):
        patients.add_treatment(
            db,
            here.id,
            procedure=treatment.procedure,
            area=treatment.area,
            treated_at=treatment.treated_at,
            waits=treatment.waits,
            now=now,
        )
    codes.hand_over(db, from_patient=invited.id, to_patient=here.id)
    sessions.hand_over(db, from_patient=invited.id, to_patient=here.id)
    patients.erase(db, invited.id)
    if here.state != "active":
        patients.change(db, here.id, state="joining")
    return Opened(_again(db, here.id), clinic, again=False)


def join_again(db: Database, catalog: Catalog, patient_id: int, now: datetime) -> None:
    """Bring the plan of somebody who already agreed up to a new treatment."""
    care.replan(db, catalog, patient_id, now)


def enrol_oneself(
    db: Database,
    catalog: Catalog,
    *,
    clinic: Clinic,
    procedure: str,
    treated_at: datetime,
    chat_id: int,
    language: str,
    now: datetime,
) -> Opened:
    """Let in a patient whose clinic allows it, by her own word of when she was treated.

    Raises:
        EnrolmentError: If the clinic does not allow it, or the time cannot be.
    """
    if not clinic.self_enrol:
        raise EnrolmentError("this clinic enrols its patients itself")
    invitation = invite(
        db,
        catalog,
        clinic=clinic,
        procedure=procedure,
        treated_at=treated_at,
        now=now,
        actor="patient",
    )
    opened = open_code(db, invitation.code, chat_id=chat_id, language=language, now=now)
    if not isinstance(opened, Opened):
        raise EnrolmentError("this chat belongs to a patient of another clinic")
    return opened


def agree(
    db: Database, catalog: Catalog, patient_id: int, *, marketing: bool, now: datetime
) -> Patient:
    """Write the consent down and start the plan; agreeing twice changes nothing."""
    before = _again(db, patient_id)
    if before.state not in ("joining", "stopped"):
        return before
    patient = replace(before, state="active", joined_at=before.joined_at or now, paused_until=None)
    patients.record_consent(db, patient_id, "care", CONSENT_VERSION, given=True, now=now)
    patients.record_consent(db, patient_id, "marketing", CONSENT_VERSION, given=marketing, now=now)
    patients.change(db, patient_id, state="active", joined_at=patient.joined_at, paused_until=None)
    records.audit(
        db,
        now=now,
        actor="patient",
        action="patient.joined",
        subject=patient.ref,
        clinic_id=patient.clinic_id,
    )
    care.plan_anew(db, catalog, patient, now)
    return patient


def decline(db: Database, patient_id: int, now: datetime) -> None:
    """Write down a no to care messages; nothing is sent, and `/start` asks again.

    Who had agreed to an earlier treatment has stopped; who never agreed has still not joined.
    """
    patients.record_consent(db, patient_id, "care", CONSENT_VERSION, given=False, now=now)
    if _again(db, patient_id).joined_at is not None:
        patients.change(db, patient_id, state="stopped")


def _again(db: Database, patient_id: int) -> Patient:
    patient = patients.by_id(db, patient_id)
    if patient is None:
        raise LookupError(f"patient {patient_id}")
    return patient
