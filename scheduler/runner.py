"""The jobs that APScheduler keeps time for: one tick that does the work, and what looks after it.

APScheduler keeps time here and nothing else: no job per patient and no job store. Its defaults
would drop a late run after one second and cancel a running one on shutdown, so both are set: a stop
breaks off at once only what has nothing to finish.
It knows the next run by the wall clock only, so a clock set back by two hours would stop every job
for two hours; a watch on the loop's own time sees that and sets the times anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.clock import Clock, system_clock
from scheduler.ending import WORK
from scheduler.pacer import PacerClosed

log = structlog.get_logger()

TICK_SECONDS = 2.0

Work = Callable[[], Awaitable[object]]


class Runner:
    """Runs a round every few seconds, one at a time, and rarer work beside it.

    Args:
        work: One round; what it raises is logged and the next round comes all the same.
        seconds: The time between the beginnings of two rounds.
        clock: The wall clock, which is watched for being set back.
        set_back: What else has to be done when it was.
    """

    def __init__(
        self,
        work: Work,
        *,
        seconds: float = TICK_SECONDS,
        clock: Clock = system_clock,
        set_back: Work | None = None,
    ) -> None:
        self._set_back = set_back
        self._clock, self._watch_seconds = clock, seconds
        self._watch: asyncio.Task[None] | None = None
        self._jobs = {"tick": _Job(work, seconds, finishes=True)}
        self._locks: dict[str, asyncio.Lock] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def beside(self, name: str, work: Work, *, seconds: float, finishes: bool = False) -> None:
        """Add work that is done beside the rounds, each time after so many seconds.

        Whether it `finishes` when it is under way at a stop, or is broken off at once: between two
        changes of the store, for one that has begun is never cut.
        """
        self._jobs[name] = _Job(work, seconds, finishes)

    def start(self) -> None:
        """Begin to tick; needs a running event loop."""
        for name, job in self._jobs.items():
            self._scheduler.add_job(
                self.now,
                "interval",
                args=[name],
                seconds=job.seconds,
                id=name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()
        self._watch = asyncio.create_task(self._watch_the_clock(), name="clock")

    async def now(self, name: str = "tick") -> None:
        """Do one round at once; waits for a round of the same work that is under way."""
        async with self._lock(name):
            if self._stopping:
                return
            work = asyncio.create_task(_done(self._jobs[name].work), name=name)
            self._under_way[name] = work
            try:
                await asyncio.wait([work])
            finally:
                work.cancel()
                del self._under_way[name]
            if not work.cancelled() and (error := work.exception()) is not None:
                _tell(name, error)

    async def stop(self, *, within: float = WORK) -> None:
        """Start nothing more, and let what is under way finish for so many seconds."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.pause()
        for name, work in self._under_way.items():
            if not self._jobs[name].finishes:
                work.cancel()
        if self._under_way:
            _, late = await asyncio.wait(self._under_way.values(), timeout=within)
            for work in late:
                work.cancel()
        for name in self._jobs:
            async with self._lock(name):
                pass
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _watch_the_clock(self) -> None:
        while True:
            before = self._clock()
            await asyncio.sleep(self._watch_seconds)
            if (back := (before - self._clock()).total_seconds()) > 0:
                log.warning("clock.set_back", seconds=round(back, 1))
                for name, job in self._jobs.items():
                    self._scheduler.reschedule_job(name, trigger="interval", seconds=job.seconds)
                await self._tell_of_it()

    async def _tell_of_it(self) -> None:
        if self._set_back is None:
            return
        try:
            await self._set_back()
        except Exception:
            log.exception("job.failed", job="set_back")

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class _Job:
    """Work that comes again.

    Attributes:
        work: What is done.
        seconds: How often.
        finishes: Whether a stop waits for it.
    """

    work: Work
    seconds: float
    finishes: bool


async def _done(work: Work) -> None:
    await work()


def _tell(name: str, error: BaseException) -> None:
    """Log why work failed; to have given up its turn at a stop is no failure."""
    if not isinstance(error, Exception):
        raise error
    if not isinstance(error, PacerClosed):
        log.error("job.failed", job=name, exc_info=error)
