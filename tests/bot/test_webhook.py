"""Updates by webhook: only Telegram is let in, and 200 means that the update is kept."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import Bot
from bot.sandbox.settle import settled
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from bot.webhook import HEADER, PATH
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store import incoming
from scheduler.store.engine import Store
from tests.bot.test_intake import typed
from tests.fakes.clock import FakeClock

SECRET = "s" * 24


@pytest.fixture
async def hooked(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> AsyncIterator[tuple[Telegram, Bot, str]]:
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
        await bot.start()
        telegram.settle = settled(telegram, bot)
        yield telegram, bot, f"http://127.0.0.1:{port}"
        await bot.stop()


Hooked = tuple[Telegram, Bot, str]


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
