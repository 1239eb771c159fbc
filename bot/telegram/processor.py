"""Updates of one chat in their order, of different chats at the same time.

python-telegram-bot's default does one update at a time, so one slow answer holds everybody up; its
`concurrent_updates(True)` lets two messages of one patient overtake each other. Here every chat has
a lock, and what waits for it takes nobody's place: only what is being worked on counts.

A patient whose phone was away sends forty messages at once, and the last may be a warning sign. So
nothing of a private chat is dropped: a flood is heard to its end, and only warnings are answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any
from weakref import WeakValueDictionary

import structlog
from telegram import Update
from telegram.ext import BaseUpdateProcessor

AT_ONCE = 256
CROWD = 32
ANY_NUMBER = 2**20  # of updates that wait; the library counts them as if they were worked on

log = structlog.get_logger()


class OrderedProcessor(BaseUpdateProcessor):
    """Keeps the order within a chat.

    Args:
        at_once: The most updates that are worked on.
        crowd: How many updates of one chat may wait before the further ones are a flood.

    Attributes:
        crowded: Numbers of updates of private chats that came in a flood: those are listened to.
        dropped: How many updates of groups were given up in floods; people there see what is not
            confirmed and say it again.
    """

    __slots__ = ("_crowd", "_in_hand", "_locks", "_slots", "crowded", "dropped")

    def __init__(self, at_once: int = AT_ONCE, crowd: int = CROWD) -> None:
        super().__init__(ANY_NUMBER)
        self._slots = asyncio.Semaphore(at_once)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._in_hand: Counter[int] = Counter()
        self._crowd = crowd
        self.crowded: set[int] = set()
        self.dropped = 0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Deal with an update when those of its chat before it are done."""
        try:
            if not isinstance(update, Update):
                await coroutine
            elif self._has_room(update):
                await self._in_turn(update, coroutine)
        finally:
            _close(coroutine)

    async def _in_turn(self, update: Update, coroutine: Awaitable[Any]) -> None:
        key = update.effective_chat.id if update.effective_chat else 0
        self._in_hand[key] += 1
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock, self._slots:
                await coroutine
        finally:
            self.crowded.discard(update.update_id)
            self._in_hand[key] -= 1
            if not self._in_hand[key]:
                del self._in_hand[key]

    def _has_room(self, update: Update) -> bool:
        """Whether an update is dealt with; notes it if it came in a flood."""
        chat = update.effective_chat
        if chat is None or self._in_hand[chat.id] < self._crowd:
            return True
        if chat.type == chat.PRIVATE:
            self.crowded.add(update.update_id)
            return True
        self.dropped += 1
        log.warning("update.flood", dropped=self.dropped)
        return False


def _close(coroutine: Awaitable[Any]) -> None:
    """Give up a coroutine that was not started, without a warning; any other is done already."""
    close = getattr(coroutine, "close", None)
    if close is not None:
        close()
