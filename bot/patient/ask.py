"""Free text: a warning sign first, then the clinic's own words, then a person."""

from __future__ import annotations

from dataclasses import replace

from bot.patient import enrol, keyboards
from bot.patient.conversation import Conversation
from bot.patient.home import WHICH_TOPIC
from bot.patient.preferences import opt_out
from bot.staff.card import post_card
from content.answer import Answer, answer
from content.moments import Moment
from content.understand import Route, Understanding, understand
from scheduler.messenger import Keyboard
from scheduler.model import Patient
from scheduler.services import asking
from scheduler.services.asking import Heard
from scheduler.services.enrolment import clean_code
from scheduler.store import patients

RED = (Route.EMERGENCY, Route.URGENT)
MOST_TYPED_FOR_A_CITY = 40
CODE_LENGTHS = range(20, 25)  # ours have 22 characters; one may be lost or doubled in pasting


async def text(conversation: Conversation) -> None:
    """A typed message, new or edited."""
    message = conversation.message
    said = (message and (message.text or message.caption)) or ""
    await hear(conversation, said)


async def hear(conversation: Conversation, said: str) -> None:
    """Deal with words, wherever they came from: typed, edited, forwarded or a caption."""
    patient = conversation.patient
    understood = understand(
        said,
        knowledge=conversation.house.knowledge,
        language=conversation.language,
        hours_since=_hours(conversation),
        procedure=conversation.procedure,
    )
    if understood.route in RED:
        conversation = replace(conversation, crowded=False)  # a warning is answered in any flood
    elif patient is None and _looks_like_code(said):
        await enrol.use_code(conversation, said)
        return
    elif await _was_asked_for(conversation, said):
        return
    if patient is None:
        await _stranger(conversation, _answer(conversation, understood))
        return
    understood = await _ask_once(conversation, patient, understood)
    answered = _answer(conversation, understood)
    heard = await _keep_or_warn(conversation, said, understood, answered)
    if heard.exchange is None and not conversation.repeated:
        return  # the same update came twice; it was answered then
    if heard.joined and answered.pass_on:
        screen = "added" if await show_card(conversation, heard) else "not_shown"
        await conversation.say(conversation.screen(screen, read_by=_moment(conversation, heard)))
        return
    await conversation.say(answered.text, _buttons(conversation, answered))
    if heard.joined and answered.route not in (*RED, Route.CONTACT):
        await show_card(conversation, heard)
    else:
        await passed(conversation, heard)


async def wrong(conversation: Conversation) -> None:
    """*Something's wrong*: the warning signs, the numbers, and a message to a person."""
    await conversation.say(
        conversation.screen("wrong"), keyboards.help_now(conversation.words, conversation.voice)
    )


async def write(conversation: Conversation) -> None:
    """*Write to the clinic*: the next message goes to a person."""
    patient = conversation.known()
    await conversation.house.store.tx(patients.change, patient.id, asked="message")
    await conversation.say(conversation.screen("write"))


async def pass_on(conversation: Conversation) -> None:
    """*Pass it on*: a message the bot could not answer goes to a person."""
    patient = conversation.known()
    heard = await conversation.house.store.tx(
        asking.pass_on,
        patient,
        message_id=conversation.told.number(),
        now=conversation.now,
    )
    if heard is None:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
    elif heard.escalation is None:
        await conversation.say(conversation.screen("passed_before"))
    else:
        await passed(conversation, heard)


async def _was_asked_for(conversation: Conversation, said: str) -> bool:
    """Take a text as an opt-out, or as the answer to what the bot asked, if it is one."""
    patient = conversation.patient
    if patient is None:
        return False
    if await opt_out(conversation, said):
        return True
    store = conversation.house.store
    if patient.asked == "timezone" and len(said) <= MOST_TYPED_FOR_A_CITY:
        return await enrol.city(conversation, said)
    if patient.asked == "message":
        await _hand_over(conversation, patient, said)
        await store.tx(patients.change, patient.id, asked=None)
        return True
    return False


async def _hand_over(conversation: Conversation, patient: Patient, said: str) -> None:
    """Put what she wrote to the clinic before it, or add it to what the clinic has of hers."""
    heard = await _keep(conversation, said, Understanding.nothing())
    if heard.joined:
        await passed(conversation, heard, "added")
        return
    message_id = conversation.message.message_id if conversation.message else 0
    handed = await conversation.house.store.tx(
        asking.pass_on, patient, message_id=message_id, now=conversation.now
    )
    if handed is None or handed.escalation is None:
        await conversation.say(conversation.screen("passed_before"))
    else:
        await passed(conversation, handed)


async def _ask_once(
    conversation: Conversation, patient: Patient, understood: Understanding
) -> Understanding:
    """Ask what was meant once; still unsure, the next thing to offer is a person."""
    unsure = understood.route is Route.UNKNOWN and bool(understood.offered)
    asked = patient.asked == WHICH_TOPIC
    if understood.route in RED or conversation.crowded or not (asked or unsure):
        return understood
    if asked or patient.asked is None:
        now_asked = None if asked else WHICH_TOPIC
        await conversation.house.store.tx(patients.change, patient.id, asked=now_asked)
    return replace(understood, offered=()) if asked and unsure else understood


async def _keep_or_warn(
    conversation: Conversation, said: str, understood: Understanding, answered: Answer
) -> Heard:
    """Keep what was said; if a full disk does not take a warning sign, answer that all the same."""
    try:
        return await _keep(conversation, said, understood)
    except Exception:
        if understood.route in RED and not conversation.repeated:
            await conversation.say(answered.text, _buttons(conversation, answered))
        raise


async def _keep(conversation: Conversation, said: str, understood: Understanding) -> Heard:
    message = conversation.message
    edited = message.edit_date if message else None
    return await conversation.house.store.tx(
        asking.hear,
        conversation.known(),
        chat_id=conversation.chat_id,
        message_id=message.message_id if message else 0,
        said=said,
        edition=edited.isoformat() if edited else "",
        understood=understood,
        now=conversation.now,
    )


async def passed(conversation: Conversation, heard: Heard, screen: str = "passed_on") -> None:
    """Let the clinic's group see what is there, and tell the patient when people read it."""
    if heard.escalation is None or heard.read_by is None:
        return
    screen = screen if await show_card(conversation, heard) else "not_shown"
    await conversation.say(
        conversation.screen(screen, read_by=_moment(conversation, heard), way=heard.tell_way)
    )


async def show_card(conversation: Conversation, heard: Heard) -> bool:
    """Let the clinic's group see what it has not seen yet; False if that could not be done."""
    if heard.escalation is None:
        return True
    return await post_card(conversation.house, heard.escalation)


async def _stranger(conversation: Conversation, answered: Answer) -> None:
    """Somebody not enrolled gets the warning signs and their wording, and how to get a code."""
    if answered.route in RED:
        await conversation.say(answered.text)
        return
    await conversation.say(conversation.screen("no_code"))


def _answer(conversation: Conversation, understood: Understanding) -> Answer:
    house = conversation.house
    return answer(
        understood,
        catalog=house.catalog,
        knowledge=house.knowledge,
        procedure=conversation.procedure,
        language=conversation.language,
        standing=conversation.standing,
        clinic=conversation.voice,
        clinic_slug=conversation.clinic.slug if conversation.clinic else "",
    )


def _buttons(conversation: Conversation, answered: Answer) -> Keyboard:
    if answered.route in (*RED, Route.CONTACT):
        return keyboards.help_now(conversation.words, conversation.voice)
    message = conversation.message
    pass_on = message.message_id if message and answered.pass_on else None
    return keyboards.topics(conversation.words, answered.offered, pass_on=pass_on)


def _hours(conversation: Conversation) -> float | None:
    treated_at = conversation.standing.treated_at
    if treated_at is None:
        return None
    return (conversation.now - treated_at).total_seconds() / 3600


def _moment(conversation: Conversation, heard: Heard) -> Moment | None:
    if heard.read_by is None:
        return None
    zone = conversation.known().zone
    return Moment(heard.read_by.astimezone(zone), conversation.now.astimezone(zone))


def _looks_like_code(said: str) -> bool:
    """A code typed or pasted by hand: about as long as ours, also with spaces in it."""
    code = clean_code(said)
    return len(code) in CODE_LENGTHS and code.replace("-", "").replace("_", "").isalnum()
