"""Updates by webhook: only Telegram is let in, and 200 means that the update is kept."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import structlog
from pydantic import SecretStr

from bot.app import Bot
from bot.health import HEARD_TOO_OLD, SILENT
from bot.sandbox.settle import settled
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from bot.settings import SettingsError
from bot.webhook import FAILING, HEADER, PATH, TAKEN
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store import incoming
from scheduler.store.engine import Store
from tests.bot.test_intake import typed
from tests.fakes.clock import FakeClock
from tests.fakes.people import RIVERSIDE_GROUP, World

SECRET = "s" * 24


Hooked = tuple[Telegram, Bot, str]


@pytest.fixture
async def unstarted(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> AsyncIterator[Hooked]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    async with Telegram(clock) as telegram:
        settings = settings_for(telegram).model_copy(
            update={
                "webhook_url": f"http://127.0.0.1:{port}",
                "webhook_port": port,
                "webhook_secret": SecretStr(SECRET),
            }
        )
        bot = Bot(settings, store, catalog, clock=clock, knowledge=knowledge)
        yield telegram, bot, f"http://127.0.0.1:{port}"


@pytest.fixture
async def hooked(unstarted: Hooked) -> AsyncIterator[Hooked]:
    telegram, bot, _ = unstarted
    await bot.start()
    telegram.settle = settled(telegram, bot)
    yield unstarted
    await bot.stop()


@pytest.fixture
async def by_hand(hooked: Hooked) -> Hooked:
    """The bot, whose rounds are done by the test alone."""
    await hooked[1].runner.stop()
    hooked[1].runner._stopping = False
    return hooked


async def test_a_patient_is_answered_without_polling(hooked: Hooked, clock: FakeClock) -> None:
    telegram, bot, _ = hooked
    ana = telegram.person("Ana")
    await ana.send("/start")
    assert "clinic" in ana.last.text
    assert telegram.calls("getUpdates") == []
    assert bot.webhook.last_heard == clock()


async def test_nobody_else_is_let_in(hooked: Hooked, store: Store) -> None:
    _, _, url = hooked
    body = json.dumps(typed(5, "/start"))
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {HEADER: "wrong"}, {HEADER: SECRET[:-1]}, {HEADER: SECRET + "é"}):
            async with session.post(url + PATH, data=body, headers=headers) as answer:
                assert answer.status == 403
    assert store.run(incoming.keep, [(5, "")], FakeClock()()) == [5]  # it had not been kept


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '"x"', '{"update_id": "5"}', "null"])
async def test_what_is_no_update_is_refused(hooked: Hooked, body: str) -> None:
    _, _, url = hooked
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + PATH, data=body, headers={HEADER: SECRET}) as answer,
    ):
        assert answer.status == 400


async def test_an_update_that_could_not_be_kept_is_not_confirmed(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, url = hooked

    def full(*_: object) -> list[int]:
        raise OSError("database or disk is full")

    monkeypatch.setattr(incoming, "keep", full)
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url + PATH, data=json.dumps(typed(5, "/start")), headers={HEADER: SECRET}
        ) as answer,
    ):
        assert answer.status == 500


async def test_bytes_that_are_no_text_are_a_wrong_secret(hooked: Hooked) -> None:
    _, _, url = hooked
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n{HEADER}: ".encode()
        + b"\xff\xfe\r\n\r\n{}"
    )
    assert b" 403 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def minutes(bot: Bot, clock: FakeClock, number: int) -> None:
    """Let time pass, with what the runner does each minute."""
    for _ in range(number):
        clock.forward(minutes=1)
        await bot.runner.now("webhook")
        await bot.tick()


async def test_a_quiet_half_hour_is_no_outage(
    by_hand: Hooked, clock: FakeClock, store: Store, world: World
) -> None:
    telegram, bot, _ = by_hand
    await bot.tick()
    await minutes(bot, clock, 30)
    assert (await bot.health.look()).ok
    await telegram.person("Ana").send("/start")
    await bot.tick()
    assert telegram.calls("sendMessage", chat_id=RIVERSIDE_GROUP) == []


async def test_half_an_hour_without_telegram_is_told_of(
    by_hand: Hooked, clock: FakeClock, world: World
) -> None:
    telegram, bot, _ = by_hand
    await bot.tick()
    telegram.faults.fail(502, method="getWebhookInfo", times=29)
    await minutes(bot, clock, 29)
    pulse = await bot.health.look()
    assert (pulse.ok, pulse.why) == (False, (SILENT,))
    assert pulse.last_heard_seconds == 29 * 60 > HEARD_TOO_OLD
    clock.forward(minutes=1)
    await bot.runner.now("webhook")
    await bot.tick()
    await telegram.settle()  # type: ignore[misc]
    assert len(telegram.calls("sendMessage", chat_id=RIVERSIDE_GROUP)) == 1
    assert (await bot.health.look()).ok


async def test_updates_that_do_not_get_through_are_no_good_health(
    by_hand: Hooked, clock: FakeClock
) -> None:
    telegram, bot, _ = by_hand
    ana = telegram.person("Ana")
    await ana.send("/start")
    await bot.webhook.stop()
    clock.forward(seconds=5)
    telegram.settle = None
    with structlog.testing.capture_logs() as lines:
        await ana.send("/help")
        assert telegram.cloud.webhook is not None
        async with asyncio.timeout(10):
            while not telegram.cloud.webhook.last_error:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await minutes(bot, clock, 2)
        pulse = await bot.health.look()
        assert (pulse.ok, pulse.why) == (False, (FAILING,))
        await bot.webhook._listen()
        async with asyncio.timeout(10):
            await telegram.taken()
        await minutes(bot, clock, 2)
    assert (await bot.health.look()).ok
    told = [line["why"] for line in lines if line["event"] == "webhook.changed"]
    assert told == [FAILING, "updates come again"]
    assert not [line for line in told if "127.0.0.1" in line]


@pytest.mark.parametrize("other", ["http://127.0.0.1:1/telegram", ""])
async def test_a_webhook_that_leads_elsewhere_is_no_good_health(
    by_hand: Hooked, clock: FakeClock, other: str
) -> None:
    _, bot, _ = by_hand
    if other:
        await bot.application.bot.set_webhook(other)
    else:
        await bot.application.bot.delete_webhook()
    await minutes(bot, clock, 1)
    pulse = await bot.health.look()
    assert (pulse.ok, pulse.why) == (False, (TAKEN,))


async def test_a_start_waits_until_telegram_knows_where_to_call(unstarted: Hooked) -> None:
    telegram, bot, _ = unstarted
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    bot.webhook.pause = pause
    telegram.faults.fail(502, method="setWebhook", times=2)
    telegram.faults.too_many(7, method="setWebhook")
    await bot.start()
    telegram.settle = settled(telegram, bot)
    assert paused == [0.5, 1.0, 7]
    ana = telegram.person("Ana")
    await ana.send("/start")
    assert "clinic" in ana.last.text
    await bot.stop()


async def test_an_address_that_telegram_refuses_ends_the_start_and_what_it_started(
    unstarted: Hooked,
) -> None:
    telegram, bot, _ = unstarted
    told = "Bad Request: bad webhook: HTTPS url must be provided"
    telegram.faults.fail(400, told, method="setWebhook")
    with pytest.raises(SettingsError, match="AFTERCARE_WEBHOOK_URL is refused"):
        await bot.start()
    assert not bot.application.running
    assert bot.webhook._runner is not None
    assert bot.webhook._runner.addresses == []
