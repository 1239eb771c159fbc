"""How long a restart takes until reminders fire again, and what pending ones cost in memory."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from content.catalog import Catalog
from scheduler.delivery import Delivery
from scheduler.pacer import Pacer
from scheduler.tick import tick
from tests.bench.patients import NOW
from tests.bench.peers import Mute, job_store, nothing, quiet_application
from tests.bench.process import call, resident_mb
from tests.bench.setting import Setting, missing, opened
from tests.bench.table import Goal, Line, Samples, samples

TOPIC = "restart"
FAST = Goal("ratio", least=1000)
LIGHT = Goal("ratio", least=50)
ALIKE = Goal("ours", most=2)
MILLION = 1_000_000
CHECKED = "a file of up to 32 MB is checked whole"
LEAST_MB = 0.01  # below a page or two a difference says nothing


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    lines: list[Line] = []
    counts = [1_000, 100_000] if setting.quick else [1_000, 100_000, MILLION]
    ready: dict[int, Samples] = {}
    for count in counts:
        path = setting.database(f"pending-{count}", max(count // 10, 1), pending=count)
        mine = setting.each(ours, path=path)
        once = count == 1_000_000
        theirs = [call(job_queue, path=path) for _ in range(1 if once else setting.rounds)]
        ready[count] = samples(mine, "ms")
        what = f"{count:,} pending: ready to fire, ms"
        lines.append(
            Line(TOPIC, what, ready[count], "PTB JobQueue, re-registering", samples(theirs, "ms"),
                 goal=FAST if once else None)
        )  # fmt: skip
        if count == 100_000:
            lines.append(
                Line(TOPIC, f"{count:,} pending: memory, MB", _at_least(mine),
                     "PTB JobQueue", samples(theirs, "mb"), goal=LIGHT)
            )  # fmt: skip
        lines.append(_against_store(setting, what, ready[count], count))
    least, most = ready[counts[0]], ready[counts[-1]]
    grown = tuple(b / a for a, b in zip(least.values, most.values, strict=True))
    what = f"ready with {counts[-1]:,} / with 1,000 pending"
    goal = None if setting.quick else ALIKE
    return [*lines, Line(TOPIC, what, Samples(grown), goal=goal, note=CHECKED)]


def ours(path: str) -> dict[str, float]:
    """Open the database, settle what a crash left, and do the first round of the schedule."""
    catalog = Catalog()
    before = resident_mb()

    async def ready() -> float:
        began = perf_counter()
        store = opened(path)
        await Delivery(store, Mute(), Pacer(), lambda: NOW).recover()
        await tick(store, catalog, NOW)
        took = perf_counter() - began
        store.close()
        return took

    took = asyncio.run(ready())
    return {"ms": took * 1000, "mb": resident_mb() - before}


def job_queue(path: str) -> dict[str, float]:
    """Re-register every reminder from a table of one's own, as users of `JobQueue` have to."""
    application = quiet_application()
    before = resident_mb()

    async def ready() -> float:
        queue = application.job_queue
        if queue is None:
            raise LookupError("job_queue")
        began = perf_counter()
        with sqlite3.connect(path) as database:
            rows = database.execute("SELECT patient_id, due_at FROM reminder").fetchall()
        late = datetime.now(UTC) + timedelta(days=1)
        for number, (patient, due_at) in enumerate(rows):
            due = datetime.fromisoformat(due_at)
            queue.run_once(nothing, max(due, late), chat_id=patient, name=str(number))
        await queue.start()
        took = perf_counter() - began
        await queue.stop(wait=False)
        return took

    took = asyncio.run(ready())
    return {"ms": took * 1000, "mb": resident_mb() - before}


def store_of_jobs(path: str) -> dict[str, float]:
    """Open APScheduler's store and start; its modules are loaded before the clock runs."""
    job_store(":memory:")

    async def ready() -> float:
        began = perf_counter()
        scheduler = job_store(path)
        scheduler.start()
        took = perf_counter() - began
        scheduler.shutdown(wait=False)
        return took

    return {"ms": asyncio.run(ready()) * 1000}


def fill_jobs(path: str, count: int) -> dict[str, Any]:
    """Put one job into a store, and then very many like it."""

    async def one() -> None:
        scheduler = job_store(path)
        scheduler.start(paused=True)
        due = datetime.now(UTC) + timedelta(days=1)
        scheduler.add_job(nothing, "date", run_date=due, id="0")
        scheduler.shutdown(wait=False)

    asyncio.run(one())
    with sqlite3.connect(path) as database:
        database.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO apscheduler_jobs SELECT CAST(i AS TEXT), next_run_time + i % 40000,"
            " job_state FROM n, apscheduler_jobs",
            (count,),
        )
    return {}


def _against_store(setting: Setting, what: str, mine: Samples, count: int) -> Line:
    peer = "APScheduler + SQLAlchemyJobStore"
    if reason := missing("sqlalchemy"):
        return Line(TOPIC, what, mine, peer, note=reason)
    path = str(setting.folder / f"jobs-{count}.sqlite")
    call(fill_jobs, path=path, count=count)
    return Line(TOPIC, what, mine, peer, samples(setting.each(store_of_jobs, path=path), "ms"))


def _at_least(rows: list[Any]) -> Samples:
    return Samples(tuple(max(float(row["mb"]), LEAST_MB) for row in rows))
