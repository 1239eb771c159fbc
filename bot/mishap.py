"""What people are told when something goes wrong inside, so that nothing is lost in silence."""

from __future__ import annotations

import structlog
from telegram import Update

from bot.house import Context, House, house_of
from bot.patient.conversation import open_conversation
from scheduler.messenger import Outgoing
from scheduler.pacer import PacerClosed
from scheduler.store import clinics
from scheduler.store.engine import passing

log = structlog.get_logger()


async def failed(update: object, context: Context) -> None:
    """A handler failed: log what failed, not what was said, and give people a way on.

    What failed for want of room on the disk is dealt with again; they are told of it once. So is,
    at the next start, what a stop left no time to say.
    """
    if isinstance(context.error, PacerClosed) and isinstance(update, Update):
        house_of(context).unfinished.add(update.update_id)
        return
    log.error("update.failed", exc_info=context.error)
    if not isinstance(update, Update):
        return
    house = house_of(context)
    told = update.update_id in house.again
    if passing(context.error):
        house.unfinished.add(update.update_id)
    if told:
        return
    conversation = await open_conversation(update, context)
    if conversation is not None:
        await conversation.say(conversation.screen("failed"))
    elif update.effective_chat is not None:
        answered = update.effective_message.message_id if update.effective_message else None
        key = f"failed:{update.update_id}"
        await _tell_group(house, update.effective_chat.id, "staff_failed", key, answered)


def not_used(reason: str) -> None:
    """A clinic's own text cannot be used, and its patients read the library's instead."""
    log.warning("content.not_used", reason=reason)


async def flooded(house: House, chat_id: int) -> None:
    """So much came at once in a group that some taps and commands were given up there."""
    key = f"flood:{chat_id}:{house.clock().isoformat()}"
    await _tell_group(house, chat_id, "staff_flood", key)


async def _tell_group(
    house: House, chat_id: int, screen: str, key: str, reply_to: int | None = None
) -> None:
    """Say a sentence in the group of a clinic; nothing in any other chat."""
    clinic = await house.store.tx(clinics.by_chat, chat_id)
    if clinic is None:
        return
    text = house.catalog.screen(clinic.language, screen)
    await house.replies.send(
        Outgoing(chat_id=chat_id, text=text, reply_to=reply_to), key=key, clinic_id=clinic.id
    )
