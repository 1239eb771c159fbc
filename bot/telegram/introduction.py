"""How the bot makes itself known to Telegram at its start, however long the network is away."""

from __future__ import annotations

from telegram.ext import Application

from bot.telegram.patience import until_answered


async def introduce(application: Application) -> None:  # type: ignore[type-arg]
    """Ask Telegram who we are until it answers; pauses grow to half a minute.

    Raises:
        SettingsError: If Telegram refuses the token.
    """
    try:
        await until_answered(application.initialize)
    except BaseException:
        await application.bot.shutdown()
        raise
