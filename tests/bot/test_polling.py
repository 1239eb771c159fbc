"""A patient is heard whatever came in the place of the last answer to a question for updates."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from telegram.error import NetworkError

from bot.app import Bot
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from bot.telegram import intake
from bot.telegram.patience import LONGEST_PAUSE
from bot.telegram.polling import LARGEST_NUMBER, ask, is_update
from bot.telegram.transport import AiohttpRequest
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store.engine import Store
from tests.bot.test_intake import typed
from tests.fakes.clock import FakeClock

ODD_NUMBERS = ["5", True, None, -1, 2**63, 10**40, 5.0, [], {}]


class Script(AiohttpRequest):
    """Answers questions for updates from a list; the last answer is given for ever after."""

    def __init__(self) -> None:
        super().__init__(connections=1)
        self.answers: list[bytes] = []
        self.offsets: list[int] = []
        self.polls = 0
        self.polled = asyncio.Event()

    async def do_request(self, url: str, *_: Any, **__: Any) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        self.offsets.append(int(url.partition("offset=")[2].partition("&")[0]))
        if len(self.offsets) >= self.polls:
            self.polled.set()
        return 200, self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Ear:
    """The bot, what it is answered, what it heard and for how long it paused."""

    def __init__(self, bot: Bot, script: Script) -> None:
        self.bot, self.script = bot, script
        self.heard: list[int] = []
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def hears(self, *answers: bytes, polls: int) -> None:
        """Ask so many times, and let what came be dealt with."""
        self.script.answers, self.script.polls = [*answers], polls
        await self.bot.intake.start(poll=True)
        async with asyncio.timeout(10):
            await self.script.polled.wait()
        assert self.bot.intake._polling is not None
        assert not self.bot.intake._polling.done()


@pytest.fixture
async def ear(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Ear]:  # fmt: skip
    async with Telegram(clock) as telegram:
        bot = Bot(settings_for(telegram), store, catalog, clock=clock, knowledge=knowledge)
        ear = Ear(bot, Script())

        async def process(raw: dict[str, Any]) -> None:
            ear.heard.append(raw["update_id"])

        monkeypatch.setattr(bot.intake, "_request", ear.script)
        monkeypatch.setattr(bot.intake, "_process", process)
        bot.intake.pause = ear.pause
        yield ear
        await bot.intake.stop()


def answer(*updates: object) -> bytes:
    return json.dumps({"ok": True, "result": updates}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"null", b'"ok"', b"7", b"", b"<html>Sign in to the Wi-Fi</html>", b"\xff\xfe",
        b"{}", b"[" * 50_000, b'{"ok": true}', b'{"ok": true, "result": {}}', b'{"result": null}',
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
async def test_an_answer_that_is_not_telegrams_does_not_end_the_listening(
    ear: Ear, body: bytes
) -> None:
    with structlog.testing.capture_logs() as lines:
        await ear.hears(body, body, answer(typed(5, "hello")), answer(), polls=5)
    assert ear.heard == [5]
    assert ear.pauses[:2] == [0.5, 1.0]
    failed = [line for line in lines if line["event"] == "intake.poll_failed"]
    assert [line["error"] for line in failed] == ["NetworkError"] * 2


@pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), KeyError("result"), OSError()])
async def test_no_error_ends_the_listening(
    ear: Ear, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [error, NetworkError("x")]

    async def fails_twice(*args: Any) -> list[object]:
        if errors:
            raise errors.pop(0)
        return await ask(*args)

    monkeypatch.setattr(intake, "ask", fails_twice)
    with structlog.testing.capture_logs() as lines:
        await ear.hears(answer(typed(5, "hello")), answer(), polls=3)
    assert ear.heard == [5]
    assert ear.pauses == [0.5, 1.0]
    first = next(line for line in lines if line["event"] == "intake.poll_failed")
    assert first["error"] == type(error).__name__
    assert first["exc_info"] is error  # of which the log tells kind and place


@pytest.mark.parametrize("number", ODD_NUMBERS, ids=str)
async def test_an_odd_number_holds_back_nobody_else(ear: Ear, number: object) -> None:
    odd = {**typed(0, "hello"), "update_id": number}
    with structlog.testing.capture_logs() as lines:
        await ear.hears(
            answer(typed(5, "a"), odd, "x", typed(6, "b"), {"message": {}}), answer(), polls=3
        )
    assert sorted(ear.heard) == [5, 6]
    assert ear.script.offsets[:3] == [0, 7, 7]
    assert [line["updates"] for line in lines if line["event"] == "intake.odd_number"] == [3]
    assert ear.pauses == []


@pytest.mark.parametrize("body", [answer({"update_id": "5"}), answer(typed(5, "a"))])
async def test_what_comes_again_and_again_is_asked_for_ever_more_seldom(
    ear: Ear, body: bytes
) -> None:
    await ear.hears(body, polls=12)
    assert ear.pauses[:3] == [0.5, 1.0, 2.0]
    assert ear.pauses[8] == LONGEST_PAUSE
    assert ear.heard in ([], [5])


async def test_a_pause_is_over_with_the_next_update(ear: Ear) -> None:
    odd = answer({"update_id": True})
    await ear.hears(odd, odd, answer(typed(5, "a")), odd, answer(), polls=6)
    assert ear.pauses[:3] == [0.5, 1.0, 0.5]


def test_a_number_has_as_many_bits_as_telegrams_have() -> None:
    assert is_update({"update_id": LARGEST_NUMBER})
    assert not is_update({"update_id": LARGEST_NUMBER + 1})
    assert not is_update([])
