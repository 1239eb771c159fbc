"""What the shell tells about patients: a line for each, or one on a sheet of her own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.commands.common import find_clinic, find_patient
from content.catalog import Catalog
from scheduler.model import Patient
from scheduler.services import care
from scheduler.store import clinics, past, patients, reminders
from scheduler.store.engine import stamp

MOST_PAST = 20


def listed(db: Database, slug: str | None, now: datetime) -> list[dict[str, Any]]:
    """Return a line for each patient of one clinic or of all, newest first."""
    of = find_clinic(db, slug).id if slug else None
    names = {clinic.id: clinic.slug for clinic in clinics.listed(db)}
    return [
        {
            "patient": row.ref,
            "clinic": names[row.clinic_id],
            "reference": row.reference,
            "state": row.state,
            "day": _day(db, row, now),
            "language": row.language,
            "timezone": row.timezone,
        }
        for row in patients.listed(db, of)
    ]


def _day(db: Database, row: Patient, now: datetime) -> int | None:
    treatments = patients.treatments(db, row.id)
    if not treatments:
        return None
    treated = treatments[-1].treated_at.astimezone(row.zone)
    return (now.astimezone(row.zone).date() - treated.date()).days


def shown(db: Database, catalog: Catalog, ref: str, now: datetime) -> dict[str, Any]:
    """Return where a patient stands at `now`, what is to come and what became of the last messages.

    Times are in her own zone; the past is the newest first.
    """
    row = find_patient(db, ref)
    clinic = clinics.by_id(db, row.clinic_id)
    treatments = patients.treatments(db, row.id)
    standing = care.standing(catalog, clinic, row, treatments, now)
    return {
        "patient": row.ref,
        "clinic": clinic.slug,
        "reference": row.reference,
        "state": row.state,
        "day": _day(db, row, now),
        "language": row.language,
        "timezone": row.timezone,
        "joined_at": stamp(row.joined_at) if row.joined_at else None,
        "paused_until": stamp(row.paused_until) if row.paused_until else None,
        "treatments": [
            {
                "procedure": treatment.procedure,
                "area": treatment.area,
                "treated_at": treatment.treated_at.astimezone(row.zone).isoformat(),
                "waits": dict(treatment.waits),
            }
            for treatment in treatments
        ],
        "waits_end": {
            rule: end.astimezone(row.zone).isoformat() for rule, end in standing.waits.items()
        },
        "upcoming": [
            {"at": reminder.due_at.astimezone(row.zone).isoformat(), "step": reminder.step}
            for reminder in reminders.upcoming(db, row.id)
        ],
        "past": [
            {
                "at": found.at.astimezone(row.zone).isoformat(),
                "step": found.step,
                "state": found.state,
                "reason": found.reason,
            }
            for found in past.of_patient(db, row.id, last=MOST_PAST)
        ],
    }
