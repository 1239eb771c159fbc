"""The command menus that Telegram shows: per language, for patients and for a clinic's group."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import TelegramError

from content.catalog import FALLBACK_LANGUAGE, Catalog, Words

log = structlog.get_logger()


async def tell_menus(
    bot: Bot, catalog: Catalog, patient: Iterable[str], staff: Iterable[str]
) -> None:
    """Give Telegram the menus in every language; a bot without menus still works.

    Args:
        bot: The bot.
        catalog: The words.
        patient: The commands of a private chat, in the order of the menu.
        staff: The commands of a clinic's group.
    """
    scopes = (
        (BotCommandScopeAllPrivateChats(), tuple(patient)),
        (BotCommandScopeAllGroupChats(), tuple(staff)),
    )
    for language in catalog.languages:
        words = catalog.words(language)
        # None, not "": with Defaults, python-telegram-bot 22.8 sends an empty text as "[]"
        told = None if language == FALLBACK_LANGUAGE else language
        for scope, names in scopes:
            try:
                await bot.set_my_commands(_menu(words, names), scope=scope, language_code=told)
            except TelegramError as error:
                log.warning("menus.not_told", error=type(error).__name__)
                return


def _menu(words: Words, names: Iterable[str]) -> list[BotCommand]:
    known = words.table("command")
    return [BotCommand(name, str(known[name])) for name in names if name in known]
