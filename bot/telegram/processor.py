"""Updates of one chat in their order, of different chats at the same time.

python-telegram-bot's default does one update at a time, so one slow answer holds everybody up; its
`concurrent_updates(True)` lets two messages of one patient overtake each other. Here every chat has
a lock, and one chat that floods is held to a few waiting updates while all others go on.
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
WAITING_PER_CHAT = 32

log = structlog.get_logger()


class OrderedProcessor(BaseUpdateProcessor):
    """Keeps the order within a chat.

    Args:
        at_once: The most updates in hand.
        waiting_per_chat: The most updates of one chat in hand; further ones are dropped and
            counted, so that a flood from one chat leaves the others unharmed.
    """

    __slots__ = ("_in_hand", "_locks", "_waiting_per_chat", "dropped")

    def __init__(self, at_once: int = AT_ONCE, waiting_per_chat: int = WAITING_PER_CHAT) -> None:
        super().__init__(at_once)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._in_hand: Counter[int] = Counter()
        self._waiting_per_chat = waiting_per_chat
        self.dropped = 0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Deal with an update when those of its chat before it are done."""
        chat = update.effective_chat if isinstance(update, Update) else None
        key = chat.id if chat else 0
        if chat and self._in_hand[key] >= self._waiting_per_chat:
            self.dropped += 1
            log.warning("update.flood", dropped=self.dropped)
            _close(coroutine)
            return
        self._in_hand[key] += 1
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                await coroutine
        finally:
            self._in_hand[key] -= 1
            if not self._in_hand[key]:
                del self._in_hand[key]


def _close(coroutine: Awaitable[Any]) -> None:
    """Give a coroutine up that was never started, without the warning that it was not."""
    close = getattr(coroutine, "close", None)
    if close is not None:
        close()
