"""What the operator is told of the bot's health: well, late, or not ticking."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.app import Bot
from bot.health import HEARD_TOO_OLD, OVERDUE, SILENT, STOPPED
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler import housekeeping
from scheduler.model import Priority
from scheduler.store import outbox, records
from scheduler.store.engine import Store, stamp
from tests.fakes.clock import FakeClock
from tests.fakes.people import World
from tests.fakes.telegram import telegram_with_bot


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
async def bot(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge, world: World
) -> AsyncIterator[Bot]:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (_, bot):
        await bot.runner.stop()
        yield bot


async def test_a_bot_that_ticks_and_has_nothing_overdue_is_well(bot: Bot) -> None:
    await bot.tick()
    pulse = await bot.health.look()
    assert pulse.ok
    assert (pulse.queue, pulse.oldest_due_seconds, pulse.open_escalations) == (0, 0.0, 0)


async def test_a_bot_that_stopped_ticking_is_not_well(bot: Bot, clock: FakeClock) -> None:
    bot.health._last_tick = None
    assert not (await bot.health.look()).ok
    bot.health.ticked(clock(), Counter())
    clock.forward(seconds=61)
    pulse = await bot.health.look()
    assert (pulse.ok, pulse.why) == (False, (STOPPED,))
    assert pulse.last_tick_seconds == 61


async def test_a_bot_that_telegram_does_not_answer_is_not_well(bot: Bot, clock: FakeClock) -> None:
    bot.intake.last_heard = clock()
    clock.forward(seconds=HEARD_TOO_OLD)
    bot.health.ticked(clock(), Counter())
    assert (await bot.health.look()).ok
    clock.forward(seconds=1)
    bot.health.ticked(clock(), Counter())
    assert (await bot.health.look()).why == (SILENT,)


async def test_a_message_that_waits_too_long_is_not_well(
    bot: Bot, store: Store, clock: FakeClock
) -> None:
    await bot.delivery.stop()
    store.run(
        outbox.add,
        dedupe_key="late", clinic_id=None, patient_id=None, chat_id=1, priority=Priority.REPLY,
        payload="{}", content_version="", now=clock(), expires_at=clock(),
    )  # fmt: skip
    bot.intake.last_heard = clock.forward(minutes=11)
    bot.health.ticked(clock(), {})
    pulse = await bot.health.look()
    assert (pulse.ok, pulse.why) == (False, (OVERDUE,))
    assert (pulse.queue, pulse.oldest_due_seconds) == (1, 660)


async def test_how_old_the_last_backup_is_can_be_watched(
    bot: Bot, store: Store, clock: FakeClock
) -> None:
    assert (await bot.health.look()).last_backup_seconds is None
    store.run(records.keep, housekeeping.BACKED_UP, stamp(clock()))
    clock.forward(hours=3)
    pulse = await bot.health.look()
    assert pulse.last_backup_seconds == 3 * 3600
    told = {family.name: family for family in bot.health._families(pulse)}
    (sample,) = told["aftercare_last_backup_seconds"].samples
    assert sample.value == 3 * 3600


async def test_it_answers_on_loopback_and_leaks_nothing(
    bot: Bot, clock: FakeClock, world: World
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    bot.health._port = port = free_port()
    await bot.health.start()
    bot.health.ticked(clock(), {"queued": 2})
    bot.delivery.counts["sent"] += 3
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with session.get("/health") as answer:
            assert answer.status == 200
            told = await answer.json()
            assert (told["ok"], told["why"]) == (True, [])
        async with session.get("/metrics") as answer:
            text = await answer.text()
        clock.forward(minutes=5)
        async with session.get("/health") as answer:
            assert answer.status == 503
            assert STOPPED in (await answer.json())["why"]
    assert 'aftercare_messages_total{outcome="sent"} 3.0' in text
    assert 'aftercare_ticks_total{what="queued"} 2.0' in text
    assert "aftercare_ok 1.0" in text
    assert ana.ref not in text
    await bot.health.stop()
