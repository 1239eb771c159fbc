"""The rows in hand: those that wait for their turn, and those on their way.

Warnings and answers to one chat go one after the other, so that none overtakes another that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from functools import partial
from typing import Any

from scheduler.model import Priority
from scheduler.store.claims import Claim

Task = asyncio.Task[None]


class Hand:
    """Holds rows until each is dealt with.

    Args:
        deliver: Deals with one row.
        put_down: Called each time that one was dealt with.

    Attributes:
        can_wait: Ids of the reminders and broadcasts among the rows.
    """

    def __init__(
        self, deliver: Callable[[Claim], Coroutine[Any, Any, None]], put_down: Callable[[], None]
    ) -> None:
        self._deliver, self._tell = deliver, put_down
        self._tasks: dict[int, Task] = {}
        self._last_of: dict[tuple[int, int], Task] = {}
        self.can_wait: set[int] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def ids(self) -> tuple[int, ...]:
        """Return the ids of the rows."""
        return tuple(self._tasks)

    def take(self, claim: Claim) -> None:
        """Take a row in hand, if it is not there."""
        if claim.id in self._tasks:  # taken by another round while this one waited for the store
            return
        name = f"outbox {claim.id}"
        if claim.priority >= Priority.REMINDER:
            self.can_wait.add(claim.id)
            task = asyncio.create_task(self._deliver(claim), name=name)
        else:
            task = asyncio.create_task(self._in_order(self._before(claim), claim), name=name)
            place = claim.chat_id, claim.priority
            self._last_of[place] = task
            task.add_done_callback(partial(self._forget, place))
        self._tasks[claim.id] = task
        task.add_done_callback(partial(self._put_down, claim.id))

    async def one_done(self, row_id: int) -> None:
        """Return when a row is dealt with; at once if it is not in hand."""
        task = self._tasks.get(row_id)
        if task is not None:
            await asyncio.wait([task])

    async def all_done(self) -> None:
        """Return when the rows that are in hand now are dealt with."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def give_up(self, row_ids: Iterable[int], *, but: Collection[int]) -> None:
        """Let go of rows, but not of some; they wait as they did."""
        for row_id in row_ids:
            if row_id not in but:
                self._tasks[row_id].cancel()

    def _before(self, claim: Claim) -> list[Task]:
        """Return the last ones to the same chat that are as pressing or more."""
        lasts = (self._last_of.get((claim.chat_id, more)) for more in range(claim.priority + 1))
        return [last for last in lasts if last is not None]

    async def _in_order(self, before: list[Task], claim: Claim) -> None:
        if before:
            await asyncio.wait(before)
        await self._deliver(claim)

    def _forget(self, place: tuple[int, int], task: Task) -> None:
        if self._last_of.get(place) is task:
            del self._last_of[place]

    def _put_down(self, row_id: int, _: Task) -> None:
        self._tasks.pop(row_id, None)
        self.can_wait.discard(row_id)
        self._tell()
