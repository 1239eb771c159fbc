"""How long to wait for a Telegram that does not answer: longer each time, and never for good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.settings import SettingsError
from bot.telegram.errors import seconds_of

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

Pause = Callable[[float], Awaitable[object]]

log = structlog.get_logger()


def longer(pause: float) -> float:
    """Return the pause in seconds that follows another; 0 if there was none before."""
    return min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)


def pause_after(error: Exception, before: float) -> float:
    """Return how many seconds to wait after an error.

    Args:
        error: What went wrong.
        before: The pause before it; 0 if all was well.
    """
    match error:
        case RetryAfter():
            return max(seconds_of(error.retry_after), FIRST_PAUSE)
        case Conflict() | InvalidToken():
            return LONGEST_PAUSE
        case _:
            return longer(before)


async def until_answered(
    ask: Callable[[], Awaitable[object]], *, pause: Pause = asyncio.sleep
) -> None:
    """Ask Telegram something until it answers; pauses grow to half a minute.

    Args:
        ask: What is asked; it has to be harmless to ask it again.
        pause: How to wait for so many seconds.

    Raises:
        SettingsError: If Telegram refuses the token.
    """
    seconds = 0.0
    while True:
        try:
            await ask()
        except InvalidToken:
            raise SettingsError("AFTERCARE_TOKEN is refused by Telegram; check it") from None
        except TelegramError as error:
            seconds = pause_after(error, seconds)
            log.warning(
                "telegram.not_reached",
                error=type(error).__name__,
                again_in=seconds,
                check="the network and AFTERCARE_TELEGRAM_URL",
            )
            await pause(seconds)
        else:
            return
