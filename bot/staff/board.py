"""The messages in clinics' groups that change: edited soon, in order, and again if that failed.

Telegram counts a change like a message. So each takes its turn with the messages, and in a group
that has had many within a minute it waits, the oldest first, and leaves room for what is new.
"""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakValueDictionary

from content.catalog import Catalog
from scheduler.clock import Clock
from scheduler.messenger import Messenger
from scheduler.model import Priority
from scheduler.services import showing
from scheduler.store import edits
from scheduler.store.engine import Store

BATCH = 100


class Pacer(Protocol):
    """Says when a message may be sent or changed."""

    def wait_to_change(self, *, chat_id: int) -> float:
        """Return in how many seconds a message of a chat may be changed."""
        ...

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Return when it is this change's turn."""
        ...

    async def go(self) -> None:
        """Return at the moment at which the request may leave; called last of all."""
        ...


class Board:
    """Edits what has to say something else.

    Args:
        store: Where it is written down what has to be edited.
        catalog: The words.
        messenger: Where edits leave.
        pacer: Who goes when.
        clock: The present instant.
    """

    def __init__(
        self, store: Store, catalog: Catalog, messenger: Messenger, pacer: Pacer, clock: Clock
    ) -> None:
        self._store, self._catalog, self._pacer = store, catalog, pacer
        self._messenger, self._clock = messenger, clock
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def sweep(self) -> int:
        """Make the edits that are due and for which there is room; return how many were tried."""
        found = await self._store.look(edits.escalations, self._clock(), BATCH)
        return sum(
            [
                await self.show(escalation_id)
                for escalation_id, chat_id in found
                if self._has_room(chat_id)
            ]
        )

    async def show(self, escalation_id: int) -> int:
        """Make the edits of one escalation that are due; return how many were tried.

        One at a time: of two that overtake each other the older text would stay. Those for which
        a group has no room stay due.
        """
        tried = 0
        lock = self._locks.setdefault(escalation_id, asyncio.Lock())
        async with lock:
            due = await self._store.tx(showing.due, self._catalog, escalation_id, self._clock())
            for edit in due:
                if not self._has_room(edit.chat_id):
                    continue
                await self._pacer.turn(
                    chat_id=edit.chat_id, priority=Priority.REPLY, group=edit.clinic_id
                )
                await self._pacer.go()
                result = await self._messenger.edit(
                    chat_id=edit.chat_id,
                    message_id=edit.message_id,
                    text=edit.text,
                    buttons=edit.buttons,
                )
                await self._store.tx(showing.settle, edit, result, self._clock())
                tried += 1
        return tried

    def _has_room(self, chat_id: int) -> bool:
        return self._pacer.wait_to_change(chat_id=chat_id) <= 0
