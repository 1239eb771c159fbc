"""A full disk while messages go out: each is sent once, and marked once there is room for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import Outgoing, Rejected, SendResult
from scheduler.model import Priority
from scheduler.store import outbox
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, build_world

MESSAGES = 120


def fill(db: Database) -> None:
    """Let the file grow no more."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def make_room(db: Database) -> None:
    """Let it grow again."""
    db.execute("PRAGMA max_page_count = 100000").fetchall()


class FullFromTheFirst(FakeMessenger):
    """The disk is full from the moment at which the first message arrives; each is refused."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def send(self, message: Outgoing) -> SendResult:
        if not self.sent:
            self._store._writer.alone(fill)
        self.sent.append(message)
        return Rejected("a long reason " * 200)


@pytest.mark.parametrize("patience", [1, 40, 400])
@pytest.mark.parametrize("under_way", [False, True], ids=["from the start", "under way"])
async def test_a_full_disk_loses_no_message_and_sends_none_twice(
    tmp_path: Path,
    catalog: Catalog,
    clock: FakeClock,
    patience: int,
    *,
    under_way: bool,
) -> None:
    """`patience` is for how many turns of the loop the disk stays full."""
    store = Store(tmp_path / "aftercare.db", durable=False)
    world = await asyncio.to_thread(build_world, store, catalog, clock())
    ana = await asyncio.to_thread(world.join, treated_at=clock(), now=clock())
    for number in range(MESSAGES):
        await store.tx(
            outbox.add,
            dedupe_key=f"m{number}",
            clinic_id=world.riverside.id,
            patient_id=ana.id,
            chat_id=ANA_CHAT,
            priority=Priority.REMINDER,
            payload=payload.pack(f"m{number}"),
            content_version="1",
            now=clock(),
            expires_at=clock() + timedelta(hours=4),
        )
    messenger = FullFromTheFirst(store) if under_way else FakeMessenger()
    delivery = Delivery(store, messenger, NoPacer(), clock, without_room=0.0)
    if not under_way:
        await asyncio.to_thread(store._writer.alone, fill)
    with structlog.testing.capture_logs() as lines:
        draining = asyncio.create_task(delivery.drain())
        while not any(line["event"] == "delivery.no_room" for line in lines):
            assert not draining.done(), "there was room for everything"
            await asyncio.sleep(0)
        for _ in range(patience):
            await asyncio.sleep(0)
        assert not draining.done()
        await asyncio.to_thread(store._writer.alone, make_room)
        await draining
    arrived = Counter(message.text for message in messenger.sent)
    rows = await store.tx(outbox.of_patient, ana.id)
    store.close()
    assert set(arrived) == {f"m{number}" for number in range(MESSAGES)}
    assert set(arrived.values()) == {1}
    assert {row.state for row in rows} == {"failed" if under_way else "sent"}
