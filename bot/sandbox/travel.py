"""A week in a minute: the clock jumps from one due message to the next, and each goes out in time.

The bot is not told that it is in a sandbox. After each jump its own job ticks and its own outbox is
drained, exactly as if that much time had passed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.app import Bot
from bot.sandbox.clock import MovableClock
from bot.sandbox.cloud import Event
from bot.sandbox.settle import settled
from bot.sandbox.telegram import Telegram
from scheduler.services import outage
from scheduler.store import queues, records, reminders
from scheduler.store.engine import stamp

JUST_AFTER = timedelta(seconds=1)
LONGEST_STEP = timedelta(hours=1)
FARTHEST = timedelta(days=120)


class Traveller:
    """Moves the clock of a running bot.

    Args:
        telegram: Where the bot is.
        bot: The bot.
        clock: The clock that it was given.
    """

    def __init__(self, telegram: Telegram, bot: Bot, clock: MovableClock) -> None:
        self._telegram, self._bot, self._clock = telegram, bot, clock
        self._settle = settled(telegram, bot)

    async def forward(self, delta: timedelta) -> None:
        """Let this much time pass."""
        target = self._clock() + delta
        while (now := self._clock()) < target:
            await self._arrive(min(await self._next_stop(now), target))

    async def to_next_message(self) -> bool:
        """Let time pass until the bot says something unasked; False if nothing more is planned."""
        heard: list[Event] = []
        self._telegram.cloud.listeners.append(heard.append)
        limit = self._clock() + FARTHEST
        try:
            while (now := self._clock()) < limit:
                if await self._bot.store.tx(_next_due) is None:
                    return False
                await self._arrive(await self._next_stop(now))
                if any(_said_by_bot(event) for event in heard):
                    return True
        finally:
            self._telegram.cloud.listeners.remove(heard.append)
        return False

    async def _next_stop(self, now: datetime) -> datetime:
        """Return just after the next due message, or in an hour if none is due before."""
        due = await self._bot.store.tx(_next_due)
        soon = now + LONGEST_STEP
        return soon if due is None or due <= now else min(due + JUST_AFTER, soon)

    async def _arrive(self, at: datetime) -> None:
        self._clock.forward_to(at)
        # The bot was at work all the while, so it must not report the jump as an outage.
        await self._bot.store.tx(records.keep, outage.REACHED, stamp(at))
        await self._bot.runner.now()
        await self._settle()


def _next_due(db: Database) -> datetime | None:
    dues = (reminders.next_due(db), queues.next_due(db))
    return min((due for due in dues if due is not None), default=None)


def _said_by_bot(event: Event) -> bool:
    return event.kind == "posted" and event.message is not None and event.message.from_bot
