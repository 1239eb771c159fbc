"""The real bot and Telegram on loopback, in one event loop: people act, the bot has answered.

async with telegram_with_bot(store, catalog, clock) as (telegram, bot):
    ana = telegram.person("Ana")
    await ana.send("/start")
    assert "code" in ana.last.text
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from bot.app import Bot
from bot.sandbox.settle import settled
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.clock import Clock
from scheduler.pacer import Pacer
from scheduler.store.engine import Store


@asynccontextmanager
async def telegram_with_bot(
    store: Store,
    catalog: Catalog,
    clock: Clock,
    *,
    knowledge: Knowledge | None = None,
    messages_per_second: float | None = None,
) -> AsyncIterator[tuple[Telegram, Bot]]:
    """Run both until the block ends; what a person does returns once the bot has dealt with it.

    Args:
        store: The database.
        catalog: The words.
        clock: The bot's and Telegram's clock.
        knowledge: How words are understood; read anew if not given.
        messages_per_second: The bot's pace; if not given, nobody waits for a turn.
    """
    pace = messages_per_second or 1000
    pacer = None if messages_per_second else Pacer(per_second=pace, time=_hurried())
    async with Telegram(clock) as telegram:
        settings = settings_for(telegram, pace)
        bot = Bot(settings, store, catalog, clock=clock, knowledge=knowledge, pacer=pacer)
        await bot.start()
        telegram.settle = settled(telegram, bot)
        try:
            yield telegram, bot
        finally:
            await bot.stop()


def _hurried() -> Callable[[], float]:
    """Return a clock on which an hour passes between two looks."""
    hours = count(step=3600)
    return lambda: float(next(hours))
