"""The jobs: a failing round does not end the rounds, and a stop leaves nothing half-done."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta, tzinfo

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
import structlog
from sqlite_utils import Database

from scheduler.clock import system_clock
from scheduler.pacer import PacerClosed
from scheduler.runner import Runner
from scheduler.store import records
from scheduler.store.engine import Store


async def test_a_round_that_fails_is_logged_and_the_next_one_comes() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise RuntimeError("a bad minute")

    runner = Runner(work)
    with structlog.testing.capture_logs() as lines:
        await runner.now()
        await runner.now()
    assert done == [0, 1]
    assert [(line["event"], line["job"]) for line in lines] == [("job.failed", "tick")]


async def test_the_scheduler_keeps_the_rounds_coming() -> None:
    came = asyncio.Event()
    beside = asyncio.Event()

    async def work() -> None:
        came.set()

    async def rare() -> None:
        beside.set()

    runner = Runner(work, seconds=0.01)
    runner.beside("rare", rare, seconds=0.01)
    runner.start()
    await came.wait()
    await beside.wait()
    await runner.stop()


async def test_a_stop_waits_for_the_round_under_way_and_starts_no_other() -> None:
    begun, go_on, finished = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await go_on.wait()
        finished.append(True)

    runner = Runner(work, seconds=0.01)
    runner.start()
    await begun.wait()
    stopping = asyncio.create_task(runner.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert finished == [True]
    await runner.now()
    assert finished == [True]


async def hanging(begun: asyncio.Event) -> None:
    """Work that never ends of itself."""
    begun.set()
    await asyncio.Event().wait()


async def test_a_stop_breaks_off_at_once_what_has_nothing_to_finish() -> None:
    begun = asyncio.Event()
    runner = Runner(_nothing, seconds=60)
    runner.beside("ping", lambda: hanging(begun), seconds=0.01)
    runner.start()
    await begun.wait()
    with structlog.testing.capture_logs() as lines:
        await asyncio.wait_for(runner.stop(within=3600), timeout=30)
    assert lines == []


async def test_a_stop_waits_no_longer_than_it_may_for_what_does_not_finish() -> None:
    begun = asyncio.Event()
    runner = Runner(_nothing, seconds=60)
    runner.beside("cards", lambda: hanging(begun), seconds=0.01, finishes=True)
    runner.start()
    await begun.wait()
    await asyncio.wait_for(runner.stop(within=0.0), timeout=30)


async def test_what_gave_up_its_turn_at_a_stop_has_not_failed() -> None:
    async def work() -> None:
        raise PacerClosed

    with structlog.testing.capture_logs() as lines:
        await Runner(work).now()
    assert lines == []


async def test_a_change_of_the_store_under_way_at_a_stop_is_made_whole(store: Store) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def change(db: Database) -> None:
        records.keep(db, "half", "1")
        writing.set()
        go_on.wait(30)
        records.keep(db, "whole", "1")

    async def work() -> None:
        await store.tx(change)
        pytest.fail("it is broken off between two changes")

    runner = Runner(_nothing, seconds=60)
    runner.beside("house", work, seconds=0.01)
    runner.start()
    await asyncio.to_thread(writing.wait, 30)
    await runner.stop()
    go_on.set()
    assert await store.tx(records.fact, "half") == "1"
    assert await store.tx(records.fact, "whole") == "1"


async def _nothing() -> None:
    """A round in which nothing is due."""


async def test_two_rounds_never_run_at_once() -> None:
    at_once = most = 0

    async def work() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1

    runner = Runner(work)
    await asyncio.gather(*(runner.now() for _ in range(5)))
    assert most == 1


async def test_a_runner_that_never_started_stops_quietly() -> None:
    async def work() -> None:
        pytest.fail("nobody asked for it")

    await Runner(work).stop()


async def test_a_clock_set_back_does_not_stop_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    back = timedelta()

    class WallClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - back

    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", WallClock)
    came = asyncio.Event()

    async def work() -> None:
        came.set()

    told: list[float] = []

    async def tell() -> None:
        told.append(back.total_seconds())
        raise RuntimeError("a bad minute")

    runner = Runner(work, seconds=0.01, clock=lambda: system_clock() - back, set_back=tell)
    runner.start()
    await came.wait()
    assert told == []
    with structlog.testing.capture_logs() as lines:
        for hours in (2, 4):
            back = timedelta(hours=hours)
            for _ in range(3):
                came.clear()
                await asyncio.wait_for(came.wait(), timeout=30)
    await runner.stop()
    assert told == [7200, 14400], "who has to do something about it is told each time"
    assert [line["event"] for line in lines] == ["clock.set_back", "job.failed"] * 2
