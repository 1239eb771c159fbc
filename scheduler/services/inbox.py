"""What staff do with an escalation: take, answer, call, give back, close, open again.

Taking is exclusive. An answer to something that another person has, or that is closed, is kept
and not sent: one tap sends it on, so nothing has to be typed twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlite_utils import Database

from content.catalog import Catalog
from content.moments import Moment
from content.telegram_html import MAX_CAPTION_UNITS, split, units
from content.view import view
from scheduler import payload
from scheduler.messenger import Attachment, Button, Keyboard
from scheduler.model import Clinic, Escalation, Patient, Priority
from scheduler.services import care
from scheduler.store import clinics, inbox, outbox, patients, proposals, records, talk, threads
from scheduler.store.members import Member
from scheduler.store.threads import Turn

WORTH = timedelta(days=3)

Taking = Literal["taken", "yours", "held", "closed"]
Kept = Literal["held", "closed", "again"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer.

    Attributes:
        turn: The row that keeps it; None if that very message was dealt with before.
        outbox: The messages on their way to the patient, in order.
        kept: Why it is kept and not sent.
    """

    turn: int | None
    outbox: tuple[int, ...] = ()
    kept: Kept | None = None


def take(
    db: Database,
    catalog: Catalog,
    row: Escalation,
    by: Member,
    now: datetime,
    *,
    answering: bool = False,
) -> Taking:
    """Let a person have an escalation; tell the patient, the first time, that it was seen.

    An answer that follows at once tells her more than that.
    """
    fresh = talk.escalation(db, row.id)
    if fresh.state == "closed":
        return "closed"
    if fresh.state == "taken":
        return "yours" if fresh.taken_by == by.user_id else "held"
    inbox.take(db, row.id, by.user_id, now)
    _note(db, row, by, "escalation.taken", now)
    if inbox.note_seen(db, row.id, now) and not answering:
        _tell_seen(db, catalog, row, now)
    return "taken"


def give_back(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Put an escalation back among what waits; an urgent one is raised again in time."""
    if not inbox.give_back(db, row.id):
        return False
    clinic = clinics.by_id(db, row.clinic_id)
    watch(db, clinic, talk.escalation(db, row.id), now)
    _note(db, row, by, "escalation.given_back", now)
    return True


def close(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Close an escalation; False if it was closed before."""
    if not inbox.close(db, row.id, by.user_id, now):
        return False
    _note(db, row, by, "escalation.closed", now)
    return True


def reopen(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Open a closed escalation again, for the one who does; False if it is not closed.

    If the patient has written anew meanwhile, that escalation goes on and this one stays closed.
    """
    if row.state != "closed" or inbox.open_of(db, row.patient_id) is not None:
        return False
    inbox.hand_over(db, row.id, by.user_id, now)
    _note(db, row, by, "escalation.reopened", now)
    return True


def answer(
    db: Database,
    catalog: Catalog,
    row: Escalation,
    by: Member,
    now: datetime,
    *,
    said: str,
    attachment: Attachment | None,
    chat_id: int,
    message_id: int,
) -> Answered:
    """Keep what a person of the clinic wrote and send it to the patient.

    An escalation that nobody has is taken with it. What another person has, or what is closed, is
    not answered before a second tap.
    """
    turn = threads.add_clinic_turn(
        db,
        row.id,
        now,
        user_id=by.user_id,
        said=said,
        attachment=_stored(attachment),
        chat_id=chat_id,
        message_id=message_id,
    )
    if turn is None:
        return Answered(None)
    taking = take(db, catalog, row, by, now, answering=True)
    if taking in ("held", "closed"):
        threads.told(db, turn, "kept")
        return Answered(turn, kept="held" if taking == "held" else "closed")
    return Answered(turn, outbox=_send(db, catalog, row, by, turn, now))


def send_kept(
    db: Database, catalog: Catalog, row: Escalation, turn: Turn, by: Member, now: datetime
) -> Answered:
    """Take an escalation over, or open it again, and send an answer that was kept."""
    if turn.outbox_id is not None or turn.side != "clinic":
        return Answered(None, kept="again")
    inbox.hand_over(db, row.id, by.user_id, now)
    _note(db, row, by, "escalation.taken_over", now)
    threads.told(db, turn.id, "")
    return Answered(turn.id, outbox=_send(db, catalog, row, by, turn.id, now))


def ask_to_call(
    db: Database, catalog: Catalog, row: Escalation, by: Member, now: datetime
) -> int | None:
    """Ask the patient to call the clinic; the bot knows no number of hers."""
    patient, clinic = _people(db, row)
    _note(db, row, by, "escalation.asked_to_call", now)
    text = catalog.screen(patient.language, "call_us", _context(db, catalog, clinic, patient, now))
    words = catalog.words(patient.language)
    keyboard = ((Button(words("button", "copy_phone"), copy_text=clinic.phone),),)
    return _to_patient(
        db, catalog, row, patient, text, now, key=f"call:{row.id}:{now:%Y%m%d%H%M}",
        keyboard=keyboard,
    )  # fmt: skip


def propose(db: Database, row: Escalation, turn: Turn, by: Member, now: datetime) -> bool:
    """Put an answer before the clinician as the draft of a template; False if it is there."""
    patient, _ = _people(db, row)
    context = json.loads(row.context)
    added = proposals.add(
        db,
        clinic_id=row.clinic_id,
        turn_id=turn.id,
        user_id=by.user_id,
        language=patient.language,
        procedure=context["procedure"] or "",
        topics=threads.topics(db, row.id),
        said=turn.said,
        now=now,
    )
    if added:
        _note(db, row, by, "template.proposed", now)
    return added


def watch(db: Database, clinic: Clinic, row: Escalation, now: datetime) -> None:
    """Set when the card of an urgent escalation is first raised again."""
    if row.level in ("emergency", "urgent") and clinic.raise_minutes:
        inbox.raise_at(db, row.id, now + timedelta(minutes=clinic.raise_minutes[0]))


def _send(
    db: Database, catalog: Catalog, row: Escalation, by: Member, turn_id: int, now: datetime
) -> tuple[int, ...]:
    turn = threads.turn_of_clinic(db, row.clinic_id, turn_id)
    patient, clinic = _people(db, row)
    if turn is None:
        raise LookupError(f"turn {turn_id}")
    file = _attachment(turn.attachment)
    context = _context(db, catalog, clinic, patient, now)
    text = catalog.screen(patient.language, "reply_from_clinic", {**context, "text": turn.said})
    parts = split(text)
    if file is not None and (len(parts) > 1 or units(parts[0]) > MAX_CAPTION_UNITS):
        parts.append("")  # words too long for a caption go ahead of the picture
    queued: list[int] = []
    for number, part in enumerate(parts):
        ending = number == len(parts) - 1
        outbox_id = _to_patient(
            db, catalog, row, patient, part, now,
            key=f"turn:{turn_id}:{number}", attachment=file if ending else None,
        )  # fmt: skip
        if outbox_id is not None:
            queued.append(outbox_id)
    if queued:
        threads.carried(db, turn_id, queued[-1])
    inbox.note_replied(db, row.id, now)
    _note(db, row, by, "escalation.answered", now)
    return tuple(queued)


def _tell_seen(db: Database, catalog: Catalog, row: Escalation, now: datetime) -> None:
    patient, clinic = _people(db, row)
    here = now.astimezone(patient.zone)
    context = _context(db, catalog, clinic, patient, now)
    text = catalog.screen(patient.language, "seen_by", {**context, "at": Moment(here, here)})
    _to_patient(db, catalog, row, patient, text, now, key=f"seen:{row.id}", silent=True)


def _to_patient(
    db: Database,
    catalog: Catalog,
    row: Escalation,
    patient: Patient,
    text: str,
    now: datetime,
    *,
    key: str,
    keyboard: Keyboard = (),
    silent: bool = False,
    attachment: Attachment | None = None,
) -> int | None:
    if patient.chat_id is None:
        return None
    return outbox.add(
        db,
        dedupe_key=key,
        clinic_id=row.clinic_id,
        patient_id=patient.id,
        chat_id=patient.chat_id,
        priority=Priority.REPLY,
        payload=payload.pack(text, keyboard, silent=silent, attachment=attachment),
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
    )


def _people(db: Database, row: Escalation) -> tuple[Patient, Clinic]:
    patient = patients.by_id(db, row.patient_id)
    if patient is None:
        raise LookupError(f"patient {row.patient_id}")
    return patient, clinics.by_id(db, row.clinic_id)


def _context(
    db: Database, catalog: Catalog, clinic: Clinic, patient: Patient, now: datetime
) -> dict[str, Any]:
    treatments = patients.treatments(db, patient.id)
    return view(
        care.standing(catalog, clinic, patient, treatments, now),
        care.voice(clinic, now, patient.language),
    )


def _stored(attachment: Attachment | None) -> str | None:
    if attachment is None:
        return None
    return json.dumps({"kind": attachment.kind, "file_id": attachment.file_id})


def _attachment(stored: str | None) -> Attachment | None:
    if stored is None:
        return None
    file = json.loads(stored)
    return Attachment(kind=file["kind"], filename="", file_id=file["file_id"])


def _note(db: Database, row: Escalation, by: Member, action: str, now: datetime) -> None:
    records.audit(
        db,
        now=now,
        actor=f"user:{by.user_id}",
        action=action,
        subject=f"escalation:{row.id}",
        clinic_id=row.clinic_id,
    )
