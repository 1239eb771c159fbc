"""Done and Later under a reminder: recorded, and shown in the message itself."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.patient import keyboards
from bot.patient.conversation import Conversation
from content.moments import Moment
from scheduler import payload
from scheduler.model import OutboxRow, Patient
from scheduler.services import reminding
from scheduler.store import outbox, reminders, talk


async def done(conversation: Conversation) -> None:
    """The patient did it."""
    row = await _answered(conversation, "done")
    if row is not None:
        await _show(conversation, row, conversation.screen("done"))


async def later(conversation: Conversation) -> None:
    """The patient wants to hear of it again today."""
    row = await _answered(conversation, "later")
    if row is None:
        return
    patient = conversation.known()
    at = await conversation.house.store.tx(
        reminding.remind_later,
        conversation.house.catalog,
        patient,
        row.id,
        conversation.now,
    )
    conversation.house.delivery.wake()
    moment = None
    if at is not None:
        zone = patient.zone
        moment = Moment(at.astimezone(zone), conversation.now.astimezone(zone))
    await _show(conversation, row, conversation.screen("later", at=moment))


async def _answered(conversation: Conversation, choice: str) -> OutboxRow | None:
    """Record a tap; None, after saying so, if the button is not of a message of hers."""
    row = await conversation.house.store.tx(
        _record,
        conversation.known(),
        conversation.told.number(),
        choice,
        conversation.now,
    )
    if row is None:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
    return row


async def _show(conversation: Conversation, row: OutboxRow, note: str) -> None:
    said = payload.unpack(row.payload, row.chat_id).text
    await conversation.edit(f"{said}\n\n{note}", keyboards.wrong(conversation.words))


def _record(
    db: Database, patient: Patient, reminder_id: int, choice: str, now: datetime
) -> OutboxRow | None:
    outbox_id = reminders.message_of(db, reminder_id, patient.id)
    if outbox_id is None:
        return None
    talk.add_answer(db, patient_id=patient.id, outbox_id=outbox_id, choice=choice, now=now)
    return outbox.by_id(db, outbox_id)
