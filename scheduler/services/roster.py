"""A clinic's patients, as staff see and correct them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic, Escalation, Patient, Reminder, Treatment
from scheduler.services import care, preferences
from scheduler.store import inbox, patients, records, reminders, roster
from scheduler.store.members import Member

PAGE = 6
LONGEST_NOTE = 500

Mark = Literal["waits", "quiet", "blocked", "stopped", "invited", "joining", "active"]


@dataclass(frozen=True, slots=True)
class Line:
    """One patient in the list.

    Attributes:
        id: The key.
        label: What staff call her.
        procedure: What was done; empty if nothing counts.
        day: Local days since the treatment; None if nothing counts.
        mark: What staff should know first.
    """

    id: int
    label: str
    procedure: str
    day: int | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Record:
    """One patient, opened.

    Attributes:
        patient: The patient.
        treatments: Her treatments that count.
        done: Reminders answered with Done.
        asked: Reminders that asked for it.
        next: The next reminder to come.
        waits: Rule -> the end of its wait.
        escalation: What of hers waits for an answer.
        notes: What staff noted, oldest first: (user id, instant as text, words).
    """

    patient: Patient
    treatments: tuple[Treatment, ...]
    done: int
    asked: int
    next: Reminder | None
    waits: Mapping[str, datetime]
    escalation: Escalation | None
    notes: tuple[tuple[int, str, str], ...]


def page(db: Database, clinic: Clinic, now: datetime, number: int) -> tuple[list[Line], int, int]:
    """Return one page of the list, its number (within bounds) and how many pages there are."""
    pages = max(-(-roster.count(db, clinic.id) // PAGE), 1)
    number = min(max(number, 0), pages - 1)
    rows = roster.page(db, clinic.id, now, limit=PAGE, offset=number * PAGE)
    lines = []
    for row in rows:
        zone = ZoneInfo(row["timezone"])
        treated = row["treated_at"]
        day = None
        if treated is not None:
            day = (now.astimezone(zone).date() - treated.astimezone(zone).date()).days
        mark: Mark = row["state"]
        if row["waits"] is not None:
            mark = "waits"
        elif row["quiet"]:
            mark = "quiet"
        lines.append(
            Line(row["id"], row["reference"] or row["ref"], row["procedure"] or "", day, mark)
        )
    return lines, number, pages


def of_clinic(db: Database, clinic_id: int, patient_id: int) -> Patient | None:
    """Return a patient, if she is this clinic's."""
    patient = patients.by_id(db, patient_id)
    return patient if patient is not None and patient.clinic_id == clinic_id else None


def record(
    db: Database, catalog: Catalog, clinic: Clinic, patient: Patient, now: datetime
) -> Record:
    """Return everything about a patient that her card shows."""
    treatments = tuple(patients.treatments(db, patient.id))
    standing = care.standing(catalog, clinic, patient, treatments, now)
    done, asked = roster.ticked(db, patient.id)
    upcoming = [row for row in reminders.upcoming(db, patient.id) if row.shown]
    return Record(
        patient=patient,
        treatments=treatments,
        done=done,
        asked=asked,
        next=upcoming[0] if upcoming else None,
        waits=standing.waits,
        escalation=inbox.open_of(db, patient.id),
        notes=tuple(
            (row["user_id"], row["at"], row["said"]) for row in roster.notes(db, patient.id)
        ),
    )


def stop(db: Database, catalog: Catalog, patient: Patient, by: Member, now: datetime) -> bool:
    """Send a patient nothing unasked any more; False if it is so already."""
    return preferences.stop(db, catalog, patient, now, actor=by.actor) == "changed"


def note(db: Database, patient: Patient, by: Member, said: str, now: datetime) -> None:
    """Keep a note about a patient; she gets it with the copy of her data."""
    roster.add_note(db, patient.id, by.user_id, said.strip()[:LONGEST_NOTE], now)
    note_action(db, patient, by, "patient.noted", now)


def note_action(db: Database, patient: Patient, by: Member, action: str, now: datetime) -> None:
    """Write down what staff did with a patient's data, also that they looked at it."""
    records.audit(
        db,
        now=now,
        actor=by.actor,
        action=action,
        subject=patient.ref,
        clinic_id=patient.clinic_id,
    )
