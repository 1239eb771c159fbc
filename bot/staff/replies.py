"""Answers from the group: a reply to a card goes to the patient under the clinic's name."""

from __future__ import annotations

from typing import Literal

from telegram import Message

from bot.staff.desk import Desk
from bot.staff.inbox import refresh
from scheduler.buttons import pack
from scheduler.messenger import Attachment, Button, Keyboard
from scheduler.model import Escalation
from scheduler.services import cards, inbox, people
from scheduler.services.inbox import Answered
from scheduler.store import patients, talk, threads
from scheduler.store.threads import Turn


async def prompt(desk: Desk) -> None:
    """*Reply*: open the field for an answer, for the one who tapped."""
    patient = await desk.tx(patients.by_id, desk.subject.patient_id)
    if patient is None:
        await desk.refuse("staff_gone")
        return
    await desk.post(
        "answer",
        desk.screen(
            "staff_reply",
            user=desk.member.user_id,
            name=desk.member.name,
            ref=cards.label(patient),
        ),
        ask_reply=cards.label(patient),
        escalation_id=desk.subject.id,
    )


async def answer(desk: Desk) -> None:
    """A reply to a card, to its thread or to the prompt: send it to the patient."""
    row: Escalation = desk.subject
    message = desk.message
    if message is None:
        return
    if message.edit_date is not None:
        await desk.refuse("staff_edited")
        return
    said, attachment = content_of(message)
    if not said and attachment is None:
        await desk.refuse("staff_cannot_pass")
        return
    answered = await desk.tx(
        inbox.answer,
        desk.house.catalog,
        row,
        desk.member,
        desk.now,
        said=said,
        attachment=attachment,
        chat_id=desk.chat_id,
        message_id=message.message_id,
    )
    if answered.turn is None:
        return  # the same update came twice
    if answered.kept is not None:
        await _kept(desk, row, answered)
        return
    await _tell(desk, row, answered)


async def send_kept(desk: Desk) -> None:
    """*Send it anyway*: take it over, or open it again, and send what was kept."""
    turn: Turn = desk.subject
    row = await desk.tx(talk.escalation, turn.escalation_id)
    answered = await desk.tx(inbox.send_kept, desk.house.catalog, row, turn, desk.member, desk.now)
    if answered.kept is not None:
        await desk.refuse("staff_sent_already")
        return
    await _tell(desk, row, answered)


async def propose(desk: Desk) -> None:
    """*Save as template*: put the answer before the clinician as a draft."""
    turn: Turn = desk.subject
    row = await desk.tx(talk.escalation, turn.escalation_id)
    await desk.tx(inbox.propose, row, turn, desk.member, desk.now)
    await desk.refuse("staff_proposed")


def content_of(message: Message) -> tuple[str, Attachment | None]:
    """Return the words of a message and the picture, voice note or file that comes with them."""
    said = (message.text or message.caption or "").strip()
    if message.photo:
        return said, Attachment("photo", "", file_id=message.photo[-1].file_id)
    if message.voice:
        return said, Attachment("voice", "", file_id=message.voice.file_id)
    if message.document and not message.animation:
        return said, Attachment("document", "", file_id=message.document.file_id)
    return said, None


async def _kept(desk: Desk, row: Escalation, answered: Answered) -> None:
    fresh = await desk.tx(talk.escalation, row.id)
    who = fresh.taken_by if answered.kept == "held" else fresh.closed_by
    name = await desk.tx(people.name_of, desk.clinic.id, who)
    label: Literal["send_over", "send_again"] = (
        "send_over" if answered.kept == "held" else "send_again"
    )
    button = Button(desk.words("desk", label), pack("re.send", answered.turn or 0))
    await desk.say(
        desk.screen(
            "staff_kept",
            kept=answered.kept,
            by=name,
            at=desk.moment(fresh.closed_at or fresh.taken_at or desk.now),
        ),
        ((button,),),
    )


async def _tell(desk: Desk, row: Escalation, answered: Answered) -> None:
    """Say what became of an answer, as far as it is known now; the sweep tells the rest."""
    turn = answered.turn or 0
    sent = None
    for outbox_id in answered.outbox:  # one after the other: the words ahead of the picture
        sent = await desk.house.delivery.settle(outbox_id)
    outcome = sent.state if sent else "blocked"
    patient = await desk.tx(patients.by_id, row.patient_id)
    if outcome not in ("waiting", "trying"):
        await desk.tx(threads.told, turn, outcome)
    keyboard: Keyboard = ()
    if outcome == "sent":
        kept = await desk.tx(threads.turn_of_clinic, desk.clinic.id, turn)
        done = Button(desk.words("desk", "done"), pack("in.done", row.id))
        save = Button(desk.words("desk", "propose"), pack("re.save", turn))
        keyboard = ((done, save),) if kept and kept.said else ((done,),)
    text = desk.screen(
        "staff_outcome", outcome=outcome, ref=cards.label(patient) if patient else ""
    )
    if desk.tap is not None:
        await desk.edit(text, keyboard)
    else:
        await desk.post(
            "thread",
            text,
            keyboard=keyboard,
            silent=True,
            reply_to=desk.message.message_id if desk.message else None,
            escalation_id=row.id,
        )
    await refresh(desk, row.id)
