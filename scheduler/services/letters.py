"""What the people of a clinic say to one patient: queued ahead of everything unasked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog
from content.view import view
from scheduler import payload
from scheduler.messenger import Attachment, Keyboard
from scheduler.model import Clinic, Escalation, Patient, Priority
from scheduler.services import care
from scheduler.store import aside, clinics, outbox, patients

WORTH = timedelta(days=3)


def people(db: Database, row: Escalation) -> tuple[Patient, Clinic]:
    """Return whose escalation it is and the clinic that has it; `LookupError` if she is gone."""
    patient = patients.by_id(db, row.patient_id)
    if patient is None:
        raise LookupError(f"patient {row.patient_id}")
    return patient, clinics.by_id(db, row.clinic_id)


def context(
    db: Database, catalog: Catalog, clinic: Clinic, patient: Patient, now: datetime
) -> dict[str, Any]:
    """Return what a text to the patient may name."""
    treatments = patients.treatments(db, patient.id)
    return view(
        care.standing(catalog, clinic, patient, treatments, now),
        care.voice(clinic, now, patient.language),
    )


def queue(
    db: Database,
    catalog: Catalog,
    patient: Patient,
    text: str,
    now: datetime,
    *,
    key: str,
    keyboard: Keyboard = (),
    silent: bool = False,
    attachment: Attachment | None = None,
) -> int | None:
    """Queue a message of the bot's own wording; None if she has no chat, or has it already."""
    packed = payload.pack(text, keyboard, silent=silent, attachment=attachment)
    return _add(db, catalog, patient, packed, now, key, attempts=0)


def queue_once(
    db: Database, catalog: Catalog, patient: Patient, packed: str, now: datetime, *, key: str
) -> int | None:
    """Queue what a person wrote, as `payload.pack` wrote it.

    If nobody can know whether it arrived, it is not tried again: a person decides about that.
    """
    return _add(db, catalog, patient, packed, now, key, attempts=aside.ONCE)


def _add(
    db: Database,
    catalog: Catalog,
    patient: Patient,
    packed: str,
    now: datetime,
    key: str,
    *,
    attempts: int,
) -> int | None:
    if patient.chat_id is None:
        return None
    return outbox.add(
        db,
        dedupe_key=key,
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REPLY,
        payload=packed,
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
        attempts=attempts,
    )
