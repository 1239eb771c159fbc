"""The messages in clinics' groups that change: edited soon, in order, and again if that failed.

Telegram counts a change like a message. So each takes its turn with the messages, and in a group
that has had many within a minute it waits, the oldest first, and leaves room for what is new.
"""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from content.catalog import Catalog
from scheduler.clock import Clock
from scheduler.door import Door, Pacer
from scheduler.messenger import Messenger, Rejected, SendResult, Sent
from scheduler.services import emptying, showing
from scheduler.store import edits
from scheduler.store.emptying import Emptying
from scheduler.store.engine import Store

BATCH = 100


class Board:
    """Edits what has to say something else, and empties what shows an erased patient.

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
        self._store, self._catalog, self._clock = store, catalog, clock
        self._door = Door(store, messenger, pacer, clock)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._messages: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()
        self._emptying = asyncio.Lock()

    async def sweep(self) -> int:
        """Make the edits that are due and for which there is room; return how many were tried."""
        emptied = await self.empty()
        found = await self._store.look(edits.escalations, self._clock(), BATCH)
        return emptied + sum(
            [
                await self.show(escalation_id)
                for escalation_id, chat_id in found
                if self._door.has_room(chat_id)
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
                if not self._door.has_room(edit.chat_id):
                    continue
                async with self._alone(edit.chat_id, edit.message_id):
                    if not await self._store.look(edits.stands, edit.post.outbox_id):
                        continue  # she was erased meanwhile: her words must not come back
                    result = await self._door.edit(
                        chat_id=edit.chat_id,
                        message_id=edit.message_id,
                        text=edit.text,
                        buttons=edit.buttons,
                        group=edit.clinic_id,
                    )
                await self._store.tx(showing.settle, edit, result, self._clock())
                tried += 1
        return tried

    async def empty(self) -> int:
        """Empty what groups show of erased patients, as far as there is room; return how many.

        What cannot be emptied the group is asked to delete.
        """
        tried = 0
        async with self._emptying:
            due = await self._store.tx(emptying.due, self._catalog, self._clock(), BATCH)
            for row, text in due:
                if row.message_id is None or not self._door.has_room(row.chat_id):
                    continue
                async with self._alone(row.chat_id, row.message_id):
                    result = await self._emptied(row, row.message_id, text)
                await self._store.tx(emptying.settle, row, result, self._clock())
                tried += 1
            await self._store.tx(emptying.tell, self._catalog, self._clock())
        return tried

    async def _emptied(self, row: Emptying, message_id: int, text: str) -> SendResult:
        """Take words away by an edit and a file by a deletion; say whether nothing is left.

        What is refused is tried the other way. A file stays standing above an edited caption.
        """
        first, second = (self._delete, self._edit) if row.file else (self._edit, self._delete)
        result = await first(row, message_id, text)
        if not isinstance(result, Rejected):
            return result
        other = await second(row, message_id, text)
        return result if row.file and isinstance(other, Sent) else other

    async def _edit(self, row: Emptying, message_id: int, text: str) -> SendResult:
        return await self._door.edit(
            chat_id=row.chat_id,
            message_id=message_id,
            text=text,
            caption=row.file,
            group=row.clinic_id,
        )

    async def _delete(self, row: Emptying, message_id: int, _: str) -> SendResult:
        return await self._door.delete(
            chat_id=row.chat_id, message_id=message_id, group=row.clinic_id
        )

    def _alone(self, chat_id: int, message_id: int) -> asyncio.Lock:
        """Return what lets one message be changed by one at a time."""
        return self._messages.setdefault((chat_id, message_id), asyncio.Lock())
