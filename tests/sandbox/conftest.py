"""A Telegram on loopback and a plain HTTP client that speaks to it as any bot library would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from tests.fakes.clock import FakeClock


@dataclass
class Answer:
    """What the server answered."""

    status: int
    body: dict[str, Any]

    @property
    def result(self) -> Any:
        assert self.body["ok"], self.body
        return self.body["result"]

    @property
    def refusal(self) -> tuple[int, str]:
        """The code and the words; the status has to say the same code."""
        assert self.body["ok"] is False
        assert self.status == self.body["error_code"]
        return self.status, self.body["description"]


@dataclass
class Api:
    """A bot that is nothing but HTTP."""

    session: aiohttp.ClientSession
    telegram: Telegram

    async def __call__(self, method: str, **values: Any) -> Answer:
        return await self.post(method, json=values)

    async def post(self, method: str, *, token: str | None = None, **how: Any) -> Answer:
        url = f"{self.telegram.url}/bot{token or self.telegram.token}/{method}"
        async with self.session.post(url, **how) as response:
            return Answer(response.status, await response.json())

    async def updates(self, **values: Any) -> list[dict[str, Any]]:
        found = (await self("getUpdates", **values)).result
        assert isinstance(found, list)
        return found


@pytest.fixture
async def telegram(clock: FakeClock) -> AsyncIterator[Telegram]:
    async with Telegram(clock) as telegram:
        yield telegram


@pytest.fixture
async def api(telegram: Telegram) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, telegram)


@pytest.fixture
async def ana(telegram: Telegram) -> Person:
    """Ana has written to the bot, so it may write to her; update 1 of the queue says so."""
    person = telegram.person("Ana")
    await person.send("hello")
    telegram.cloud.updates.clear()
    return person
