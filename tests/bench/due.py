"""Very many reminders due in the same minute: how many fire, how fast, and what freezes.

Nothing is sent, so what is measured is the schedule's own work. The peers' jobs do nothing. This
project is measured twice: its sender alone, which marks each row, hands it over and marks it again
on the disk, as a peer's job store does; and with the words of every message composed before.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.base import BaseScheduler

from bot.logs import set_up_logging
from bot.memory import keep_what_is_loaded
from content.catalog import Catalog
from scheduler.delivery import Delivery
from scheduler.store import outbox
from scheduler.tick import tick
from tests.bench.patients import NOW
from tests.bench.peers import Mute, Unpaced, job_store, nothing, quiet_application
from tests.bench.process import call
from tests.bench.setting import Setting, missing, opened
from tests.bench.table import Goal, Line, Samples, samples

TOPIC = "due at once"
FAST = Goal("ratio", least=15)
SMOOTH = Goal("ours", most=50)
NONE = Goal("ours", most=0)
IN_FLIGHT = 128  # what a bot has that may send a thousand messages a second
STORE = "APScheduler + SQLAlchemyJobStore, no grace limit"
DEFAULT = "APScheduler + SQLAlchemyJobStore, default"
QUEUE = "PTB JobQueue"


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    count, twice = setting.size(10_000, 1_500), setting.size(20_000, 3_000)
    pending = setting.size(100_000, 10_000)
    queued = setting.database("queued", count, pending=pending, queued=count)
    waiting = setting.database("due", count, pending=pending, due=count)
    more = setting.database("due-twice", twice, pending=pending, due=twice)
    sender = [call(ours, path=copy, compose=False) for copy in setting.copies(queued)]
    whole = [call(ours, path=copy, compose=True) for copy in setting.copies(waiting)]
    shutil.copy(more, f"{more}.once")
    double = call(ours, path=f"{more}.once", compose=True)
    queue = setting.each(job_queue, count=count)
    queue_twice = call(job_queue, count=twice)
    store = _stored(setting, count)
    what, words = f"{count:,} due, sender alone", f"{count:,} due, with the words composed"
    lines = [
        _line(f"{what}: s", sender, "s", STORE, store, goal=FAST),
        _line(f"{what}: s", sender, "s", QUEUE, queue, note="peer keeps nothing"),
        _line(f"{what}: CPU us each", sender, "us", STORE, store),
        _line(f"{words}: s", whole, "s", STORE, store),
        _line(f"{what}: longest freeze, ms", sender, "freeze", STORE, store, goal=SMOOTH),
        _line(f"{words}: longest freeze, ms", whole, "freeze", QUEUE, queue, goal=SMOOTH),
        _line(f"{twice:,} due: dropped", [double], "dropped", QUEUE, [queue_twice], goal=NONE),
    ]
    dropped = f"{count:,} due: dropped"
    if reason := missing("sqlalchemy"):
        return [*lines, _line(dropped, whole, "dropped", DEFAULT, [], note=reason, goal=NONE)]
    lost = call(stored_jobs_by_default, path=str(setting.folder / "grace.sqlite"), count=count)
    return [*lines, _line(dropped, whole, "dropped", DEFAULT, [lost], goal=NONE)]


def ours(path: str, *, compose: bool) -> dict[str, float]:
    """Do what a tick does, if asked, and send everything to nobody."""
    set_up_logging("INFO", "json")
    catalog, mute = Catalog(), Mute()
    catalog.version  # noqa: B018  (read once, when the bot starts)
    store = opened(path)
    keep_what_is_loaded()  # as the bot does

    async def drain() -> None:
        delivery = Delivery(
            store, mute, Unpaced(), lambda: NOW, in_flight=IN_FLIGHT, batch=4 * IN_FLIGHT
        )
        while compose and (await tick(store, catalog, NOW))["queued"]:
            pass
        waiting = (await store.tx(outbox.counts))["waiting"]
        delivery.start()
        while delivery.counts.total() < waiting:  # noqa: ASYNC110  (it has no other end)
            await asyncio.sleep(0.005)
        await delivery.stop()

    result = asyncio.run(_watched(drain))
    states = store.run(outbox.counts)
    store.close()
    total = sum(states.values())
    return {**result, "dropped": total - states.get("sent", 0), "us": result["cpu"] / total * 1e6}


def job_queue(count: int) -> dict[str, float]:
    """Let so many jobs of `JobQueue` be due at one moment."""
    application = quiet_application()

    async def fire() -> dict[str, float]:
        queue = application.job_queue
        if queue is None:
            raise LookupError("job_queue")
        await queue.start()
        due = datetime.now(UTC) + timedelta(seconds=2 + count / 4000)
        for number in range(count):
            queue.run_once(nothing, due, chat_id=number)
        return await _fired(queue.scheduler, count, due)

    return asyncio.run(fire())


def register(path: str, count: int) -> dict[str, float]:
    """Put so many jobs that are due at one moment, a moment ago, into APScheduler's store.

    The store takes milliseconds for each, so this is done ahead of time and without waiting for
    the disk; they fire with the store as its documentation sets it up.
    """

    async def fill() -> None:
        writer = job_store(path, durable=False)
        writer.start(paused=True)
        due = datetime.now(UTC)
        for _ in range(count):
            writer.add_job(nothing, "date", run_date=due, misfire_grace_time=None)
        writer.shutdown(wait=False)

    asyncio.run(fill())
    return {}


def stored_jobs(path: str, count: int) -> dict[str, float]:
    """Fire the jobs of a store in which all are due, none too late."""
    job_store(":memory:")

    async def fire() -> dict[str, float]:
        return await _fired(job_store(path), count, datetime.now(UTC), start=True)

    return asyncio.run(fire())


def stored_jobs_by_default(path: str, count: int) -> dict[str, float]:
    """Let so many jobs of a store be due at one moment to come, with the default grace."""

    async def fire() -> dict[str, float]:
        writer = job_store(path, durable=False)
        writer.start(paused=True)
        due = datetime.now(UTC) + timedelta(seconds=3 + count / 300)
        for _ in range(count):
            writer.add_job(nothing, "date", run_date=due)
        writer.shutdown(wait=False)
        if datetime.now(UTC) > due - timedelta(seconds=1):
            raise TimeoutError("registering took too long for a fair start")
        scheduler = job_store(path)
        scheduler.start()
        return await _fired(scheduler, count, due)

    return asyncio.run(fire())


async def _fired(
    scheduler: BaseScheduler, count: int, due: datetime, *, start: bool = False
) -> dict[str, float]:
    """Wait until every job has fired or was dropped, and say how that went."""
    fired, dropped, done = [0], [0], asyncio.Event()

    def heard(event: JobExecutionEvent) -> None:
        (dropped if event.code == EVENT_JOB_MISSED else fired)[0] += 1
        if fired[0] + dropped[0] >= count:
            done.set()

    async def work() -> None:
        if start:
            scheduler.start()
        await done.wait()

    scheduler.add_listener(heard, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
    await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds() - 0.3, 0))
    late = (datetime.now(UTC) - due).total_seconds()
    result = await _watched(work)
    scheduler.shutdown(wait=False)
    seconds = result["s"] + late
    return {**result, "s": seconds, "dropped": dropped[0], "us": result["cpu"] / count * 1e6}


async def _watched(work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Do some work and say how long it took and how long the loop answered nobody."""
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            before = perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, perf_counter() - before - 0.001)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    began, cpu = perf_counter(), process_time()
    await work()
    took, used = perf_counter() - began, process_time() - cpu
    await asyncio.sleep(0.002)
    watcher.cancel()
    return {"s": took, "cpu": used, "freeze": worst * 1000}


def _stored(setting: Setting, count: int) -> list[Any]:
    if missing("sqlalchemy"):
        return []
    path = str(setting.folder / "jobs-due.sqlite")
    call(register, path=path, count=count)
    return [call(stored_jobs, path=copy, count=count) for copy in setting.copies(path)]


def _line(
    what: str,
    mine: list[Any],
    key: str,
    peer: str,
    theirs: list[Any],
    *,
    goal: Goal | None = None,
    note: str = "",
) -> Line:
    peers: Samples | None = samples(theirs, key) if theirs else None
    if not theirs and not note:
        note = missing("sqlalchemy")
    return Line(TOPIC, what, samples(mine, key), peer, peers, goal=goal, note=note)
