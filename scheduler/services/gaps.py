"""When the clinic's interval has passed and no next session is booked: one gentle note, once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from content.view import view
from scheduler import appointments, payload
from scheduler.messenger import Button
from scheduler.model import Priority
from scheduler.services import care
from scheduler.store import clinics, notices, outbox, patients, records, sessions
from scheduler.store.engine import instant, stamp
from scheduler.wall_time import QuietHours

SWEEP_EVERY = timedelta(hours=1)
SWEPT = "sessions.gap_swept"
SHORTEST_GAP = timedelta(hours=168)
LONGEST_GAP = timedelta(hours=2016)
"""The range that the library lets a clinic set for `session_gap`."""


def notes(
    db: Database, catalog: Catalog, now: datetime, after: int, batch: int
) -> tuple[Counter[str], int | None]:
    """Tell patients whose interval has passed that nothing is booked, once for a treatment.

    Args:
        db: The database.
        catalog: The words.
        now: The present instant.
        after: The treatment up to which this round has come.
        batch: How many to look at.

    Returns:
        Counts of notes `session_gap`, and the treatment to go on after; None at the end.
    """
    found = notices.unbooked_treatments(
        db,
        after=after,
        since=now - LONGEST_GAP - appointments.GAP_NOTE_STALE - timedelta(days=3),
        until=now - SHORTEST_GAP,
        now=now,
        limit=batch,
    )
    counts: Counter[str] = Counter()
    for treatment_id, patient_id in found:
        with db.atomic():
            counts["session_gap"] += _note(db, catalog, treatment_id, patient_id, now)
    return +counts, found[-1][0] if len(found) == batch else None


def round_due(db: Database, now: datetime) -> bool:
    """Whether it is time to look for intervals that have passed; notes when it was done.

    A note of a time to come was made by a clock that was ahead, and counts as none.
    """
    last = records.fact(db, SWEPT)
    if last is not None and timedelta() <= now - instant(last) < SWEEP_EVERY:
        return False
    records.keep(db, SWEPT, stamp(now))
    return True


def _note(db: Database, catalog: Catalog, treatment_id: int, patient_id: int, now: datetime) -> int:
    patient = patients.by_id(db, patient_id)
    if patient is None or patient.chat_id is None:
        return 0
    treatments = patients.treatments(db, patient.id)
    treated_at = next(row.treated_at for row in treatments if row.id == treatment_id)
    if not appointments.nothing_booked(sessions.of_patient(db, patient.id), treated_at, now):
        return 0
    clinic = clinics.by_id(db, patient.clinic_id)
    standing = care.standing(catalog, clinic, patient, treatments, now)
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    gap_ends = standing.waits["session_gap"]
    at, stale_at = appointments.gap_note(gap_ends, zone=patient.zone, quiet=quiet)
    if not at <= now <= stale_at or quiet.quiet(now.astimezone(patient.zone)):
        return 0
    text = catalog.screen(
        patient.language,
        "session_gap",
        view(standing, care.voice(clinic, now, patient.language)),
    )
    words = catalog.words(patient.language)
    queued = outbox.add(
        db,
        dedupe_key=f"{notices.GAP_NOTE}{treatment_id}",
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REMINDER,
        payload=payload.pack(
            text, ((Button(words("button", "copy_phone"), copy_text=clinic.phone),),)
        ),
        content_version=catalog.version,
        now=now,
        expires_at=stale_at,
    )
    return int(queued is not None)
