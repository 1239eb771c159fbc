"""From what is due to what is sent: the reminders of one patient become one outbox message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from content.catalog import Catalog, Words
from scheduler import payload
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Clinic, Patient, Priority, Reminder, Treatment
from scheduler.services import care
from scheduler.services.composing import Composer
from scheduler.store import clinics, outbox, patients, reminders
from scheduler.wall_time import QuietHours

LATER = timedelta(hours=2)


def queue_due(
    db: Database, composer: Composer, patient_ids: Sequence[int], now: datetime
) -> Counter[str]:
    """Hand what is due for some patients to the outbox, each as one message.

    It is looked at anew here, because a tick may come late: what has grown stale is put aside,
    what would come in quiet hours waits for the morning, and the limit of the day holds. All of
    them are read and written together: four queries and a change for a hundred patients, not each.

    Returns:
        Counts of reminders: `queued`, `postponed`, `stale`, `too_many`.
    """
    counts: Counter[str] = Counter()
    known = patients.by_ids(db, patient_ids)
    due = reminders.due_of(db, patient_ids, now)
    treatments = patients.treatments_of(db, patient_ids)
    taken = care.taken_today(db, list(known.values()), now)
    of_clinic: dict[int, Clinic] = {}
    queued: list[tuple[int, int]] = []
    for patient_id, patient in known.items():
        rows = _fresh(db, due.get(patient_id, ()), now, counts)
        if not rows or patient.chat_id is None or not _open(db, patient, rows, now, counts):
            continue
        if patient.clinic_id not in of_clinic:
            of_clinic[patient.clinic_id] = clinics.by_id(db, patient.clinic_id)
        theirs = treatments[patient_id]
        if taken[patient_id] >= care.pace(composer.catalog, theirs).most_a_day:
            counts["too_many"] += _skip(db, rows, "too_many")
            continue
        outbox_id = _queue(db, composer, of_clinic[patient.clinic_id], patient, theirs, rows, now)
        if outbox_id is None:  # no row may stay due for ever
            _skip(db, rows, "said_before")
            continue
        queued += [(row.id, outbox_id) for row in rows]
    reminders.queued(db, queued)
    counts["queued"] = len(queued)
    return counts


def _fresh(
    db: Database, due: Sequence[Reminder], now: datetime, counts: Counter[str]
) -> list[Reminder]:
    """Return what is still worth saying, and put the rest aside."""
    fresh = [row for row in due if row.stale_at >= now]
    if len(fresh) < len(due):
        counts["stale"] += _skip(db, [row for row in due if row.stale_at < now], "stale")
    return fresh


def _open(
    db: Database, patient: Patient, rows: Sequence[Reminder], now: datetime, counts: Counter[str]
) -> bool:
    """Whether a patient may be written to now; what is due in quiet hours is put off."""
    opens = QuietHours(patient.quiet_from, patient.quiet_to).next_open(now, patient.zone)
    if opens > now:
        reminders.postpone(db, patient.id, now, opens)
        counts["postponed"] += len(rows)
    return opens <= now


def _skip(db: Database, rows: Sequence[Reminder], reason: str) -> int:
    for row in rows:
        reminders.skip(db, row.id, reason)
    return len(rows)


def _queue(
    db: Database,
    composer: Composer,
    clinic: Clinic,
    patient: Patient,
    treatments: Sequence[Treatment],
    rows: Sequence[Reminder],
    now: datetime,
) -> int | None:
    """Put one patient's message into the outbox; None if that message was there before."""
    text = composer.text(clinic, patient, treatments, rows)
    buttons = _buttons(composer.catalog, treatments, rows, patient.language)
    quiet = QuietHours(patient.quiet_from, patient.quiet_to)
    return outbox.add(
        db,
        dedupe_key=reminders.message_key(rows[0].treatment_id, rows[0].step),
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id or 0,
        priority=Priority.REMINDER,
        payload=payload.pack(text, buttons),
        content_version=composer.catalog.version,
        now=now,
        expires_at=_expiry(rows, quiet, patient, now),
    )


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
