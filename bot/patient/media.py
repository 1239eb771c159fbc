"""Photos, voice notes and everything else that is not text: never judged, never silently lost.

A file goes to people of the clinic, with the patient's consent and not without. A caption is read
like any message first, since a warning sign may stand in it.
"""

from __future__ import annotations

from telegram import Message

from bot.patient import ask, keyboards
from bot.patient.conversation import Conversation
from bot.telegram.shared import MOST_BYTES, MOST_MEGABYTES, SharedFile, file_of
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.services import sharing


async def not_text(conversation: Conversation) -> None:
    """A photo, a voice note, a video, a sticker, or anything else that can be sent."""
    message = conversation.message
    if not isinstance(message, Message):
        return
    if message.caption:
        await ask.hear(conversation, message.caption)
    file = file_of(message)
    patient = conversation.patient
    if patient is None or patient.state in ("invited", "joining"):
        if not message.caption:
            await _say_why_not(conversation, _plain(message))
        return
    why_not = _why_not(message, file)
    if file is None or why_not:
        await _say_why_not(conversation, why_not)
        return
    received = await conversation.house.store.tx(
        sharing.receive,
        patient,
        kind=file.kind,
        file_id=file.file_id,
        message_id=message.message_id,
        album=message.media_group_id or "",
        now=conversation.now,
    )
    match received.outcome:
        case "ask" | "held" if not received.more:
            await conversation.say(
                conversation.screen("media_ask", days=sharing.KEPT.days), _yes_or_no(conversation)
            )
        case "refused":
            await conversation.say(conversation.screen("media"), _allow(conversation))
        case "passed" if received.heard is not None:
            if received.more:
                await ask.show_card(conversation, received.heard)
            else:
                await ask.passed(conversation, received.heard, "media_passed")


async def decide(conversation: Conversation) -> None:
    """The yes or the no to showing photos and other files to the clinic."""
    choice = conversation.told.text()
    heard = await conversation.house.store.tx(
        sharing.decide, conversation.known(), yes=choice == "yes", now=conversation.now
    )
    if choice != "yes":
        await conversation.edit(conversation.screen("media_kept_back"), _allow(conversation))
        return
    await conversation.edit(conversation.screen("media_allowed"))
    if heard is not None:
        await ask.passed(conversation, heard, "media_passed")


def _why_not(message: Message, file: SharedFile | None) -> str:
    """Return the sentence on why something cannot be passed on; empty if it can."""
    if file is None:
        return "sticker" if message.sticker or message.animation else "media_other"
    if file.picture:
        return "media_as_photo"
    return "media_too_big" if file.bytes > MOST_BYTES else ""


def _plain(message: Message) -> str:
    """Return the sentence for somebody who has no clinic here."""
    return "sticker" if message.sticker or message.animation else "media"


async def _say_why_not(conversation: Conversation, screen: str) -> None:
    await conversation.say(
        conversation.screen(screen, most=MOST_MEGABYTES),
        keyboards.help_now(conversation.words, conversation.voice),
    )


def _yes_or_no(conversation: Conversation) -> Keyboard:
    words = conversation.words
    return (
        (Button(words("button", "media_yes"), pack("media", "yes"), style="success"),),
        (Button(words("button", "media_no"), pack("media", "no")),),
        (keyboards.wrong_button(words),),
    )


def _allow(conversation: Conversation) -> Keyboard:
    allow = Button(conversation.words("button", "media_allow"), pack("media", "yes"))
    return ((allow,), *keyboards.help_now(conversation.words, conversation.voice))
