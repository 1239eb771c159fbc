"""An update is on the disk before Telegram is told that we have it, and is dealt with once."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store import incoming
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot


def typed(number: int, text: str, user_id: int = 1001) -> dict[str, Any]:
    person = {"id": user_id, "is_bot": False, "first_name": "Ana", "language_code": "en"}
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "from": person,
            "chat": {"id": user_id, "type": "private", "first_name": "Ana"},
            "date": 1_795_528_800,
            "text": text,
            "entities": [{"type": "bot_command", "offset": 0, "length": len(text)}],
        },
    }


async def test_what_a_crash_left_is_dealt_with_at_the_next_start(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    store.run(incoming.keep, [(500, json.dumps(typed(500, "/start")))], clock())
    with structlog.testing.capture_logs() as lines:
        async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, _):
            ana = telegram.person("Ana")
            telegram.cloud.private(ana.user).members[telegram.cloud.bot.id] = "member"
            await telegram.settle()  # type: ignore[misc]
    assert store.run(incoming.left) == []
    assert any(line["event"] == "intake.left_by_a_crash" for line in lines)


async def test_an_update_delivered_twice_is_answered_once(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        ana = telegram.person("Ana")
        telegram.cloud.private(ana.user).members[telegram.cloud.bot.id] = "member"
        raw = typed(900, "/help", ana.id)
        await bot.intake.take([raw, raw])
        await bot.intake.take([raw])
        await telegram.settle()  # type: ignore[misc]
        assert len(ana.messages) == 1


async def test_an_update_that_this_version_cannot_read_stops_no_other(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        ana = telegram.person("Ana")
        telegram.cloud.private(ana.user).members[telegram.cloud.bot.id] = "member"
        with structlog.testing.capture_logs() as lines:
            await bot.intake.take(
                [{"update_id": 1, "message": {"date": "tomorrow"}}, {"update_id": 2, "news": {}},
                 typed(3, "/help", ana.id)]
            )  # fmt: skip
            await telegram.settle()  # type: ignore[misc]
        assert len(ana.messages) == 1
        assert [line["update"] for line in lines if line["event"] == "intake.unreadable"] == [1]
        assert store.run(incoming.left) == []


async def test_what_could_not_be_kept_is_not_confirmed_and_comes_again(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    keep = incoming.keep
    failed: list[bool] = []

    def full_once(*args: Any) -> list[int]:
        if not failed:
            failed.append(True)
            raise OSError("database or disk is full")
        return keep(*args)

    async def no_wait(_: float) -> None:
        """The test does not wait."""

    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        monkeypatch.setattr(incoming, "keep", full_once)
        bot.intake.pause = no_wait
        ana = telegram.person("Ana")
        await ana.send("/help")
        assert failed
        assert len(ana.messages) == 1


async def test_polling_goes_on_after_an_error(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> None:
    async def no_wait(_: float) -> None:
        """The test does not wait."""

    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        bot.intake.pause = no_wait
        ana = telegram.person("Ana")
        telegram.faults.fail(500, method="getUpdates")
        await ana.send("/help")
        await ana.send("/help")
        assert len(ana.messages) == 2
        assert bot.intake.last_heard == clock()


async def test_a_patient_whose_question_fails_is_told_and_can_go_on(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def fails(_: object) -> None:
        raise RuntimeError("broken")

    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, _):
        monkeypatch.setattr("bot.patient.ask.text", fails)
        ana = telegram.person("Ana")
        with structlog.testing.capture_logs() as lines:
            await ana.send("can I swim?")
            await telegram.settle()  # type: ignore[misc]
        assert [line["event"] for line in lines if line["log_level"] == "error"] == [
            "update.failed"
        ]
        assert len(ana.messages) == 1
        assert store.run(incoming.left) == []
