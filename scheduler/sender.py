"""One message from its turn to its fate: mark it, look once more, send it, mark what came of it.

A row is marked `trying` just before its own request and marked again just after. So after a crash
the rows in doubt are at most those whose request was under way; which of them are sent again is
decided by what they are (`scheduler.fate`), not by chance.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from scheduler import fate, payload
from scheduler.clock import Clock
from scheduler.fate import NotLeft
from scheduler.line import Line
from scheduler.marks import Marks
from scheduler.messenger import RetryAfter, SendResult, Unknown, Unreachable
from scheduler.model import OutboxRow, Priority
from scheduler.pacer import PacerClosed
from scheduler.pauses import Pauses
from scheduler.store.claims import Claim, Recipient
from scheduler.store.engine import passing
from scheduler.store.waits import AT_NIGHT, PAUSED

LONGEST_PAUSE = 30.0
TIMES_DOUBLED = 7  # from then on a pause is the longest; a day of them would overflow a float

ON_ITS_WAY = timedelta(seconds=1)
"""What leaves in the last second before the quiet hours may arrive in them, so it waits."""

log = structlog.get_logger()


class Pacer(Protocol):
    """Says when a message may go, so that the whole bot stays within Telegram's pace."""

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Return when it is this message's turn."""
        ...

    async def go(self, *, priority: int) -> float:
        """Return 0 when the request may leave, or in how many seconds it may after a pause."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait for so long, whoever goes meanwhile."""
        ...

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Let no reminder and no broadcast go for so long, or nothing at all."""
        ...


class Sender:
    """Sends rows, each in its turn.

    Args:
        line: Where messages leave.
        pacer: Who goes when.
        marks: Who marks the rows.
        pauses: Who keeps to what Telegram asks for.
        clock: The present instant.
        without_room: Seconds until it tries again what a full disk did not take.

    Attributes:
        begun: Rows that have had their turn, so that their end has to be waited for.
        behind: Chats in which an answer or a warning waits for another try.
        last_success: When Telegram last took a message, or refused one.
        dwell_seconds: How long all that was sent had been due, together.
        counts: What the messages came to.
    """

    def __init__(
        self,
        line: Line,
        pacer: Pacer,
        marks: Marks,
        pauses: Pauses,
        clock: Clock,
        *,
        without_room: float,
    ) -> None:
        self._line, self._pacer, self._marks, self._clock = line, pacer, marks, clock
        self._pauses = pauses
        self._without_room = without_room
        self._log = log.bind()  # once, for what is told of each message: a look-up costs 10 us
        self.begun: set[int] = set()
        self._stopping = False
        self._unreachable = 0
        self.behind: set[int] = set()
        self.last_success: datetime | None = None
        self.dwell_seconds = 0.0
        self.counts: Counter[str] = Counter()

    def put_back(self, row_ids: Container[int]) -> None:
        """Begin none of these that is not marked yet."""
        self._marks.put_back(row_ids)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self._marks.close()

    async def deliver(self, claim: Claim) -> None:
        """Wait for the turn of a row and send it; what breaks is put aside, and nothing raised."""
        try:
            await self._pacer.turn(
                chat_id=claim.chat_id, priority=claim.priority, group=claim.clinic_id or 0
            )
            self.begun.add(claim.id)  # from here on a stop waits: a clean end has no doubts
            await self._send(claim)
        except PacerClosed:  # it waits as it did
            return
        except Exception as error:
            if passing(error):  # it waits as it did, and is taken again
                log.exception("delivery.no_room", row=claim.id)
                self.begun.discard(claim.id)
                if not self._stopping:
                    await asyncio.sleep(self._without_room)
                return
            log.exception("delivery.row_pushed_aside", row=claim.id)
            await self._marks.put_aside(claim.id)
            self.counts["failed"] += 1
        finally:
            self.begun.discard(claim.id)

    async def _send(self, claim: Claim) -> None:
        if self._line.silent and claim.priority >= Priority.REMINDER:
            return
        going = await self._marks.begin(claim.id)
        if going is None:
            return
        row, recipient = going
        try:
            held = await self._pacer.go(priority=row.priority)
        except PacerClosed:
            await self._written(row, NotLeft(row.due_at, row.detail))
            return
        left = self._clock()
        result = self._kept_back(row, recipient, left, held)
        if result is None:
            result = await self._line.send(payload.unpack(row.payload, row.chat_id))
            await self._mind(row, result, left)
        outcome = await self._written(row, result)
        self.counts[outcome] += 1
        if outcome == "sent":
            self.dwell_seconds += max((left - row.due_at).total_seconds(), 0.0)
            self._log.debug("delivery.sent", row=row.id, kind=row.kind)
        else:
            log.info("delivery.result", row=row.id, kind=row.kind, outcome=outcome)

    def _kept_back(
        self, row: OutboxRow, recipient: Recipient | None, now: datetime, held: float
    ) -> SendResult | NotLeft | None:
        """Look once more: to mark a row and to wait for the window may have taken seconds."""
        if held:
            if row.priority < Priority.REMINDER:
                self.behind.add(row.chat_id)
            return NotLeft(now + timedelta(seconds=held), PAUSED)
        if row.priority < Priority.REMINDER:
            return None
        if self._line.silent:
            return NotLeft(row.due_at, row.detail)
        if recipient is None:
            return None
        opens = fate.opens(recipient, now + ON_ITS_WAY)
        return NotLeft(opens, AT_NIGHT) if opens else None

    async def _written(self, row: OutboxRow, result: SendResult | NotLeft) -> str:
        """Write down what a request came to, as soon as there is room for it; it is known once."""
        while True:
            try:
                return await self._marks.end(row, result)
            except Exception as error:
                if self._stopping or not passing(error):
                    raise
                log.exception("delivery.no_room", row=row.id)
                await asyncio.sleep(self._without_room)

    async def _mind(self, row: OutboxRow, result: SendResult, now: datetime) -> None:
        """Draw from one result what it means for others: a pause, a lost network, its return."""
        match result:
            case RetryAfter(seconds):
                await self._pauses.asked(seconds, everybody=row.priority < Priority.REMINDER)
            case Unreachable():
                self._unreachable = min(self._unreachable + 1, TIMES_DOUBLED)
                self._pacer.hold(min(2.0**self._unreachable / 2, LONGEST_PAUSE))
            case Unknown():  # the line holds what can wait
                return
            case _:
                self._unreachable = 0
                self.last_success = now
                return
        if row.priority < Priority.REMINDER:
            self.behind.add(row.chat_id)
