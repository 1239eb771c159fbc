"""The outbox worker: take a due row, wait for its turn, mark it, send it, mark what became of it.

A row is marked `trying` just before its own request and marked again just after. So after a crash
the rows in doubt are at most those whose request was under way; which of them are sent again is
decided by what they are (`scheduler.marks`), not by chance.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlite_utils import Database

from scheduler import payload
from scheduler.clock import Clock
from scheduler.fate import recover
from scheduler.marks import Marks
from scheduler.messenger import Messenger, RetryAfter, SendResult, Unknown, Unreachable
from scheduler.model import OutboxRow, Priority
from scheduler.store import claims, outbox
from scheduler.store.claims import Claim
from scheduler.store.engine import Store, passing

LONGEST_PAUSE = 30.0
TIMES_DOUBLED = 7  # from then on a pause is the longest; a day of them would overflow a float
KEPT_FOR_PRESSING = 8

log = structlog.get_logger()


class Pacer(Protocol):
    """Says when a message may go, so that the whole bot stays within Telegram's pace."""

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Return when it is this message's turn."""
        ...

    async def go(self) -> None:
        """Return at the moment at which the request may leave; called last of all."""
        ...

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        ...


class Delivery:
    """Sends what the outbox holds.

    Args:
        store: The database.
        messenger: Where messages leave.
        pacer: Who goes when.
        clock: The present instant.
        in_flight: The most requests at once.
        batch: The most rows in hand.
        without_room: Seconds until it tries again what a full disk did not take.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        pacer: Pacer,
        clock: Clock,
        *,
        in_flight: int = 16,
        batch: int = 64,
        without_room: float = 5.0,
    ) -> None:
        self._store, self._messenger, self._pacer, self._clock = store, messenger, pacer, clock
        self._batch, self._without_room = batch, without_room
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._log = log.bind()  # once, for what is told of each message: a look-up costs 10 us
        self._marks = Marks(store, clock, at_once=in_flight)
        self._sending: set[int] = set()
        self._woken = asyncio.Event()
        self._stopping = False
        self._unreachable = 0
        self._loop: asyncio.Task[None] | None = None
        self.last_success: datetime | None = None
        self.dwell_seconds = 0.0
        self.counts: Counter[str] = Counter()

    async def recover(self) -> Counter[str]:
        """Settle what a crash left in doubt and keep to a pause that Telegram asked for."""
        now = self._clock()
        settled, held_until = await self._store.tx(recover, now)
        if held_until and held_until > now:
            self._pacer.hold((held_until - now).total_seconds())
        if settled:
            log.warning("delivery.in_doubt", **settled)
        return settled

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._loop = asyncio.get_running_loop().create_task(self._run(), name="delivery")

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._woken.set()

    async def stop(self) -> None:
        """Finish the requests under way, give up the waiting ones, and end."""
        self._stopping = True
        self._marks.close()
        self._woken.set()
        if self._loop is not None:
            await self._loop
        in_hand = dict(self._in_hand)
        for row_id, task in in_hand.items():
            if row_id not in self._sending:
                task.cancel()
        await asyncio.gather(*in_hand.values(), return_exceptions=True)

    async def drain(self) -> None:
        """Send everything that is due now and return when it is done."""
        while (await self._take()).claims:
            await asyncio.gather(*self._in_hand.values())

    async def settle(self, row_id: int) -> OutboxRow | None:
        """Send one row as soon as its turn comes and return what became of it."""
        claim = await self._store.tx(claims.waiting, row_id)
        if claim is not None:
            self._hold(claim)
        task = self._in_hand.get(row_id)
        if task is not None:
            await asyncio.wait([task])
        return await self._store.tx(outbox.by_id, row_id)

    async def _run(self) -> None:
        pause: float | None = None
        while not self._stopping:
            self._woken.clear()
            try:
                pause = self._pause(await self._take())
            except Exception:
                log.exception("delivery.failed")
                pause = LONGEST_PAUSE
            await self._rest(pause)

    async def _rest(self, pause: float | None) -> None:
        """Wait until woken or the next row is due; a full hand waits for room in it."""
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return

    def _pause(self, taken: _Taken) -> float | None:
        if taken.next_due is None:
            return None
        return min(max((taken.next_due - self._clock()).total_seconds(), 0.0), LONGEST_PAUSE)

    async def _take(self) -> _Taken:
        """Take rows into hand; a hand full of broadcasts still has room for what is pressing."""
        room = self._batch - len(self._in_hand)
        taken = await self._store.tx(_take, self._clock(), room, tuple(self._in_hand))
        for claim in taken.claims:
            self._hold(claim)
        return taken

    def _hold(self, claim: Claim) -> None:
        if claim.id in self._in_hand:  # taken by another round while this one waited for the store
            return
        task = asyncio.create_task(self._deliver(claim), name=f"outbox {claim.id}")
        self._in_hand[claim.id] = task
        task.add_done_callback(partial(self._put_down, claim.id))

    def _put_down(self, row_id: int, _: asyncio.Task[None]) -> None:
        self._in_hand.pop(row_id, None)
        if len(self._in_hand) <= self._batch // 2:
            self._woken.set()

    async def _deliver(self, claim: Claim) -> None:
        try:
            await self._pacer.turn(
                chat_id=claim.chat_id, priority=claim.priority, group=claim.clinic_id or 0
            )
            self._sending.add(claim.id)  # from here on a stop waits: a clean end has no doubts
            await self._send(claim)
        except Exception as error:
            if passing(error):  # it waits as it did, and is taken again
                log.exception("delivery.no_room", row=claim.id)
                self._sending.discard(claim.id)
                await asyncio.sleep(self._without_room)
                return
            log.exception("delivery.row_pushed_aside", row=claim.id)
            await self._marks.put_aside(claim.id)
            self.counts["failed"] += 1
        finally:
            self._sending.discard(claim.id)

    async def _send(self, claim: Claim) -> None:
        row = await self._marks.begin(claim.id)
        if row is None:
            return
        began = self._clock()
        await self._pacer.go()
        result = await self._messenger.send(payload.unpack(row.payload, row.chat_id))
        self._mind(row, result, began)
        outcome = await self._written(row, result)
        self.counts[outcome] += 1
        if outcome == "sent":
            self.dwell_seconds += max((began - row.due_at).total_seconds(), 0.0)
            self._log.debug("delivery.sent", row=row.id, kind=row.kind)
        else:
            log.info("delivery.result", row=row.id, kind=row.kind, outcome=outcome)

    async def _written(self, row: OutboxRow, result: SendResult) -> str:
        """Write down what a request came to, as soon as there is room for it; it is known once."""
        while True:
            try:
                return await self._marks.end(row, result)
            except Exception as error:
                if self._stopping or not passing(error):
                    raise
                log.exception("delivery.no_room", row=row.id)
                await asyncio.sleep(self._without_room)

    def _mind(self, row: OutboxRow, result: SendResult, now: datetime) -> None:
        """Draw from one result what it means for all: a pause, a lost network, its return."""
        match result:
            case RetryAfter(seconds):
                self._pacer.hold(seconds, everybody=row.priority < Priority.REMINDER)
            case Unreachable():
                self._unreachable = min(self._unreachable + 1, TIMES_DOUBLED)
                self._pacer.hold(min(2.0**self._unreachable / 2, LONGEST_PAUSE))
            case Unknown():
                pass
            case _:
                self._unreachable = 0
                self.last_success = now


@dataclass(frozen=True, slots=True)
class _Taken:
    """Rows for the hand, and when the next of the others is due; None while there are more."""

    claims: list[Claim]
    next_due: datetime | None


def _take(db: Database, now: datetime, room: int, in_hand: tuple[int, ...]) -> _Taken:
    most = max(room, KEPT_FOR_PRESSING)
    found = claims.due(db, now, most, without=in_hand, bulk=room)
    if len(found) >= room:  # the hand is full; room in it wakes the sender
        return _Taken(found, None)
    return _Taken(found, outbox.next_due(db, without=(*in_hand, *(claim.id for claim in found))))
