"""How the bot makes itself known to Telegram at its start, however long the network is away."""

from __future__ import annotations

import asyncio

import structlog
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from bot.settings import SettingsError

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

log = structlog.get_logger()


async def introduce(application: Application) -> None:  # type: ignore[type-arg]
    """Ask Telegram who we are until it answers; pauses grow to half a minute.

    Raises:
        SettingsError: If Telegram refuses the token.
    """
    pause = FIRST_PAUSE
    try:
        while not await _known(application, pause):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    except BaseException:
        await application.bot.shutdown()
        raise


async def _known(application: Application, pause: float) -> bool:  # type: ignore[type-arg]
    try:
        await application.initialize()
    except InvalidToken:
        raise SettingsError("AFTERCARE_TOKEN is refused by Telegram; check it") from None
    except TelegramError as error:
        log.warning(
            "telegram.not_reached",
            error=type(error).__name__,
            again_in=pause,
            check="the network and AFTERCARE_TELEGRAM_URL",
        )
        return False
    return True
