"""How the bot ends in under five seconds, whatever is in hand: the one budget of a stop.

The numbers are seconds from the signal. Each step begins as soon as the one before is over, and at
its moment at the latest. From the signal on no update is taken; what is in hand goes on as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

import structlog

from scheduler.messenger import SendResult, Unknown, Unreachable

TURNS = 0.5
"""Nobody waits for a turn any more: an answer that has none is kept in the store, a row waits as
it did, and a job that has nothing to finish is broken off between two changes of the store."""

CALLS = 1.0
"""Who calls us, as Telegram by webhook, is waited for no longer than this."""

ANSWERS = 3.5
"""No request is waited for any more: nobody can know of it, as after a read time-out. From then on
there is half a second each to write that down and to give up what even so does not end."""

WORK = 4.0
"""Updates and jobs that go on even so are broken off; an update comes again at the next start."""

MARKS = 4.5
"""What could not be written down by now is in doubt at the next start, as after a crash."""

CUT = "the bot was stopped before an answer came"
TOO_LATE = "the bot is being stopped"

log = structlog.get_logger()


class Ending:
    """The time of one stop; it begins when this is made, in a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def left(self, until: float) -> float:
        """Return how many seconds are left until a moment of the budget."""
        return max(self._began + until - self._loop.time(), 0.0)

    async def see_to(self, until: float, **steps: Awaitable[None]) -> None:
        """Take named steps side by side; one that fails, or is late, keeps nobody from ending."""
        tasks = {asyncio.ensure_future(step): name for name, step in steps.items()}
        done, late = await asyncio.wait(tasks, timeout=self.left(until))
        for task in late:
            task.cancel()
            log.warning("stop.too_slow", step=tasks[task])
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("stop.failed", step=tasks[task], exc_info=error)


class UnderWay:
    """The requests under way, so that a stop can cut them short."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._cut = False

    async def of(self, request: Coroutine[Any, Any, SendResult]) -> SendResult:
        """Make a request and return how it ended; one that is cut short is `Unknown`."""
        if self._cut:
            request.close()
            return Unreachable(TOO_LATE)
        limit = asyncio.timeout(None)
        self._limits.add(limit)
        try:
            async with limit:
                return await request
        except TimeoutError:
            if not limit.expired():
                raise
            return Unknown(CUT)
        finally:
            self._limits.discard(limit)

    def cut(self) -> None:
        """Wait for none of them any more, and let no other begin."""
        self._cut = True
        if self._limits:
            log.warning("stop.cut", requests=len(self._limits))
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            limit.reschedule(now)
