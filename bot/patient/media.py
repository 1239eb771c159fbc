"""Photos, voice and everything else that is not text: never judged, never silently lost.

A photo or a voice note goes to people of the clinic, with the patient's consent and not without.
A caption is read like any message first, since a warning sign may stand in it.
"""

from __future__ import annotations

from typing import Literal

from telegram import Message

from bot.patient import ask, keyboards
from bot.patient.conversation import Conversation
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.services import sharing


async def not_text(conversation: Conversation) -> None:
    """A photo, a voice note, a sticker, or anything else that can be sent."""
    message = conversation.message
    if message is None:
        return
    if message.caption:
        await ask.hear(conversation, message.caption)
    shared = _shared(message)
    patient = conversation.patient
    if shared is None or patient is None or patient.state in ("invited", "joining"):
        if not message.caption:
            await _say_why_not(conversation, message)
        return
    kind, file_id = shared
    received = await conversation.house.store.tx(
        sharing.receive,
        patient,
        kind=kind,
        file_id=file_id,
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
    """The yes or the no to showing photos and voice notes to the clinic."""
    choice = conversation.told.text()
    heard = await conversation.house.store.tx(
        sharing.decide, conversation.known(), yes=choice == "yes", now=conversation.now
    )
    if choice != "yes":
        await conversation.edit(conversation.screen("media_kept_back"), _allow(conversation))
    elif heard is None:
        await conversation.edit(conversation.screen("media_allowed"))
    else:
        await conversation.edit(conversation.screen("media_allowed"))
        await ask.passed(conversation, heard, "media_passed")


async def _say_why_not(conversation: Conversation, message: Message) -> None:
    name = "media"
    if message.sticker or message.animation:
        name = "sticker"
    elif message.document and (message.document.mime_type or "").startswith("image/"):
        name = "media_as_photo"
    await conversation.say(
        conversation.screen(name), keyboards.help_now(conversation.words, conversation.voice)
    )


def _shared(message: Message) -> tuple[Literal["photo", "voice"], str] | None:
    """Return what can be passed on: a photo, which Telegram strips of its details, or a voice."""
    if message.photo:
        return "photo", message.photo[-1].file_id
    if message.voice:
        return "voice", message.voice.file_id
    return None


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
