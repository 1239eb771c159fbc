"""A patient's data: the copy she can take away, and the erasure she can ask for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler import payload
from scheduler.model import Patient
from scheduler.store import (
    clinics,
    emptying,
    outbox,
    patients,
    records,
    reminders,
    roster,
    sessions,
    talk,
)
from scheduler.store.engine import stamp


def export(db: Database, patient: Patient) -> dict[str, Any]:
    """Return everything kept about a patient, as plain values fit for JSON."""
    clinic = clinics.by_id(db, patient.clinic_id)
    return {
        "patient": patient.ref,
        "clinic": clinic.name,
        "clinic_reference": patient.reference,
        "state": patient.state,
        "language": patient.language,
        "timezone": patient.timezone,
        "quiet_hours": f"{patient.quiet_from:%H:%M}-{patient.quiet_to:%H:%M}",
        "invited_at": stamp(patient.invited_at),
        "joined_at": stamp(patient.joined_at) if patient.joined_at else None,
        "paused_until": stamp(patient.paused_until) if patient.paused_until else None,
        "consents": [
            {**row, "given": bool(row["given"])} for row in patients.consents(db, patient.id)
        ],
        "treatments": [
            {
                "procedure": treatment.procedure,
                "area": treatment.area,
                "treated_at": stamp(treatment.treated_at),
                "waits": dict(treatment.waits),
                "cancelled": treatment.cancelled,
            }
            for treatment in patients.treatments(db, patient.id, cancelled=True)
        ],
        "reminders": [
            {key: row[key] for key in ("step", "due_at", "state", "reason")}
            for row in reminders.history(db, patient.id)
        ],
        "messages_to_you": [
            {
                "at": stamp(row.finished_at or row.created_at),
                "state": row.state,
                "reason": row.detail,
                "text": payload.unpack(row.payload, row.chat_id).text,
                "content_version": row.content_version,
            }
            for row in outbox.of_patient(db, patient.id)
        ],
        "messages_from_you": [
            {
                "at": row["at"],
                "text": row["said"],
                "route": row["route"],
                "topics": json.loads(row["topics"]),
                "warning_signs": json.loads(row["signs"]),
            }
            for row in talk.exchanges(db, patient.id)
        ],
        "passed_to_the_clinic": [
            {"at": stamp(row.opened_at), "level": row.level, "state": row.state}
            for row in talk.escalations(db, patient_id=patient.id)
        ],
        "notes_of_the_clinic": [
            {"at": row["at"], "text": row["said"]} for row in roster.notes(db, patient.id)
        ],
        "taps": talk.answers(db, patient.id),
        "appointments": [
            {
                "start": stamp(row.starts_at),
                "kind": row.kind,
                "state": row.state,
                "answered_at": stamp(row.answered_at) if row.answered_at else None,
            }
            for row in sessions.of_patient(db, patient.id)
        ],
    }


def erase(db: Database, patient: Patient, *, actor: str, now: datetime) -> None:
    """Delete a patient and all that hangs on her; the log keeps that it was done, without whom.

    What groups were shown of her is emptied by the running bot (`services.emptying`).
    """
    emptying.note(db, patient.id, now)
    patients.erase(db, patient.id)
    records.audit(
        db,
        now=now,
        actor=actor,
        action="patient.erased",
        subject="erased",
        clinic_id=patient.clinic_id,
    )
