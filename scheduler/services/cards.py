"""What the clinic's group sees of an escalation: the card, and the thread under it.

`sync` compares what was said with what the group was shown and queues the difference. So it does
not matter whether the group is connected when a patient writes, whether it becomes a supergroup,
or whether the process ends in between: the next look brings the group up to date, and nothing is
shown twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog, Words
from content.moments import Moment
from scheduler import payload
from scheduler.buttons import pack
from scheduler.messenger import Attachment, Button, Keyboard
from scheduler.model import Clinic, Escalation, Patient, Priority
from scheduler.services import people
from scheduler.store import clinics, inbox, outbox, patients, talk, threads
from scheduler.store.threads import Turn

WORTH = timedelta(days=3)
SHOWN_TURNS = 3
SHOWN_BEFORE = 2


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it reads now.

    Attributes:
        text: Its text.
        buttons: What can be done.
        places: The messages (chat, message) that show it and should say the same.
    """

    text: str
    buttons: Keyboard
    places: tuple[tuple[int, int], ...]


def sync(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> int:
    """Queue what the clinic's group has not been shown of an escalation; return how many.

    A clinic without a connected group keeps the rows until it has one.
    """
    row = talk.escalation(db, escalation_id)
    clinic = clinics.by_id(db, row.clinic_id)
    patient = patients.by_id(db, row.patient_id)
    if clinic.chat_id is None or patient is None or row.state == "closed":
        return 0
    live = inbox.has_live_card(db, row.id, now)
    turns = [turn for turn in threads.turns(db, row.id) if turn.side == "patient"]
    fresh = [turn for turn in turns if turn.outbox_id is None or (not live and turn.file_id)]
    queued = 0
    if row.card_wanted or not live:
        card = _queue_card(db, catalog, clinic, patient, row, now)
        for turn in fresh:
            if not turn.file_id:
                threads.carried(db, turn.id, card)
        fresh = [turn for turn in fresh if turn.file_id]
        queued += 1
    for turn in fresh:
        _queue_turn(db, catalog, clinic, patient, row, turn, now)
    return queued + len(fresh)


def card_of(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> Card:
    """Return a card as it reads now, and where it stands in the group."""
    row = talk.escalation(db, escalation_id)
    clinic = clinics.by_id(db, row.clinic_id)
    patient = patients.by_id(db, row.patient_id)
    if patient is None:
        raise LookupError(f"patient {row.patient_id}")
    places = threads.cards(db, row.id, clinic.chat_id) if clinic.chat_id is not None else []
    return Card(
        text=_text(db, catalog, clinic, patient, row, now),
        buttons=buttons(catalog.words(clinic.language), row),
        places=tuple(
            (place.chat_id, place.message_id) for place in places if place.message_id is not None
        ),
    )


def buttons(words: Words, row: Escalation) -> Keyboard:
    """Return what staff can do with an escalation as it stands."""
    reply = Button(words("desk", "reply"), pack("in.reply", row.id), style="primary")
    call = Button(words("desk", "call"), pack("in.call", row.id))
    done = Button(words("desk", "done"), pack("in.done", row.id))
    if row.state == "closed":
        return ((Button(words("desk", "reopen"), pack("in.reopen", row.id)),),)
    if row.state == "taken":
        back = Button(words("desk", "give_back"), pack("in.back", row.id))
        return ((reply,), (call, done), (back,))
    take = Button(words("desk", "take"), pack("in.take", row.id), style="success")
    return ((take,), (reply, call), (done,))


def post(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    kind: str,
    text: str,
    now: datetime,
    *,
    key: str,
    keyboard: Keyboard = (),
    priority: Priority = Priority.REPLY,
    silent: bool = False,
    reply_to: int | None = None,
    ask_reply: str | None = None,
    attachment: Attachment | None = None,
    escalation_id: int | None = None,
    patient_id: int | None = None,
    draft_id: int | None = None,
) -> int | None:
    """Queue a message for the clinic's group and note what it is about; None if it has no group."""
    if clinic.chat_id is None:
        return None
    outbox_id = outbox.add(
        db,
        dedupe_key=key,
        clinic_id=clinic.id,
        patient_id=None,
        chat_id=clinic.chat_id,
        priority=priority,
        payload=payload.pack(
            text,
            keyboard,
            silent=silent,
            attachment=attachment,
            reply_to=reply_to,
            ask_reply=ask_reply,
        ),
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
    )
    if outbox_id is not None:
        threads.add_post(
            db,
            outbox_id,
            kind,
            escalation_id=escalation_id,
            patient_id=patient_id,
            draft_id=draft_id,
        )
    return outbox_id


def post_in_thread(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    row: Escalation,
    text: str,
    now: datetime,
    *,
    silent: bool = False,
    keyboard: Keyboard = (),
    attachment: Attachment | None = None,
) -> int | None:
    """Queue a message under the newest card of an escalation."""
    newest = threads.cards(db, row.id, clinic.chat_id, last=1) if clinic.chat_id else []
    number = threads.count_posts(db, row.id)
    return post(
        db,
        catalog,
        clinic,
        "thread",
        text,
        now,
        key=f"thread:{row.id}:{number}",
        keyboard=keyboard,
        silent=silent,
        reply_to=newest[0].message_id if newest else None,
        attachment=attachment,
        escalation_id=row.id,
    )


def label(patient: Patient) -> str:
    """Return what staff call a patient: the clinic's own reference, else the random one."""
    return patient.reference or patient.ref


def _queue_card(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    now: datetime,
) -> int:
    number = threads.count_posts(db, row.id)
    outbox_id = post(
        db,
        catalog,
        clinic,
        "card",
        _text(db, catalog, clinic, patient, row, now),
        now,
        key=f"card:{row.id}:{number}",
        keyboard=buttons(catalog.words(clinic.language), row),
        priority=Priority.ESCALATION,
        escalation_id=row.id,
    )
    if outbox_id is None:
        raise LookupError(f"card of escalation {row.id}")
    inbox.card_posted(db, row.id)
    return outbox_id


def _queue_turn(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    turn: Turn,
    now: datetime,
) -> None:
    text = catalog.screen(
        clinic.language,
        "staff_thread",
        {
            "ref": label(patient),
            "said": turn.said,
            "media": turn.media or "",
            "words": catalog.words(clinic.language),
        },
    )
    file = None
    if turn.file_id and turn.media:
        file = Attachment(kind=turn.media, filename="", file_id=turn.file_id)
    outbox_id = post_in_thread(
        db, catalog, clinic, row, text, now, silent=turn.quiet, attachment=file
    )
    if outbox_id is not None:
        threads.carried(db, turn.id, outbox_id)


def _text(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    now: datetime,
) -> str:
    context = json.loads(row.context)
    turns = [turn for turn in threads.turns(db, row.id) if turn.side == "patient"]
    here = now.astimezone(clinic.zone)
    raised = row.state == "open" and row.raised > 0
    return catalog.screen(
        clinic.language,
        "staff_card",
        {
            "words": catalog.words(clinic.language),
            "level": row.level,
            "ref": label(patient),
            "procedure": context["procedure"],
            "hours": context["hours"],
            "signs": context["signs"],
            "turns": [
                {"said": turn.said, "media": turn.media or ""} for turn in turns[-SHOWN_TURNS:]
            ],
            "more": max(len(turns) - SHOWN_TURNS, 0),
            "before": _before(db, patient, context["before"]),
            "came": Moment(row.opened_at.astimezone(clinic.zone), here),
            "stage": row.state,
            "by": people.name_of(db, clinic.id, row.taken_by),
            "taken": _moment(row.taken_at, clinic, here),
            "closed_by": people.name_of(db, clinic.id, row.closed_by),
            "closed": _moment(row.closed_at, clinic, here),
            "seen": _moment(row.seen_at, clinic, here),
            "raised": raised,
            "everyone": people.named(db, clinic.id) if raised else [],
        },
    )


def _before(db: Database, patient: Patient, ids: list[int]) -> list[dict[str, Any]]:
    """Return the last things the patient said before, and which topics answered them."""
    rows = [row for row in talk.exchanges(db, patient.id) if row["id"] in ids]
    return [
        {"said": row["said"], "topics": json.loads(row["topics"])} for row in rows[-SHOWN_BEFORE:]
    ]


def _moment(at: datetime | None, clinic: Clinic, here: datetime) -> Moment | None:
    return Moment(at.astimezone(clinic.zone), here) if at else None
