"""Language, clock, pause and opt-out: at once, and confirmed once."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.patient import enrol, keyboards
from bot.patient.conversation import Conversation
from content.catalog import Catalog
from content.letters import bare
from content.moments import Moment
from scheduler.services import preferences


async def language(conversation: Conversation) -> None:
    """`/language`: every language by its own name."""
    catalog = conversation.house.catalog
    names = [(key, catalog.words(key)("language", "name")) for key in catalog.languages]
    await conversation.say(conversation.screen("language"), keyboards.languages(names))


async def set_language(conversation: Conversation) -> None:
    """A tap on a language."""
    key = conversation.told.text()
    if conversation.patient is None or key not in conversation.house.catalog.languages:
        await conversation.say(conversation.screen("no_code"))
        return
    await conversation.house.store.tx(preferences.set_language, conversation.patient, key)
    conversation = await conversation.again()
    await conversation.edit(conversation.screen("language_set"))


async def timezone(conversation: Conversation) -> None:
    """`/timezone`: is the clock right?"""
    await enrol.ask_timezone(conversation)


async def pause(conversation: Conversation) -> None:
    """`/pause`: nothing unasked for a day."""
    patient = conversation.known()
    until = await conversation.house.store.tx(preferences.pause, patient, conversation.now)
    zone = patient.zone
    moment = Moment(until.astimezone(zone), conversation.now.astimezone(zone))
    await conversation.say(conversation.screen("paused", until=moment))


async def resume(conversation: Conversation) -> None:
    """`/resume`: go on, after a pause or an opt-out."""
    house = conversation.house
    change = await house.store.tx(
        preferences.resume, house.catalog, conversation.known(), conversation.now
    )
    await conversation.say(conversation.screen("resumed", change=change))


async def stop(conversation: Conversation) -> None:
    """`/stop`: nothing unasked any more."""
    house = conversation.house
    change = await house.store.tx(
        preferences.stop, house.catalog, conversation.known(), conversation.now
    )
    await conversation.say(conversation.screen("stopped", change=change))


async def opt_out(conversation: Conversation, said: str) -> bool:
    """Take a word such as "stop" or "parar" as `/stop`; False if the text is something else.

    Only the word alone counts: "cancel my appointment" is not an opt-out.
    """
    if _plain(said) not in _opt_out_words(conversation.house.catalog):
        return False
    await stop(conversation)
    return True


@lru_cache(maxsize=4)
def _opt_out_words(catalog: Catalog) -> frozenset[str]:
    """Return the words of every language; a library is read once and does not change."""
    return frozenset(
        _plain(word)
        for key in catalog.languages
        for word in catalog.words(key).table("opt_out").get("words", [])
    )


_LETTERS = re.compile(r"[^\W_]+")


def _plain(text: str) -> str:
    return " ".join(_LETTERS.findall(bare(text)))
