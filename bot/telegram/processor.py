"""Updates of one chat in their order, of different chats at the same time.

python-telegram-bot's default does one update at a time, so one slow answer holds everybody up; its
`concurrent_updates(True)` lets two messages of one patient overtake each other. Here every chat has
a lock, and what waits for it takes nobody's place: only what is being worked on counts.

A patient whose phone was away sends forty messages at once, and the last may be a warning sign. So
nothing of a private chat is dropped: a flood is heard to its end, and only warnings are answered.
Of a group's flood, taps and commands are given up and the group is told; what people reply to the
bot, which may be an answer to a patient, and who comes and goes there, is always heard.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

import structlog
from telegram import Update
from telegram.ext import BaseUpdateProcessor
from telegram.ext.filters import StatusUpdate

from bot.telegram.typed import Typed

AT_ONCE = 256
CROWD = 32
ANY_NUMBER = 2**20  # of updates that wait; the library counts them as if they were worked on

log = structlog.get_logger()


class OrderedProcessor(BaseUpdateProcessor):
    """Keeps the order within a chat.

    Args:
        at_once: The most updates that are worked on.
        crowd: How many updates of one chat may wait before the further ones are a flood.
        after_flood: Called with the number of a group when a flood there is over of which
            something was given up.

    Attributes:
        crowded: Numbers of updates of private chats that came in a flood: those are listened to.
        dropped: How many updates of groups were given up in floods.
    """

    __slots__ = (
        "_after_flood", "_crowd", "_flooded", "_in_hand", "_locks", "_slots", "crowded", "dropped",
    )  # fmt: skip

    def __init__(
        self,
        at_once: int = AT_ONCE,
        crowd: int = CROWD,
        after_flood: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(ANY_NUMBER)
        self._slots = asyncio.Semaphore(at_once)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._in_hand: Counter[int] = Counter()
        self._crowd, self._after_flood = crowd, after_flood
        self._flooded: set[int] = set()
        self.crowded: set[int] = set()
        self.dropped = 0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Deal with an update when those of its chat before it are done."""
        try:
            if isinstance(update, Typed):
                if self._in_hand[update.chat_id] >= self._crowd:
                    self.crowded.add(update.update_id)
                await self._in_turn(update.chat_id, update.update_id, coroutine)
            elif not isinstance(update, Update):
                await coroutine
            elif self._has_room(update):
                chat = update.effective_chat
                await self._in_turn(chat.id if chat else 0, update.update_id, coroutine)
        finally:
            _close(coroutine)

    async def _in_turn(self, key: int, update_id: int, coroutine: Awaitable[Any]) -> None:
        self._in_hand[key] += 1
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock, self._slots:
                await coroutine
        finally:
            self.crowded.discard(update_id)
            self._in_hand[key] -= 1
            if not self._in_hand[key]:
                del self._in_hand[key]
                await self._over(key)

    async def _over(self, chat_id: int) -> None:
        """Have a group told, once for each flood, that not everything was done."""
        if chat_id in self._flooded:
            self._flooded.discard(chat_id)
            if self._after_flood is not None:
                try:
                    await self._after_flood(chat_id)
                except Exception:
                    log.exception("update.flood_not_told")

    def _has_room(self, update: Update) -> bool:
        """Whether an update is dealt with; notes it if it came in a flood."""
        chat = update.effective_chat
        if chat is None or self._in_hand[chat.id] < self._crowd:
            return True
        if chat.type == chat.PRIVATE:
            self.crowded.add(update.update_id)
            return True
        if _must_be_heard(update):
            return True
        self._flooded.add(chat.id)
        self.dropped += 1
        log.warning("update.flood", dropped=self.dropped)
        return False


def _must_be_heard(update: Update) -> bool:
    """Whether an update of a group may be an answer to a patient, or says who is in the group."""
    if update.callback_query is not None:
        return False
    message = update.effective_message
    if message is None:
        return True
    answered = message.reply_to_message
    if answered is not None and answered.from_user is not None and answered.from_user.is_bot:
        return True
    return StatusUpdate.ALL.check_update(update) is True


def _close(coroutine: Awaitable[Any]) -> None:
    """Give up a coroutine that was not started, without a warning; any other is done already."""
    close = getattr(coroutine, "close", None)
    if close is not None:
        close()
