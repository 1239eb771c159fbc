"""What a person of the clinic answers: kept, sent part by part, and sent again if it was lost.

An answer to something that another person has, or that is closed, is kept and not sent: one tap
sends it on, so nothing has to be typed twice. What did not arrive for sure is never sent again by
itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from content.catalog import Catalog
from content.telegram_html import MAX_CAPTION_UNITS, split, units
from scheduler import payload
from scheduler.messenger import Attachment
from scheduler.model import Escalation
from scheduler.services import inbox, letters
from scheduler.store import edits, parts, proposals, records, turns
from scheduler.store import inbox as escalations
from scheduler.store.members import Member
from scheduler.store.parts import Part
from scheduler.store.turns import Turn

Kept = Literal["held", "closed", "again"]
Outcome = Literal["blocked", "failed", "uncertain", "waiting", "sent"]

_WORST: dict[str, Outcome] = {
    "blocked": "blocked",
    "failed": "failed",
    "skipped": "failed",
    "uncertain": "uncertain",
    "trying": "waiting",
    "waiting": "waiting",
}
"""What an answer has come to if one of its messages has; the first of them counts."""

LOST: frozenset[Outcome] = frozenset({"blocked", "failed", "uncertain"})


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
    turn = turns.add_clinic_turn(
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
    taking = inbox.take(db, catalog, row, by, now, answering=True)
    if taking in ("held", "closed"):
        turns.told(db, turn, "kept")
        return Answered(turn, kept="held" if taking == "held" else "closed")
    return Answered(turn, outbox=_send(db, catalog, row, by, turn, now))


def send_kept(
    db: Database, catalog: Catalog, row: Escalation, turn: Turn, by: Member, now: datetime
) -> Answered:
    """Take an escalation over, or open it again, and send an answer that was kept."""
    if turn.outbox_id is not None or turn.side != "clinic":
        return Answered(None, kept="again")
    inbox.take_over(db, row, by, now)
    turns.told(db, turn.id, "")
    return Answered(turn.id, outbox=_send(db, catalog, row, by, turn.id, now))


def send_again(
    db: Database, catalog: Catalog, row: Escalation, turn: Turn, by: Member, now: datetime
) -> Answered:
    """Send what of an answer did not arrive for sure; what did is not sent twice."""
    known = parts.of_turn(db, turn.id)
    if not known:
        return send_kept(db, catalog, row, turn, by, now)
    if outcome(known) not in LOST:
        return Answered(None, kept="again")
    patient, _ = letters.people(db, row)
    queued = []
    for part in known:
        if part.state == "sent":
            continue
        key = f"turn:{turn.id}:{part.place}:{part.tries}"
        outbox_id = letters.queue_once(db, catalog, patient, part.payload, now, key=key)
        if outbox_id is not None:
            parts.carry(db, turn.id, part.place, outbox_id)
            queued.append(outbox_id)
    if queued:
        turns.carried(db, turn.id, queued[-1])
        turns.told(db, turn.id, "")
    inbox.note(db, row, by, "sent_again", now)
    return Answered(turn.id, outbox=tuple(queued))


def outcome(known: list[Part]) -> Outcome:
    """Return what an answer has come to: the worst of what its messages have."""
    states = {part.state for part in known}
    if not states:
        return "blocked"
    return next((word for state, word in _WORST.items() if state in states), "sent")


def settled(db: Database, row: Escalation, turn_id: int, now: datetime) -> Outcome:
    """Return what an answer has come to, for people to be told; the cards say so too."""
    found = outcome(parts.of_turn(db, turn_id))
    if found != "waiting":
        turns.told(db, turn_id, found)
    edits.want_cards(db, row.id, now)
    return found


def propose(db: Database, row: Escalation, turn: Turn, by: Member, now: datetime) -> bool:
    """Put an answer before the clinician as the draft of a template; False if it is there."""
    patient, _ = letters.people(db, row)
    added = proposals.add(
        db,
        clinic_id=row.clinic_id,
        turn_id=turn.id,
        user_id=by.user_id,
        language=patient.language,
        procedure=json.loads(row.context)["procedure"] or "",
        topics=turns.topics(db, row.id),
        said=turn.said,
        now=now,
    )
    if added:
        records.audit(
            db,
            now=now,
            actor=by.actor,
            action="template.proposed",
            subject=f"escalation:{row.id}",
            clinic_id=row.clinic_id,
        )
    return added


def _send(
    db: Database, catalog: Catalog, row: Escalation, by: Member, turn_id: int, now: datetime
) -> tuple[int, ...]:
    turn = turns.of_clinic(db, row.clinic_id, turn_id)
    patient, clinic = letters.people(db, row)
    if turn is None:
        raise LookupError(f"turn {turn_id}")
    file = _attachment(turn.attachment)
    known = letters.context(db, catalog, clinic, patient, now)
    text = catalog.screen(patient.language, "reply_from_clinic", {**known, "text": turn.said})
    queued: list[int] = []
    for place, (part, attached) in enumerate(_messages(text, file)):
        packed = payload.pack(part, attachment=attached)
        key = f"turn:{turn_id}:{place}"
        outbox_id = letters.queue_once(db, catalog, patient, packed, now, key=key)
        if outbox_id is not None:
            parts.carry(db, turn_id, place, outbox_id)
            queued.append(outbox_id)
    if queued:
        turns.carried(db, turn_id, queued[-1])
    escalations.note_replied(db, row.id, now)
    inbox.note(db, row, by, "answered", now)
    return tuple(queued)


def _messages(text: str, file: Attachment | None) -> list[tuple[str, Attachment | None]]:
    """Return the messages of an answer; words that cannot be a caption go ahead of the file."""
    said: list[tuple[str, Attachment | None]] = [(part, None) for part in split(text)]
    if file is None:
        return said
    if len(said) == 1 and units(text) <= MAX_CAPTION_UNITS and file.kind != "video_note":
        return [(text, file)]
    return [*said, ("", file)]


def _stored(attachment: Attachment | None) -> str | None:
    if attachment is None:
        return None
    return json.dumps({"kind": attachment.kind, "file_id": attachment.file_id})


def _attachment(stored: str | None) -> Attachment | None:
    if stored is None:
        return None
    file = json.loads(stored)
    return Attachment(kind=file["kind"], filename="", file_id=file["file_id"])
