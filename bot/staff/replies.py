"""Answers from the group: a reply to a card goes to the patient under the clinic's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.staff.card import post_card
from bot.staff.desk import Desk
from bot.staff.inbox import post_kind, refresh
from bot.telegram import shared
from scheduler.buttons import pack
from scheduler.messenger import Attachment, Button, Keyboard
from scheduler.model import Escalation
from scheduler.services import answering, asking, cards, people
from scheduler.services.answering import Answered
from scheduler.store import patients, talk, turns
from scheduler.store.turns import Turn


@dataclass(frozen=True, slots=True)
class _Content:
    """What a person wrote in the group: words, a file, and the message it stands in."""

    words: str
    attachment: Attachment | None
    message_id: int


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
    said = await _content(desk)
    if said is not None:
        await _send(desk, desk.subject, said)


async def begin(desk: Desk) -> None:
    """A reply to what was heard of her appointment: it begins a conversation, unless one is on."""
    said = await _content(desk)
    if said is None:
        return
    heard = await desk.tx(asking.ask_for_person, desk.subject, desk.now)
    if heard.escalation is not None:
        await _send(desk, await desk.tx(talk.escalation, heard.escalation), said)
        await post_card(desk.house, heard.escalation)


async def send_kept(desk: Desk) -> None:
    """*Send it anyway*: take it over, or open it again, and send what was kept."""
    turn: Turn = desk.subject
    row = await desk.tx(talk.escalation, turn.escalation_id)
    answered = await desk.tx(
        answering.send_kept, desk.house.catalog, row, turn, desk.member, desk.now
    )
    if answered.kept is not None:
        await desk.refuse("staff_sent_already")
        return
    await _tell(desk, row, answered)


async def send_again(desk: Desk) -> None:
    """*Send again*: what did not arrive for sure, because a person says so."""
    turn: Turn = desk.subject
    row = await desk.tx(talk.escalation, turn.escalation_id)
    answered = await desk.tx(
        answering.send_again, desk.house.catalog, row, turn, desk.member, desk.now
    )
    if answered.kept is not None:
        await desk.refuse("staff_sent_already")
        await refresh(desk, row.id)
        return
    await _tell(desk, row, answered)


async def propose(desk: Desk) -> None:
    """*Save as template*: put the answer before the clinician as a draft."""
    turn: Turn = desk.subject
    row = await desk.tx(talk.escalation, turn.escalation_id)
    await desk.tx(answering.propose, row, turn, desk.member, desk.now)
    await desk.refuse("staff_proposed")


async def _content(desk: Desk) -> _Content | None:
    """Return what staff want to say; None, and one sentence why, if it cannot be passed on."""
    message = desk.message
    if message is None:
        return None
    if message.edit_date is not None:
        await desk.refuse("staff_edited")
        return None
    file = shared.file_of(message)
    if file is None and message.text is None:
        await desk.refuse("staff_cannot_pass")
        return None
    if file is not None and file.bytes > shared.MOST_BYTES:
        await desk.refuse("staff_too_big", most=shared.MOST_MEGABYTES)
        return None
    words = (message.text or message.caption or "").strip()
    attachment = Attachment(file.kind, "", file_id=file.file_id) if file else None
    return _Content(words, attachment, message.message_id)


async def _send(desk: Desk, row: Escalation, content: _Content) -> None:
    answered = await desk.tx(
        answering.answer,
        desk.house.catalog,
        row,
        desk.member,
        desk.now,
        said=content.words,
        attachment=content.attachment,
        chat_id=desk.chat_id,
        message_id=content.message_id,
    )
    if answered.turn is None:
        return  # the same update came twice
    if answered.kept is not None:
        await _kept(desk, row, answered)
        return
    await _tell(desk, row, answered)


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
    for outbox_id in answered.outbox:  # one after the other: the words ahead of the picture
        await desk.house.delivery.settle(outbox_id)
    outcome = await desk.tx(answering.settled, row, turn, desk.now)
    patient = await desk.tx(patients.by_id, row.patient_id)
    keyboard: Keyboard = ()
    if outcome in answering.LOST:
        keyboard = ((cards.again_button(desk.words, turn),),)
    elif outcome == "sent":
        kept = await desk.tx(turns.of_clinic, desk.clinic.id, turn)
        done = Button(desk.words("desk", "done"), pack("in.done", row.id))
        save = Button(desk.words("desk", "propose"), pack("re.save", turn))
        keyboard = ((done, save),) if kept and kept.said else ((done,),)
    text = desk.screen(
        "staff_outcome", outcome=outcome, ref=cards.label(patient) if patient else ""
    )
    if desk.tap is not None and await post_kind(desk) != "card":
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
