"""Telegram is asked again for as long as it takes, and a refused token ends that at once."""

from __future__ import annotations

import pytest
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.settings import SettingsError
from bot.telegram.patience import FIRST_PAUSE, LONGEST_PAUSE, pause_after, until_answered


def test_pauses_grow_and_have_an_end() -> None:
    pause, seen = 0.0, []
    for _ in range(10):
        pause = pause_after(NetworkError("x"), pause)
        seen.append(pause)
    assert seen[:3] == [0.5, 1.0, 2.0]
    assert seen[-1] == LONGEST_PAUSE
    assert pause_after(RetryAfter(9), 0) == 9
    assert pause_after(RetryAfter(-9), 0) == FIRST_PAUSE
    assert pause_after(Conflict("x"), 0) == LONGEST_PAUSE


async def test_telegram_is_asked_until_it_answers() -> None:
    errors: list[TelegramError] = [NetworkError("x"), RetryAfter(7), NetworkError("x")]
    paused: list[float] = []

    async def ask() -> None:
        if errors:
            raise errors.pop(0)

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    await until_answered(ask, pause=pause)
    assert errors == []
    assert paused == [0.5, 7, 14]


async def test_a_refused_token_is_no_reason_to_wait() -> None:
    async def ask() -> None:
        raise InvalidToken

    with pytest.raises(SettingsError, match="AFTERCARE_TOKEN is refused"):
        await until_answered(ask)
