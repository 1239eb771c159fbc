"""From what is due to what is sent: the reminders of one patient become one outbox message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from content.catalog import Catalog, Words
from content.view import view
from scheduler import payload
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Clinic, Patient, Priority, Reminder, Treatment
from scheduler.plan import QuietHours
from scheduler.services import care
from scheduler.store import clinics, outbox, patients, reminders

LATER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of one patient's due reminders: how many rows each way."""

    queued: int = 0
    postponed: int = 0
    stale: int = 0
    too_many: int = 0


def queue_due(db: Database, catalog: Catalog, patient_id: int, now: datetime) -> Queued:
    """Hand what is due for a patient to the outbox as one message.

    It is looked at anew here, because a tick may come late: what has grown stale is put aside,
    what would come in quiet hours waits for the morning, and the limit of the day holds.
    """
    patient = patients.by_id(db, patient_id)
    due = reminders.due(db, patient_id, now)
    if patient is None or patient.chat_id is None or not due:
        return Queued()
    fresh = [row for row in due if row.stale_at >= now]
    for row in due:
        if row not in fresh:
            reminders.skip(db, row.id, "stale")
    stale = len(due) - len(fresh)
    if not fresh:
        return Queued(stale=stale)
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    opens = quiet.next_open(now, patient.zone)
    if opens > now:
        reminders.postpone(db, patient_id, now, opens)
        return Queued(postponed=len(fresh), stale=stale)
    clinic = clinics.by_id(db, patient.clinic_id)
    treatments = patients.treatments(db, patient_id)
    known = care.courses(catalog, clinic, treatments)
    today = now.astimezone(patient.zone).date()
    if care.taken_today(db, patient, now)[today] >= care.pace(known).most_a_day:
        for row in fresh:
            reminders.skip(db, row.id, "too_many")
        return Queued(too_many=len(fresh), stale=stale)
    text = compose(catalog, clinic, patient, treatments, fresh, now)
    buttons = _buttons(catalog, treatments, fresh, patient.language)
    outbox_id = outbox.add(
        db,
        dedupe_key=f"reminder:{fresh[0].treatment_id}:{fresh[0].step}",
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REMINDER,
        payload=payload.pack(text, buttons),
        content_version=catalog.version,
        now=now,
        expires_at=_expiry(fresh, quiet, patient, now),
    )
    if outbox_id is None:  # no row may stay due for ever
        for row in fresh:
            reminders.skip(db, row.id, "said_before")
        return Queued(stale=stale)
    reminders.queued(db, [row.id for row in fresh], outbox_id)
    return Queued(queued=len(fresh), stale=stale)


def compose(
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    treatments: Sequence[Treatment],
    rows: Sequence[Reminder],
    now: datetime,
) -> str:
    """Return the text of a message of several reminders, as it stands for this patient now."""
    of = {treatment.id: treatment for treatment in treatments}
    context = view(
        care.standing(catalog, clinic, patient, treatments, now),
        care.voice(clinic, now, patient.language),
    )
    texts = [
        catalog.step(
            of[row.treatment_id].procedure, patient.language, row.step, context, clinic=clinic.slug
        )
        for row in rows
        if row.shown
    ]
    return "\n\n".join(texts)


def done_and_later(reminder_id: int, words: Words, *, later: bool = True) -> Keyboard:
    """Return the buttons under a reminder that asks for something to be done."""
    ticks = [Button(words("button", "done"), pack("done", reminder_id), style="success")]
    if later:
        ticks.append(Button(words("button", "later"), pack("later", reminder_id)))
    return (tuple(ticks), _wrong(words))


def remind_later(
    db: Database, catalog: Catalog, patient: Patient, row_id: int, now: datetime
) -> datetime | None:
    """Send a reminder again two hours on; None if that would be in quiet hours or it was done.

    Raises:
        LookupError: If there is no such message of this patient.
    """
    row = outbox.by_id(db, row_id)
    if row is None or row.patient_id != patient.id:
        raise LookupError(f"outbox {row_id}")
    at = now + LATER
    if QuietHours(patient.quiet_from, patient.quiet_to).quiet(at.astimezone(patient.zone)):
        return None
    said = payload.unpack(row.payload, row.chat_id)
    first = reminders.first_of(db, row_id)
    if first is None:
        return None
    words = catalog.words(patient.language)
    outbox.add(
        db,
        dedupe_key=f"later:{row_id}",
        clinic_id=row.clinic_id,
        patient_id=patient.id,
        chat_id=row.chat_id,
        priority=Priority.REMINDER,
        payload=payload.pack(said.text, done_and_later(first, words, later=False)),
        content_version=row.content_version,
        now=now,
        due_at=at,
        expires_at=at + LATER,
    )
    return at


def _buttons(
    catalog: Catalog,
    treatments: Sequence[Treatment],
    rows: Sequence[Reminder],
    language: str,
) -> Keyboard:
    words = catalog.words(language)
    of = {treatment.id: catalog.procedure(treatment.procedure) for treatment in treatments}
    if any(of[row.treatment_id].step(row.step).ticks for row in rows if row.shown):
        return done_and_later(rows[0].id, words)
    return (_wrong(words),)


def _wrong(words: Words) -> tuple[Button, ...]:
    return (Button(words("button", "wrong"), pack("wrong"), style="danger"),)


def _expiry(
    rows: Sequence[Reminder], quiet: QuietHours, patient: Patient, now: datetime
) -> datetime:
    """A message in the outbox is worth nothing once its parts are stale or the night begins."""
    stale = max(row.stale_at for row in rows)
    night = _night(now, quiet, patient.zone)
    return stale if night is None else min(stale, night)


@lru_cache(maxsize=256)
def _night(now: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime | None:
    """Return the first quarter of an hour from now in which the night has begun, if one comes."""
    quarters = (now + timedelta(minutes=15 * number) for number in range(1, 4 * 24 + 1))
    return next((at for at in quarters if quiet.quiet(at.astimezone(zone))), None)
