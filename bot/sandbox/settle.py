"""When the bot has dealt with everything: it took every update, handled it, and sent what was due.

A person in a test or on the page acts, and sees the answer as soon as there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot.sandbox.telegram import Telegram
from scheduler.store import incoming, outbox, queues

if TYPE_CHECKING:
    from bot.app import Bot

_GLANCE = 0.002
"""Seconds between two looks at the store, which is in the same process."""


def settled(telegram: Telegram, bot: Bot) -> Callable[[], Awaitable[None]]:
    """Return what waits until the bot has nothing left to do at this instant."""
    house = bot.house

    async def settle() -> None:
        await telegram.taken()
        await bot.application.update_queue.join()
        house.delivery.wake()
        while True:
            if await house.store.tx(_at_rest, house.clock()):
                return
            await asyncio.sleep(_GLANCE)

    return settle


def _at_rest(db: Database, now: datetime) -> bool:
    """Return whether no update is in hand, no request under way and nothing due to be sent."""
    due = queues.next_due(db)
    return not (
        incoming.left(db) or outbox.counts(db).get("trying") or (due is not None and due <= now)
    )
