"""What a patient sets: language, time zone, pause, opt-out. Each takes effect at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Patient
from scheduler.services import care, sessions
from scheduler.store import aside, patients, records

PAUSE = timedelta(days=1)

Change = Literal["changed", "unchanged"]


def set_language(db: Database, patient: Patient, language: str) -> None:
    """Speak another language from now on."""
    patients.change(db, patient.id, language=language)


def set_timezone(
    db: Database, catalog: Catalog, patient: Patient, timezone: str, now: datetime
) -> None:
    """Live by another clock from now on; what waits moves with it."""
    patients.change(db, patient.id, timezone=timezone, asked=None)
    care.replan(db, catalog, patient.id, now)
    sessions.replan(db, patient.id, now)


def pause(db: Database, patient: Patient, now: datetime) -> datetime:
    """Send nothing unasked for a day; return until when."""
    until = now + PAUSE
    patients.change(db, patient.id, paused_until=until)
    aside.unasked(db, patient.id, now, "paused")
    return until


def resume(db: Database, catalog: Catalog, patient: Patient, now: datetime) -> Change:
    """Send again, after a pause or an opt-out; nothing that has grown stale."""
    paused = patient.paused_until is not None and patient.paused_until > now
    if patient.state == "active" and not paused:
        return "unchanged"
    patients.change(db, patient.id, paused_until=None)
    if patient.state == "stopped":
        patients.change(db, patient.id, state="active")
        _note(db, patient, "patient.resumed", now)
        care.replan(db, catalog, patient.id, now)
    return "changed"


def stop(
    db: Database, catalog: Catalog, patient: Patient, now: datetime, *, actor: str = "patient"
) -> Change:
    """Opt out of everything unasked; answers to questions go on."""
    if patient.state == "stopped":
        return "unchanged"
    patients.change(db, patient.id, state="stopped")
    aside.unasked(db, patient.id, now, "opted_out")
    _note(db, patient, "patient.stopped", now, actor=actor)
    care.replan(db, catalog, patient.id, now)
    return "changed"


def _note(
    db: Database, patient: Patient, action: str, now: datetime, *, actor: str = "patient"
) -> None:
    records.audit(
        db,
        now=now,
        actor=actor,
        action=action,
        subject=patient.ref,
        clinic_id=patient.clinic_id,
    )
