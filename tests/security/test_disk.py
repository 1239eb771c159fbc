"""A full disk while a patient writes: nothing is lost, and it goes on when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlite_utils import Database

from scheduler.store.engine import passing
from scheduler.store.rows import all_rows
from tests.fakes.people import HILLTOP_GROUP
from tests.security.conftest import BEN_CHAT, Line
from tests.security.test_flood import said_to, typed

WARNING = "there is pus and it smells. " + "It began on the left and went on. " * 300


def fill(db: Database) -> None:
    """Let the file grow no more."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def make_room(db: Database) -> None:
    """Let it grow again."""
    db.execute("PRAGMA max_page_count = 100000").fetchall()


def come_in_vain(line: Line, update: dict[str, Any]) -> None:
    """Let an update come that the disk does not take; whatever it leads to is done after it."""

    async def came() -> None:
        with pytest.raises(Exception, match="full") as error:
            await line.bot.intake.take([update])
        assert passing(error.value)
        await line._hear([])

    line.runner.run(came())


@pytest.fixture
def short(line: Line) -> Iterator[Line]:
    line.fresh()
    before, line.bot.intake.without_room = line.bot.intake.without_room, 0.0
    yield line
    line.on_disk(make_room)
    line.bot.intake.without_room = before


def test_what_finds_no_room_on_arrival_is_not_confirmed_and_is_answered_when_it_comes_again(
    short: Line,
) -> None:
    short.on_disk(fill)
    update = typed(1, BEN_CHAT, "can I wear makeup yet? " * 400)
    come_in_vain(short, update)
    come_in_vain(short, update)
    (failed,) = said_to(short.wire.told, BEN_CHAT)
    assert "wrong on our side" in failed
    short.on_disk(make_room)
    short.hear(update)
    short.hear(update)
    assert len(said_to(short.wire.told, BEN_CHAT)) == 2


def test_a_warning_sign_is_answered_although_its_message_finds_no_room(short: Line) -> None:
    short.on_disk(fill)
    update = typed(1, BEN_CHAT, WARNING)
    come_in_vain(short, update)
    come_in_vain(short, update)
    warning, failed = said_to(short.wire.told, BEN_CHAT)
    assert "today" in warning
    assert "wrong on our side" in failed
    short.on_disk(make_room)
    short.hear(update)
    cards = [call for call in short.wire.told if call.chat_id == HILLTOP_GROUP]
    assert any("pus" in call.text for call in cards)
    assert not short.broken()


def test_a_warning_sign_is_answered_at_once_and_reaches_the_clinic_when_there_is_room(
    short: Line,
) -> None:
    async def written_and_room_made() -> list[str]:
        with structlog.testing.capture_logs() as lines:
            await short.bot.intake.take([typed(1, BEN_CHAT, WARNING)])
            short.on_disk(fill)
            async with asyncio.timeout(20):
                while len(said_to(short.wire.told, BEN_CHAT)) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            assert "update.failed" in [line["event"] for line in lines]
            said = said_to(short.wire.told, BEN_CHAT)
            for _ in range(50):  # it tries and tries, and does not say it again and again
                await asyncio.sleep(0)
            assert said_to(short.wire.told, BEN_CHAT) == said
            short.on_disk(make_room)
            await short._hear([])
        return said

    warning, failed = short.runner.run(written_and_room_made())
    assert "today" in warning
    assert "wrong on our side" in failed
    kept = short.on_disk(lambda db: all_rows(db, "SELECT * FROM exchange WHERE message_id = 10001"))
    assert len(kept) == 1
    cards = [call for call in short.wire.told if call.chat_id == HILLTOP_GROUP]
    assert any("pus" in call.text for call in cards)
    assert not short.broken()
