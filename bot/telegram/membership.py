"""Whether a person is in a group, and the end of a tap's waiting circle: two small requests."""

from __future__ import annotations

from typing import Literal

import structlog
from telegram import Bot, CallbackQuery, ChatMember, ChatMemberRestricted
from telegram.error import TelegramError

from bot.telegram.errors import result_of
from scheduler.messenger import Blocked, Rejected

log = structlog.get_logger()

_INSIDE = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)


async def membership_of(
    bot: Bot, chat_id: int, user_id: int
) -> Literal["member", "stranger", "unknown"]:
    """Ask Telegram whether a person is in a group; `unknown` if it cannot be asked now."""
    try:
        found = await bot.get_chat_member(chat_id, user_id)
    except TelegramError as error:
        result = result_of(error)
        return "stranger" if isinstance(result, Blocked | Rejected) else "unknown"
    return "member" if inside(found) else "stranger"


def inside(found: ChatMember) -> bool:
    """Whether such a member is in the group now."""
    if isinstance(found, ChatMemberRestricted):
        return found.is_member
    return found.status in _INSIDE


async def answer_tap(query: CallbackQuery, text: str = "") -> None:
    """End the waiting circle of a tap, with a sentence in front of the person if there is one.

    A tap that has grown too old to be answered still does its work.
    """
    try:
        await query.answer(text or None, show_alert=bool(text))
    except TelegramError as error:
        log.info("tap.not_answered", error=type(error).__name__)
