"""What a patient wrote is gone after its time: from every table, and from the file itself."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.housekeeping import Keeping, keep_house
from scheduler.store import clinics, outbox, talk
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, ROSA, build_world
from tests.fakes.telegram import telegram_with_bot

KEEPING = Keeping(None, 1, words_days=90, patient_days=730)
HERS = ("zebrafish", "marmalade", "quokka", "walrus", "narwhal", "platypus")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aftercare.db"


@pytest.fixture
def kept(path: Path) -> Iterator[Store]:
    opened = Store(path, durable=False)
    yield opened
    opened.close()


def in_a_file(word: str) -> set[str]:
    """Return what a word looks like inside a file in a message, wherever in it it stands."""
    looks = set()
    for shift, first in enumerate((0, 2, 3)):
        last = (shift + len(word)) * 8 // 6
        looks.add(b64encode(b" " * shift + word.encode()).decode()[first:last])
    return looks


def places(db: Database, word: str, *, plain: bool = True) -> list[str]:
    """Return the columns that hold a word, or only those that hold it inside a file."""
    pieces = in_a_file(word) | ({word} if plain else set())
    return [
        f"{table}.{column}"
        for table in db.table_names()
        for column in db[table].columns_dict
        for piece in pieces
        if db.execute(
            f"SELECT 1 FROM [{table}] WHERE instr(CAST([{column}] AS TEXT), ?)", [piece]
        ).fetchone()
    ]


def bytes_of(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if path.name in one.name)


async def until(holds: Callable[[], bool], meanwhile: Callable[[], object] = bool) -> None:
    """Let the bot go on until something holds; raises if it never does."""
    for _ in range(1000):
        if holds():
            return
        meanwhile()
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_no_word_of_hers_is_left_in_any_table_or_in_the_file(
    path: Path, kept: Store, catalog: Catalog, knowledge: Knowledge, clock: FakeClock
) -> None:
    world = build_world(kept, catalog, clock())
    async with telegram_with_bot(kept, catalog, clock, knowledge=knowledge) as (telegram, bot):
        await bot.runner.stop()
        rosa = telegram.person("Rosa", user_id=ROSA)
        group = telegram.group("Riverside staff", [rosa])
        await kept.tx(clinics.bind, world.riverside.id, group.id)
        world.join(treated_at=clock(), now=clock())
        ana = telegram.person("Ana", user_id=ANA_CHAT)
        await ana.send("there is pus under my zebrafish eye")
        await bot.tick()
        await bot.house.board.sweep()
        await ana.send("and also the marmalade side hurts")
        await ana.send("can a quokka fly to the moon")
        asked = await ana.send("is my walrus cheek normal")
        await ana.edit(asked, "is my narwhal cheek normal")
        await ana.photo("my platypus chin")
        telegram.faults.fail(502, method="sendDocument", times=1)
        sending = asyncio.create_task(ana.send("/mydata"))
        await until(lambda: "outbox.payload" in kept.run(places, "quokka", plain=False))
        (card,) = kept.run(talk.escalations, patient_id=world.patient().id)
        sending.cancel()

        def a_second_passes() -> None:
            clock.forward(seconds=1)
            bot.delivery.wake()

        await until(
            lambda: not kept.run(outbox.counts).keys() & {"waiting", "trying"}, a_second_passes
        )
    assert set(kept.run(places, "zebrafish")) >= {"exchange.said", "escalation.context"}

    clock.forward(days=1)
    clock.at = clock.at.replace(hour=2)
    counts = await keep_house(kept, KEEPING, clock())
    assert counts["files"] == 1, "the copy of her data is of no use once it has left"
    clock.forward(days=91)
    await keep_house(kept, KEEPING, clock())
    left = {word: found for word in HERS if (found := kept.run(places, word))}
    assert left == {}
    assert '"sign": "pus"' in kept.run(talk.escalation, card.id).context
    kept._writer.alone(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    on_disk = bytes_of(path)
    assert [word for word in HERS if word.encode() in on_disk] == []
