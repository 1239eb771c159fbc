"""Photos, voice and everything else that is not text: never judged, never silently lost."""

from __future__ import annotations

from bot.patient import ask, keyboards
from bot.patient.conversation import Conversation


async def not_text(conversation: Conversation) -> None:
    """A photo, a voice note, a sticker: say that only words are read, and the way to a person.

    A caption is read like any message, since a warning sign may stand in it.
    """
    message = conversation.message
    if message and message.caption:
        await ask.hear(conversation, message.caption)
        return
    kind = "sticker" if message and (message.sticker or message.animation) else "media"
    await conversation.say(
        conversation.screen(kind), keyboards.help_now(conversation.words, conversation.voice)
    )
