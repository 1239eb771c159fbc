"""The bot is told to stop with its hands full: nobody is kept waiting and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from bot import app
from bot.app import Bot
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from bot.webhook import HEADER, PATH
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.pacer import PacerClosed
from scheduler.store import incoming, outbox
from scheduler.store.engine import Store
from tests.bot.conftest import Far
from tests.bot.test_intake import typed
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot
from tests.process.conftest import PATIENCE, until

ANA = 1001


@pytest.fixture(autouse=True)
def _by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in hand has no time to go on as ever, and nothing is broken off for being late."""
    monkeypatch.setattr(app, "TURNS", 0.0)
    for late in ("ANSWERS", "WORK", "MARKS"):
        monkeypatch.setattr(app, late, 3600.0)


async def test_an_answer_that_waits_for_its_turn_is_kept_and_said_once_after_the_start(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async with telegram_with_bot(
        store, catalog, clock, knowledge=knowledge, messages_per_second=1000
    ) as (telegram, bot):
        bot.pacer.hold(300, everybody=True)
        await bot.intake.take([typed(900, "/help", ANA)])
        await until(lambda: bot.pacer.waiting == 1)
        await asyncio.wait_for(bot.stop(), timeout=PATIENCE)
        assert telegram.calls("sendMessage") == []
    assert store.run(incoming.left) == []
    assert store.run(outbox.counts) == {"waiting": 1}
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        await bot.delivery.drain()
        assert [call.chat_id for call in telegram.calls("sendMessage")] == [ANA]


async def test_what_a_stop_left_no_time_to_say_is_dealt_with_at_the_next_start(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def too_late(_: object) -> None:
        raise PacerClosed

    with monkeypatch.context() as stopping, structlog.testing.capture_logs() as lines:
        stopping.setattr("bot.patient.ask.text", too_late)
        async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (_, bot):
            bot.intake.without_room = 3600.0
            await bot.intake.take([typed(900, "can I wear makeup?", ANA)])
            await until(lambda: 900 in bot.intake.unfinished)
            await asyncio.wait_for(bot.stop(), timeout=PATIENCE)
    assert not any(line["event"] == "update.failed" for line in lines)
    (left,) = store.run(incoming.left)
    assert json.loads(left)["update_id"] == 900
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, _):
        await telegram.settle()  # type: ignore[misc]
        assert [call.chat_id for call in telegram.calls("sendMessage")] == [ANA]
    assert store.run(incoming.left) == []


async def test_a_dead_man_switch_that_never_answers_holds_up_no_stop(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge, far: Far
) -> None:
    called = asyncio.Event()

    async def never(_: object) -> Any:
        called.set()
        await asyncio.Event().wait()

    far.answer = never
    async with Telegram(clock) as telegram:
        settings = settings_for(telegram).model_copy(update={"ping_url": far.url})
        bot = Bot(settings, store, catalog, clock=clock, knowledge=knowledge)
        await bot.start()
        await bot.tick()
        with structlog.testing.capture_logs() as lines:
            pinging = asyncio.create_task(bot.runner.now("heartbeat"))
            await called.wait()
            await asyncio.wait_for(bot.stop(), timeout=PATIENCE)
            await pinging
    assert [line["event"] for line in lines] == ["stopped"], "it was not waited for to the end"


@pytest.mark.parametrize("door", ["webhook", "health"])
async def test_a_call_to_us_that_never_ends_holds_up_no_stop(
    door: str, store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(f"bot.{door}.CALLS", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    doors: dict[str, tuple[str, dict[str, Any]]] = {
        "health": ("GET /health", {"health_port": port}),
        "webhook": (
            f"POST {PATH}",
            {
                "webhook_url": f"http://127.0.0.1:{port}",
                "webhook_port": port,
                "webhook_secret": SecretStr("s" * 24),
            },
        ),
    }
    request, told = doors[door]
    async with Telegram(clock) as telegram:
        settings = settings_for(telegram).model_copy(update=told)
        bot = Bot(settings, store, catalog, clock=clock, knowledge=knowledge)
        await bot.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"{request} HTTP/1.1\r\nHost: x\r\n{HEADER}: {'s' * 24}\r\n"
            "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n{".encode()
        )
        await reader.readline()  # it was let in and waits for the rest
        with structlog.testing.capture_logs() as lines:
            await asyncio.wait_for(bot.stop(), timeout=PATIENCE)
        writer.close()
    assert [line["event"] for line in lines] == ["stopped"]
