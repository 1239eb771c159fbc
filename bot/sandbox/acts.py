"""What the page asks for: one small command for each thing that a person can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from bot.sandbox.chats import Json, Message
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.stage import Stage

MOST_TYPED = 20_000
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
LANGUAGES = ("en", "es")

Act = Callable[[Stage, Json], Awaitable[str | None]]
"""Does something and returns words for the page, if there is something to say."""


async def send(stage: Stage, told: Json) -> None:
    """Type a message."""
    person, group = _who(stage, told)
    answered = _chat(stage, group).log.get(int(told.get("reply_to") or 0))
    await person.send(str(told.get("text", ""))[:MOST_TYPED], group, reply_to=answered)


async def edit(stage: Stage, told: Json) -> None:
    """Change a message of one's own."""
    person, group = _who(stage, told)
    await person.edit(_message(stage, group, told), str(told.get("text", ""))[:MOST_TYPED])


async def tap(stage: Stage, told: Json) -> None:
    """Tap a button below a message."""
    person, group = _who(stage, told)
    message = _message(stage, group, told)
    button = message.rows[int(told["row"])][int(told["column"])]
    if "callback_data" in button:
        await person.tap(at=group, data=button["callback_data"], message=message)


async def key(stage: Stage, told: Json) -> None:
    """Tap a button in the place of the keyboard."""
    person, group = _who(stage, told)
    await person.tap(str(told.get("text", "")), group)


async def share(stage: Stage, told: Json) -> None:
    """Send something that is not text."""
    person, group = _who(stage, told)
    match told.get("what"):
        case "photo":
            await person.photo(to=group)
        case "voice":
            await person.voice(group)
        case "sticker":
            await person.sticker(group)
        case "location":
            await person.location(51.5072, -0.1276)


async def block(stage: Stage, _: Json) -> None:
    """Block the bot, or let it write again."""
    blocked = stage.patient.chat.members[stage.telegram.cloud.bot.id] == "kicked"
    await (stage.patient.unblock() if blocked else stage.patient.block())


async def language(stage: Stage, told: Json) -> None:
    """Set the language of the patient's phone."""
    if told.get("value") in LANGUAGES:
        stage.patient.user.language = str(told["value"])


async def enrol(stage: Stage, _: Json) -> None:
    """Enrol a patient treated now."""
    await stage.enrol()


async def scan(stage: Stage, _: Json) -> None:
    """Scan the clinic's code with the patient's phone."""
    await stage.scan()


async def wait(stage: Stage, told: Json) -> str | None:
    """Let time pass."""
    step = str(told.get("step"))
    if step in STEPS:
        await stage.travel.forward(STEPS[step])
        return None
    return None if await stage.travel.to_next_message() else "nothing_planned"


ACTS: dict[str, Act] = {
    "send": send,
    "edit": edit,
    "tap": tap,
    "key": key,
    "share": share,
    "block": block,
    "language": language,
    "enrol": enrol,
    "scan": scan,
    "wait": wait,
}


def _who(stage: Stage, told: Json) -> tuple[Person, Group | None]:
    if told.get("chat") == "group":
        return stage.staff.get(str(told.get("as")), stage.owner), stage.group
    return stage.patient, None


def _chat(stage: Stage, group: Group | None) -> Any:
    return group.chat if group else stage.patient.chat


def _message(stage: Stage, group: Group | None, told: Json) -> Message:
    found: Message | None = _chat(stage, group).log.get(int(told["message"]))
    if found is None:
        raise LookupError("that message is gone")
    return found
