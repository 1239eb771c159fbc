"""The outbox worker: takes rows in hand that are due, and knows when to look for the next.

Reminders and broadcasts are taken only while the line to Telegram is answered; what the line, the
hand and the sender of one row do is told in `scheduler.line`, `scheduler.hand`, `scheduler.sender`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlite_utils import Database

from scheduler.clock import Clock
from scheduler.fate import recover
from scheduler.hand import Hand
from scheduler.line import Line
from scheduler.marks import Marks
from scheduler.messenger import Messenger
from scheduler.model import OutboxRow, Priority
from scheduler.pauses import Pauses
from scheduler.sender import LONGEST_PAUSE, Pacer, Sender
from scheduler.store import claims, outbox, queues, waits
from scheduler.store.claims import Claim
from scheduler.store.engine import Store

KEPT_FOR_PRESSING = 8

log = structlog.get_logger()


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

    Attributes:
        line: What the messages leave by; whatever else is sent should leave by it too.
        behind: Chats in which an answer or a warning waits for another try.
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
        self._store, self._clock, self._batch = store, clock, batch
        self._woken = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self.line = Line(messenger, pacer.pause, clock, self._line_changed)
        marks = Marks(store, clock, at_once=in_flight)
        self._pauses = Pauses(store, pacer, clock)
        self._sender = Sender(
            self.line, pacer, marks, self._pauses, clock, without_room=without_room
        )
        self._hand = Hand(self._sender.deliver, self._put_down)
        self.behind = self._sender.behind

    @property
    def last_success(self) -> datetime | None:
        """When Telegram last took a message."""
        return self._sender.last_success

    @property
    def dwell_seconds(self) -> float:
        """How long all that was sent had been due, together."""
        return self._sender.dwell_seconds

    @property
    def counts(self) -> Counter[str]:
        """What the messages came to."""
        return self._sender.counts

    async def recover(self) -> Counter[str]:
        """Settle what a crash left in doubt and keep to the pauses that Telegram asked for."""
        settled = await self._store.tx(recover, self._clock())
        self.behind.update(await self._store.tx(waits.chats))
        await self._pauses.restore()
        if settled:
            log.warning("delivery.in_doubt", **settled)
        return settled

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._loop = asyncio.get_running_loop().create_task(self._run(), name="delivery")

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._woken.set()

    async def clock_set_back(self) -> None:
        """Let nothing that was put off by seconds wait for as long as the clock went back."""
        await self._store.tx(waits.keep_short, self._clock())
        self.wake()

    async def stop(self) -> None:
        """Begin nothing more, let the requests under way end, write that down, and end.

        Those that are not answered end when the line is cut; `scheduler.ending` says when.
        """
        self._stopping = True
        self._sender.stop()
        self._woken.set()
        await self.line.close()
        if self._loop is not None:
            await self._loop
        self._hand.give_up(self._hand.ids(), but=self._sender.begun)
        await self._hand.all_done()

    async def drain(self) -> None:
        """Send everything that is due now and may leave, and return when it is done."""
        while True:
            taken = await self._take()
            nothing_due = not taken.claims and not taken.held
            if self._hand:
                await self._hand.all_done()
            elif nothing_due or (self.line.silent and not await self.line.asked()):
                return

    async def settle(self, row_id: int) -> OutboxRow | None:
        """Send one row as soon as its turn comes and return what became of it."""
        claim = await self._store.tx(claims.waiting, row_id)
        if claim is not None:
            self._hand.take(claim)
        await self._hand.one_done(row_id)
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
        if not self._stopping:
            self.line.ask()
        room = self._batch - len(self._hand)
        spare = self._spare()
        taken = await self._store.tx(_take, self._clock(), room, self._hand.ids(), spare)
        for claim in taken.claims:
            self._hold(claim)
        return taken

    def _spare(self) -> int | None:
        """Return how many more that can wait the line has room for; None if that is no matter."""
        room = self.line.room
        return None if room is None else room - len(self._hand.can_wait)

    def _hold(self, claim: Claim) -> None:
        """Take a row in hand, unless the line has fallen silent since it was found."""
        spare = self._spare()
        if claim.priority < Priority.REMINDER or spare is None or spare > 0:
            self._hand.take(claim)

    def _put_down(self) -> None:
        if len(self._hand) <= self._batch // 2:
            self._woken.set()

    def _line_changed(self) -> None:
        if self.line.silent:
            self._sender.put_back(self._hand.can_wait)
            self._hand.give_up(self._hand.can_wait, but=self._sender.begun)
        self._woken.set()


@dataclass(frozen=True, slots=True)
class _Taken:
    """Rows for the hand.

    Attributes:
        claims: The rows.
        next_due: When the next of the others is due; None while there are more.
        held: Whether no more was taken of what can wait, for the line had no room for it.
    """

    claims: list[Claim]
    next_due: datetime | None
    held: bool


def _take(
    db: Database, now: datetime, room: int, in_hand: tuple[int, ...], spare: int | None
) -> _Taken:
    """Find rows for the hand; `spare` is for how many that can wait the line has room, if few."""
    found = claims.due(db, now, max(room, KEPT_FOR_PRESSING), without=in_hand, bulk=room)
    if spare is not None:
        found = claims.that_can_wait(found, at_most=spare)
    can_wait = sum(claim.priority >= Priority.REMINDER for claim in found)
    held = spare is not None and can_wait >= spare
    if len(found) >= room:  # the hand is full; room in it wakes the sender
        return _Taken(found, None, held)
    others = (*in_hand, *(claim.id for claim in found))
    return _Taken(found, queues.next_due(db, without=others, pressing=held), held)
