"""The one APScheduler job: it ticks, it can be woken early, and it stops cleanly.

APScheduler keeps time here and nothing else: no job per patient and no job store. Its defaults
would drop a late run after one second and cancel a running one on shutdown, so both are set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()

TICK_SECONDS = 2.0


class Runner:
    """Runs a round every few seconds, one at a time.

    Args:
        work: One round; what it raises is logged and the next round comes all the same.
        seconds: The time between the beginnings of two rounds.
    """

    def __init__(
        self, work: Callable[[], Awaitable[object]], *, seconds: float = TICK_SECONDS
    ) -> None:
        self._work, self._seconds = work, seconds
        self._one_at_a_time = asyncio.Lock()
        self._stopping = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin to tick; needs a running event loop."""
        self._scheduler.add_job(
            self.now,
            "interval",
            seconds=self._seconds,
            id="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    async def now(self) -> None:
        """Do one round at once; waits for a round that is under way."""
        async with self._one_at_a_time:
            if self._stopping:
                return
            try:
                await self._work()
            except Exception:
                log.exception("tick.failed")

    async def stop(self) -> None:
        """Let the round that is under way finish, and start no other."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.pause()
        async with self._one_at_a_time:
            pass
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
