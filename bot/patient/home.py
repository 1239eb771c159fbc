"""The home card and what hangs on it: today, the plan, what is allowed, what people see."""

from __future__ import annotations

from bot.patient import keyboards
from bot.patient.conversation import Conversation
from content.moments import Moment
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Clinic
from scheduler.services import agenda
from scheduler.store import patients, reminders

WHICH_TOPIC = "topic"
"""What a patient was asked last where the bot was not sure: did you mean one of these?"""


async def show_home(conversation: Conversation) -> None:
    """What today is about, and the four buttons."""
    await conversation.say(_today(conversation), keyboards.home(conversation.words))


async def today(conversation: Conversation) -> None:
    """`/today` and its button: the same card, asked for."""
    await show_home(conversation)


async def plan(conversation: Conversation) -> None:
    """`/plan`: every wait with its moment, the next session, and what comes next."""
    patient = conversation.known()
    rows = await conversation.house.store.tx(reminders.upcoming, patient.id)
    now = conversation.now.astimezone(patient.zone)
    coming = [
        (Moment(row.due_at.astimezone(patient.zone), now), conversation.words("step", row.step))
        for row in rows
        if row.shown
    ]
    standing = conversation.standing
    procedure = conversation.house.catalog.procedure(conversation.procedure)
    running = [
        (conversation.words("rule", key), Moment(end.astimezone(patient.zone), now))
        for key, end in sorted(standing.waits.items(), key=lambda item: item[1])
        if end > conversation.now and procedure.rules[key].asked
    ]
    session = await conversation.house.store.tx(
        agenda.following, _clinic(conversation), patient, conversation.now
    )
    dates = Button(conversation.words("button", "calendar"), pack("cal"))
    await conversation.say(
        conversation.screen("plan", running=running, coming=coming, session=session),
        ((dates,), *keyboards.home(conversation.words)),
    )


async def calendar(conversation: Conversation) -> None:
    """*For my calendar*: her dates as a file that a phone takes up."""
    file = await conversation.house.store.tx(
        agenda.plan_file,
        conversation.house.catalog,
        _clinic(conversation),
        conversation.known(),
        conversation.now,
    )
    if file is None:
        await conversation.say(
            conversation.screen("calendar_empty"), keyboards.home(conversation.words)
        )
        return
    await conversation.say(conversation.screen("calendar"), attachment=file)


async def can_i(conversation: Conversation) -> None:
    """*Can I…?*: the waits to choose from."""
    procedure = conversation.house.catalog.procedure(conversation.procedure)
    await conversation.say(
        conversation.screen("can_i"), keyboards.waits(conversation.words, procedure)
    )


async def can(conversation: Conversation) -> None:
    """One wait: the exact moment, and how long from now."""
    procedure = conversation.house.catalog.procedure(conversation.procedure)
    key = conversation.told.text()
    if key not in procedure.rules:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
        return
    topic = procedure.rules[key].topic
    await conversation.say(
        conversation.topic(topic, asks="may"),
        keyboards.topics(conversation.words, procedure.topics[topic].related[:2]),
    )


async def is_normal(conversation: Conversation) -> None:
    """*Is this normal?*: what many people see on this day, then the warning signs."""
    text = conversation.topic("healing_timeline", asks="normal")
    await conversation.say(
        f"{text}\n\n{conversation.screen('warning_signs')}", keyboards.wrong(conversation.words)
    )


async def topic(conversation: Conversation) -> None:
    """A topic chosen from buttons."""
    procedure = conversation.house.catalog.procedure(conversation.procedure)
    key = conversation.told.text()
    if key not in procedure.topics:
        await conversation.say(
            conversation.screen("old_button"), keyboards.home(conversation.words)
        )
        return
    patient = conversation.patient
    if patient is not None and patient.asked == WHICH_TOPIC:
        await conversation.house.store.tx(patients.change, patient.id, asked=None)
    await conversation.say(
        conversation.topic(key),
        keyboards.topics(conversation.words, procedure.topics[key].related[:2]),
    )


async def help_(conversation: Conversation) -> None:
    """`/help`: what the bot can do."""
    await conversation.say(conversation.screen("help"), keyboards.home(conversation.words))


async def clinic(conversation: Conversation) -> None:
    """`/clinic`: how to reach people."""
    voice = conversation.voice
    buttons: Keyboard = ()
    if voice.phone:
        copy = Button(conversation.words("button", "copy_phone"), copy_text=voice.phone)
        buttons = ((copy,), *keyboards.wrong(conversation.words))
    await conversation.say(conversation.screen("clinic"), buttons)


async def old_button(conversation: Conversation) -> None:
    """A button of another time or of nobody's: say so and show the way."""
    await conversation.say(conversation.screen("old_button"))


def _clinic(conversation: Conversation) -> Clinic:
    if conversation.clinic is None:
        raise LookupError("nobody is enrolled in this chat")
    return conversation.clinic


def _today(conversation: Conversation) -> str:
    return conversation.house.catalog.card(
        conversation.procedure,
        conversation.language,
        "today",
        conversation.context(),
        clinic=conversation.clinic.slug if conversation.clinic else "",
    )
