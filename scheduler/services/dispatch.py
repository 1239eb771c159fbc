"""A broadcast on its way: its recipients gathered, then queued in small batches.

Nobody is gathered before sending begins, and a message is a row of the outbox only shortly before
it is sent. So an opt-out, a pause or a stop is honoured for everything that has not left, and
replies and reminders never wait behind ten thousand rows.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Broadcast, Clinic, Priority
from scheduler.services import care, eligibility, segment, wording
from scheduler.services.audience import needs_of
from scheduler.services.eligibility import RECENT, Needs
from scheduler.store import broadcasts, candidates, clinics, outbox, patients, recipients
from scheduler.store.candidates import Candidate
from scheduler.wall_time import QuietHours

WORTH = timedelta(days=2)
AHEAD = 200
"""How many messages of one broadcast wait in the outbox; it bounds what a stop has to take back."""

_NO_BUTTONS: Keyboard = ()

log = structlog.get_logger()


def preview(
    db: Database, catalog: Catalog, broadcast: Broadcast, patient_id: int, now: datetime
) -> tuple[str, Keyboard]:
    """Return a broadcast as one patient would see it."""
    candidate = candidates.of_patient(db, patient_id, now=now, since=now - RECENT)
    if candidate is None:
        raise LookupError(f"patient {patient_id}")
    clinic = clinics.by_id(db, broadcast.clinic_id)
    return _message(db, catalog, broadcast, clinic, candidate, now)


def advance(
    db: Database, catalog: Catalog, now: datetime, *, batch: int = AHEAD, ahead: int = AHEAD
) -> Counter[str]:
    """Take every broadcast that runs one step on: begin, gather, queue a batch, or end.

    Args:
        db: The database.
        catalog: The words.
        now: The present instant.
        batch: How many patients one step looks at, so that a transaction stays short.
        ahead: How many of its messages wait in the outbox at most.

    Returns:
        Counts `broadcast_gathered`, `broadcast_queued`, `broadcast_done`, and `more` for the
        broadcasts that another step at once would take further.
    """
    counts: Counter[str] = Counter()
    for broadcast in broadcasts.live(db):
        if broadcast.state == "scheduled" and broadcast.at is not None and broadcast.at <= now:
            broadcasts.change(db, broadcast.id, state="sending", started_at=now)
            counts["more"] += 1
        elif broadcast.state == "sending" and broadcast.gathered_at is None:
            _gather(db, catalog, broadcast, now, batch, counts)
        elif broadcast.state == "sending":
            _queue_batch(db, catalog, broadcast, now, batch, ahead, counts)
    return counts


def _gather(
    db: Database,
    catalog: Catalog,
    broadcast: Broadcast,
    now: datetime,
    batch: int,
    counts: Counter[str],
) -> None:
    """Note the recipients among the next patients of the clinic."""
    clinic = clinics.by_id(db, broadcast.clinic_id)
    page = candidates.page(
        db, clinic.id, after=broadcast.looked_to, limit=batch, now=now, since=now - RECENT
    )
    needs = needs_of(catalog, broadcast)
    conditions = segment.read(broadcast.segments)
    skipped = Counter(broadcast.skipped)
    chosen: list[int] = []
    for candidate in page:
        if eligibility.matches(candidate, conditions, now):
            reason = eligibility.left_out(candidate, clinic, needs, now)
            if reason is None:
                chosen.append(candidate.patient.id)
            else:
                skipped[reason] += 1
    recipients.add(db, broadcast.id, chosen)
    counts["broadcast_gathered"] += len(chosen)
    counts["more"] += 1
    if len(page) < batch:
        if unknown := segment.unknown(conditions, candidates.names(db, clinic.id)):
            skipped["unknown_reference"] = len(unknown)
        broadcasts.change(db, broadcast.id, skipped=skipped, gathered_at=now)
    else:
        broadcasts.change(db, broadcast.id, skipped=skipped, looked_to=page[-1].patient.id)


def _queue_batch(
    db: Database,
    catalog: Catalog,
    broadcast: Broadcast,
    now: datetime,
    batch: int,
    ahead: int,
    counts: Counter[str],
) -> None:
    """Hand the next recipients to the outbox, or end if there are none and nothing waits."""
    room = min(ahead - recipients.waiting(db, broadcast.id, now), batch)
    if room <= 0:
        return
    taken = recipients.take(db, broadcast.id, room)
    clinic = clinics.by_id(db, broadcast.clinic_id)
    needs = needs_of(catalog, broadcast)
    for patient_id in taken:
        candidate = candidates.of_patient(db, patient_id, now=now, since=now - RECENT)
        if candidate is not None:
            _queue(db, catalog, broadcast, clinic, candidate, needs, now)
    counts["broadcast_queued"] += len(taken)
    if len(taken) == room:
        counts["more"] += 1
    elif not recipients.waiting(db, broadcast.id):
        broadcasts.change(db, broadcast.id, state="done", finished_at=now)
        counts["broadcast_done"] += 1


def _queue(
    db: Database,
    catalog: Catalog,
    broadcast: Broadcast,
    clinic: Clinic,
    candidate: Candidate,
    needs: Needs,
    now: datetime,
) -> None:
    """Make one recipient a row of the outbox; what no longer suits is a row that says why."""
    patient = candidate.patient
    reason = eligibility.left_out(candidate, clinic, needs, now)
    text, buttons = "", _NO_BUTTONS
    if reason is None:
        try:
            text, buttons = _message(db, catalog, broadcast, clinic, candidate, now)
        except Exception:
            log.exception("broadcast.not_composed", broadcast=broadcast.id, patient=patient.id)
    due = QuietHours(patient.quiet_from, patient.quiet_to).next_open(now, patient.zone)
    outbox_id = outbox.add(
        db,
        dedupe_key=f"broadcast:{broadcast.id}:{patient.id}",
        clinic_id=clinic.id,
        patient_id=patient.id,
        chat_id=patient.chat_id or 0,
        priority=Priority.BROADCAST,
        payload=payload.pack(text, buttons),
        content_version=catalog.version,
        now=now,
        due_at=due,
        expires_at=due + WORTH,
    )
    if outbox_id is None:
        return
    recipients.belongs(db, outbox_id, broadcast.id)
    if reason is not None:
        outbox.finish(db, outbox_id, "skipped", now, detail=reason)
    elif not text:
        outbox.finish(db, outbox_id, "failed", now, detail="it could not be composed")


def _message(
    db: Database,
    catalog: Catalog,
    broadcast: Broadcast,
    clinic: Clinic,
    candidate: Candidate,
    now: datetime,
) -> tuple[str, Keyboard]:
    patient = candidate.patient
    standing = care.standing(catalog, clinic, patient, patients.treatments(db, patient.id), now)
    text = wording.message(
        catalog,
        broadcast,
        clinic,
        patient,
        standing,
        procedure=candidate.procedure,
        next_session=candidate.next_session,
        now=now,
    )
    words = catalog.words(patient.language)
    if broadcast.marketing:
        return text, ((Button(words("button", "no_offers"), pack("nooffers")),),)
    return text, ((Button(words("button", "wrong"), pack("wrong"), style="danger"),),)
