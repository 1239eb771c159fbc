"""A clinic's message to many: made, counted, confirmed, sent in small batches, stopped at once.

Nobody is gathered before sending begins, and a message is a row of the outbox only shortly before
it is sent. So an opt-out, a pause or a stop is honoured for everything that has not left, and
replies and reminders never wait behind ten thousand rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Broadcast, BroadcastState, Clinic, Priority
from scheduler.plan import QuietHours
from scheduler.services import care, segment, wording
from scheduler.services.segment import RECENT, Needs
from scheduler.services.wording import WordingError
from scheduler.store import broadcasts, clinics, outbox, patients, records
from scheduler.store.broadcasts import Candidate
from scheduler.store.engine import Store

WORTH = timedelta(days=2)
PAGE = 500
AHEAD = 200
"""How many messages of one broadcast wait in the outbox; it bounds what a stop has to take back."""

PACE = 0.979
"""The share of the allowed pace that the sender keeps to."""

_NO_BUTTONS: Keyboard = ()

log = structlog.get_logger()


class BroadcastError(Exception):
    """A broadcast cannot be made or changed like that; the text says why.

    Attributes:
        reason: The same in one word, for those who are told in their own language.
    """

    def __init__(self, text: str, reason: str = "state") -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would get a broadcast now.

    Attributes:
        recipients: How many.
        skipped: Reason -> how many are meant but left out.
        languages: Language -> how many of the recipients read it.
        samples: Language -> a recipient, for a preview.
    """

    recipients: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)


def create(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    *,
    template: str = "",
    text: str = "",
    segments: Sequence[str] = (),
    marketing: bool = False,
    at: datetime | None = None,
    actor: str,
    now: datetime,
) -> tuple[Broadcast, Audience]:
    """Make a draft after everything about it was checked; return it and who would get it.

    Raises:
        BroadcastError: If nobody would get it, or the time has passed.
        SegmentError: If a condition cannot be understood.
        WordingError: If the text cannot be sent.
    """
    check_time(at, now)
    made = draft(
        db,
        catalog,
        clinic,
        template=template,
        text=text,
        segments=segments,
        marketing=marketing,
        at=at,
        actor=actor,
        now=now,
    )
    audience = count(db, catalog, made, now)
    if not audience.recipients:
        raise BroadcastError(nobody(audience), "nobody")
    return made, audience


def draft(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    *,
    template: str = "",
    text: str = "",
    segments: Sequence[str] = (),
    marketing: bool = False,
    at: datetime | None = None,
    actor: str,
    now: datetime,
) -> Broadcast:
    """Make a draft of a text that can be sent, whoever is to get it.

    Raises:
        SegmentError: If a condition cannot be understood.
        WordingError: If the text cannot be sent.
    """
    wording.check(catalog, clinic, template=template, text=text)
    conditions = segment.parse(catalog, segments)
    broadcast_id = broadcasts.add(
        db,
        clinic_id=clinic.id,
        template=template,
        text=text.strip(),
        segments=conditions,
        marketing=marketing or wording.is_marketing(template),
        at=at,
        created_by=actor,
        now=now,
    )
    made = found(db, broadcast_id)
    _note(db, made, "broadcast.created", actor, now)
    return made


def check_time(at: datetime | None, now: datetime) -> None:
    """Raise `BroadcastError` for a time that has passed."""
    if at is not None and at < now - timedelta(minutes=1):
        raise BroadcastError("the time to send is in the past; expected a time to come", "past")


def nobody(audience: Audience) -> str:
    """Say in one sentence why nobody would get a broadcast."""
    if not audience.skipped:
        return "nobody is in this segment"
    why = ", ".join(f"{reason} {n}" for reason, n in sorted(audience.skipped.items()))
    return f"everybody in this segment is left out ({why})"


def found(db: Database, broadcast_id: int, clinic: Clinic | None = None) -> Broadcast:
    """Return a broadcast, of that clinic if one is given; raises `BroadcastError` if none is."""
    broadcast = broadcasts.by_id(db, broadcast_id)
    if broadcast is None or (clinic is not None and broadcast.clinic_id != clinic.id):
        raise BroadcastError(f"there is no broadcast {broadcast_id}", "gone")
    return broadcast


def count(db: Database, catalog: Catalog, broadcast: Broadcast, now: datetime) -> Audience:
    """Return who would get a broadcast when it is to be sent, or now if no time is set."""
    tally = Tally(catalog, broadcast, clinics.by_id(db, broadcast.clinic_id), now)
    while tally.page(db):
        pass
    return tally.audience


async def counted(
    store: Store, catalog: Catalog, broadcast: Broadcast, clinic: Clinic, now: datetime
) -> Audience:
    """Return the same, page by page, so that nobody's answer waits for a large clinic."""
    tally = Tally(catalog, broadcast, clinic, now)
    while await store.tx(tally.page):
        pass
    return tally.audience


class Tally:
    """Counts who would get a broadcast, a page of patients at a time.

    Args:
        catalog: The words.
        broadcast: The broadcast.
        clinic: Its clinic.
        now: The present instant.
    """

    def __init__(
        self, catalog: Catalog, broadcast: Broadcast, clinic: Clinic, now: datetime
    ) -> None:
        self._clinic, self._then = clinic, max(broadcast.at or now, now)
        self._needs = needs_of(catalog, broadcast)
        self._conditions = segment.read(broadcast.segments)
        self._unknown = set(segment.named(self._conditions))
        self._after = 0
        self._skipped: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._samples: dict[str, int] = {}

    def page(self, db: Database, limit: int = PAGE) -> bool:
        """Look at the next patients; False if there were none left."""
        page = broadcasts.candidates(
            db,
            self._clinic.id,
            after=self._after,
            limit=limit,
            now=self._then,
            since=self._then - RECENT,
        )
        for candidate in page:
            self._look(candidate)
            self._after = candidate.patient.id
        return len(page) == limit

    @property
    def audience(self) -> Audience:
        """What was found so far."""
        skipped = dict(self._skipped)
        if self._unknown:
            skipped["unknown_reference"] = len(self._unknown)
        return Audience(
            self._languages.total(), skipped, dict(self._languages), dict(self._samples)
        )

    def _look(self, candidate: Candidate) -> None:
        self._unknown -= set(segment.of_candidate(candidate))
        if not segment.matches(candidate, self._conditions, self._then):
            return
        if reason := segment.left_out(candidate, self._clinic, self._needs, self._then):
            self._skipped[reason] += 1
            return
        language = candidate.patient.language
        self._languages[language] += 1
        self._samples.setdefault(language, candidate.patient.id)


def needs_of(catalog: Catalog, broadcast: Broadcast) -> Needs:
    """Return what a broadcast asks of a patient."""
    return wording.needs(
        catalog,
        template=broadcast.template,
        text=broadcast.text,
        marketing=broadcast.marketing,
    )


def preview(
    db: Database, catalog: Catalog, broadcast: Broadcast, patient_id: int, now: datetime
) -> tuple[str, Keyboard]:
    """Return a broadcast as one patient would see it."""
    candidate = broadcasts.candidate(db, patient_id, now=now, since=now - RECENT)
    if candidate is None:
        raise LookupError(f"patient {patient_id}")
    clinic = clinics.by_id(db, broadcast.clinic_id)
    return _message(db, catalog, broadcast, clinic, candidate, now)


def seconds_needed(recipients: int, per_second: float) -> float:
    """Return how long so many messages take at the pace that Telegram allows."""
    return recipients / (per_second * PACE)


def confirm(
    db: Database, broadcast: Broadcast, audience: Audience, *, actor: str, now: datetime
) -> Broadcast:
    """Let a draft be sent at its time, or at once.

    Args:
        db: The database.
        broadcast: The draft.
        audience: Who would get it.
        actor: Who says so.
        now: The present instant.

    Raises:
        BroadcastError: If it is no draft, its time has passed, or nobody would get it.
    """
    fresh = found(db, broadcast.id)
    if fresh.state != "draft":
        raise BroadcastError(f"broadcast {fresh.id} is {fresh.state}, not a draft")
    check_time(fresh.at, now)
    if not audience.recipients:
        raise BroadcastError(nobody(audience), "nobody")
    broadcasts.change(db, fresh.id, state="scheduled", at=fresh.at or now)
    _note(db, fresh, "broadcast.confirmed", actor, now)
    return found(db, fresh.id)


def pause(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Send nothing more of a broadcast until it is resumed."""
    if broadcast.state == "paused":
        return broadcast
    if broadcast.state not in ("scheduled", "sending"):
        raise BroadcastError(f"broadcast {broadcast.id} is {broadcast.state}; nothing to pause")
    broadcasts.change(db, broadcast.id, state="paused")
    broadcasts.take_back(db, broadcast.id)
    _note(db, broadcast, "broadcast.paused", actor, now)
    return found(db, broadcast.id)


def resume(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Go on with a paused broadcast where it stood."""
    if broadcast.state in ("scheduled", "sending"):
        return broadcast
    if broadcast.state != "paused":
        raise BroadcastError(f"broadcast {broadcast.id} is {broadcast.state}; nothing to resume")
    state: BroadcastState = "sending" if broadcast.started_at else "scheduled"
    broadcasts.change(db, broadcast.id, state=state)
    _note(db, broadcast, "broadcast.resumed", actor, now)
    return found(db, broadcast.id)


def cancel(db: Database, broadcast: Broadcast, *, actor: str, now: datetime) -> Broadcast:
    """Stop a broadcast for good; what has not left never will."""
    if broadcast.state == "cancelled":
        return broadcast
    if broadcast.state == "done":
        raise BroadcastError(f"broadcast {broadcast.id} is done; there is nothing left to stop")
    broadcasts.change(db, broadcast.id, state="cancelled", finished_at=now)
    broadcasts.drop_waiting(db, broadcast.id, now)
    _note(db, broadcast, "broadcast.cancelled", actor, now)
    return found(db, broadcast.id)


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
    page = broadcasts.candidates(
        db, clinic.id, after=broadcast.looked_to, limit=batch, now=now, since=now - RECENT
    )
    needs = needs_of(catalog, broadcast)
    conditions = segment.read(broadcast.segments)
    skipped = Counter(broadcast.skipped)
    chosen: list[int] = []
    for candidate in page:
        if segment.matches(candidate, conditions, now):
            reason = segment.left_out(candidate, clinic, needs, now)
            if reason is None:
                chosen.append(candidate.patient.id)
            else:
                skipped[reason] += 1
    broadcasts.add_recipients(db, broadcast.id, chosen)
    counts["broadcast_gathered"] += len(chosen)
    counts["more"] += 1
    if len(page) < batch:
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
    room = min(ahead - broadcasts.waiting(db, broadcast.id, now), batch)
    if room <= 0:
        return
    taken = broadcasts.take_recipients(db, broadcast.id, room)
    clinic = clinics.by_id(db, broadcast.clinic_id)
    needs = needs_of(catalog, broadcast)
    for patient_id in taken:
        candidate = broadcasts.candidate(db, patient_id, now=now, since=now - RECENT)
        if candidate is not None:
            _queue(db, catalog, broadcast, clinic, candidate, needs, now)
    counts["broadcast_queued"] += len(taken)
    if len(taken) == room:
        counts["more"] += 1
    elif not broadcasts.waiting(db, broadcast.id):
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
    reason = segment.left_out(candidate, clinic, needs, now)
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
    broadcasts.belongs(db, outbox_id, broadcast.id)
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


def _note(db: Database, broadcast: Broadcast, action: str, actor: str, now: datetime) -> None:
    records.audit(
        db,
        now=now,
        actor=actor,
        action=action,
        subject=f"broadcast:{broadcast.id}",
        clinic_id=broadcast.clinic_id,
    )


__all__ = [
    "Audience", "BroadcastError", "WordingError", "advance", "cancel", "confirm", "count",
    "create", "found", "nobody", "pause", "preview", "resume", "seconds_needed",
]  # fmt: skip
