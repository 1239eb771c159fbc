"""Correcting a treatment that was entered: what waits to be sent follows, what was sent stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Patient
from scheduler.services import care, enrolment
from scheduler.store import patients, records


def correct(
    db: Database,
    catalog: Catalog,
    patient: Patient,
    now: datetime,
    *,
    actor: str,
    treated_at: datetime | None = None,
    waits: Mapping[str, float] | None = None,
    cancel: bool = False,
) -> int:
    """Correct a patient's latest treatment.

    Args:
        db: The database, inside a transaction.
        catalog: The library.
        patient: Whose treatment it is.
        now: The present instant.
        actor: Who corrects it, such as `user:201` or `shell`; it goes to the audit log.
        treated_at: The right instant, if it was wrong.
        waits: Rule -> hours, beside the exceptions she has.
        cancel: The treatment was entered by mistake and counts no more.

    Returns:
        How many reminders wait for her now.

    Raises:
        EnrolmentError: If there is no treatment, or the time or a wait cannot be.
    """
    treatments = patients.treatments(db, patient.id)
    if not treatments:
        raise enrolment.EnrolmentError(f"{patient.ref} has no treatment to correct")
    latest = treatments[-1]
    if treated_at is not None:
        enrolment.check_time(treated_at, now)
    enrolment.check_waits(catalog, latest.procedure, waits or {})
    patients.correct_treatment(
        db,
        latest.id,
        treated_at=treated_at,
        waits={**latest.waits, **waits} if waits else None,
        cancelled=True if cancel else None,
    )
    records.audit(
        db,
        now=now,
        actor=actor,
        action="treatment.corrected",
        subject=patient.ref,
        clinic_id=patient.clinic_id,
    )
    return care.replan(db, catalog, patient.id, now)
