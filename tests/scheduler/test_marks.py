"""Marks that share one wait for the disk keep everybody's own fate."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlite_utils import Database

from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.marks import Marks
from scheduler.messenger import Blocked, RetryAfter, Sent
from scheduler.model import OutboxRow, Patient, Priority
from scheduler.store import outbox, patients
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import World

CHATS = range(501, 506)


@pytest.fixture
def women(world: World, clock: FakeClock) -> list[Patient]:
    return [world.join(treated_at=clock(), now=clock(), chat_id=chat) for chat in CHATS]


def queued(store: Store, woman: Patient, now: datetime, key: str = "day1") -> OutboxRow:
    row_id = store.run(
        outbox.add,
        dedupe_key=f"reminder:{woman.id}:{key}",
        clinic_id=woman.clinic_id,
        patient_id=woman.id,
        chat_id=woman.chat_id or 0,
        priority=Priority.REMINDER,
        payload=payload.pack("Wash gently."),
        content_version="1",
        now=now,
        expires_at=now + timedelta(hours=9),
    )
    assert row_id is not None
    return fate(store, row_id)


def fate(store: Store, row_id: int) -> OutboxRow:
    row = store.run(outbox.by_id, row_id)
    assert row is not None
    return row


async def test_marks_of_one_moment_share_one_change_of_the_store(
    store: Store, women: list[Patient], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [queued(store, woman, clock()) for woman in women]
    changes: list[object] = []
    tx = Store.tx

    def counted(self: Store, work: object, *args: object, **kwargs: object) -> object:
        changes.append(work)
        return tx(self, work, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "tx", counted)
    marks = Marks(store, clock)
    begun = await asyncio.gather(*(marks.begin(row.id) for row in rows))
    assert [going.row.id for going in begun if going] == [row.id for row in rows]
    assert len(changes) == 1
    assert {fate(store, row.id).state for row in rows} == {"trying"}


async def test_the_end_of_one_message_and_the_beginning_of_the_next_each_find_their_row(
    store: Store, women: list[Patient], clock: FakeClock
) -> None:
    first, second, third = (queued(store, woman, clock()) for woman in women[:3])
    marks = Marks(store, clock)
    await asyncio.gather(marks.begin(first.id), marks.begin(second.id))
    outcomes = await asyncio.gather(
        marks.end(first, Sent(77)),
        marks.end(second, RetryAfter(60)),
        marks.begin(third.id),
    )
    assert list(outcomes)[:2] == ["sent", "held"]
    states = {row.id: fate(store, row.id) for row in (first, second, third)}
    assert (states[first.id].state, states[first.id].message_id) == ("sent", 77)
    assert states[second.id].state == "waiting"
    assert states[third.id].state == "trying"


async def test_who_blocks_the_bot_in_the_same_moment_gets_nothing_more(
    store: Store, women: list[Patient], clock: FakeClock
) -> None:
    first, second = queued(store, women[0], clock()), queued(store, women[0], clock(), "later")
    marks = Marks(store, clock)
    await marks.begin(first.id)
    ended, begun = await asyncio.gather(
        marks.end(first, Blocked("bot was blocked by the user")),
        marks.begin(second.id),
    )
    assert (ended, begun) == ("blocked", None)
    assert fate(store, second.id).state == "skipped"


async def test_a_row_that_cannot_be_marked_spoils_no_other_of_its_moment(
    store: Store, women: list[Patient], clock: FakeClock, messenger: FakeMessenger
) -> None:
    rows = [queued(store, woman, clock()) for woman in women]
    store.run(patients.change, women[2].id, timezone="Nowhere/Else")
    delivery = Delivery(store, messenger, NoPacer(), clock)
    await delivery.drain()
    states = [fate(store, row.id).state for row in rows]
    assert states == ["sent", "sent", "failed", "sent", "sent"]
    assert len(messenger.sent) == 4


async def test_a_full_disk_is_told_to_everybody_of_the_moment_and_nothing_is_marked(
    store: Store, women: list[Patient], clock: FakeClock
) -> None:
    rows = [queued(store, woman, clock()) for woman in women[:2]]

    def fill(db: Database) -> None:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        db.execute("CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN INSERT INTO fact VALUES"
                   " (hex(randomblob(8)), hex(zeroblob(100000))); END")  # fmt: skip

    store.run(fill)
    marks = Marks(store, clock)
    ends = await asyncio.gather(*(marks.begin(row.id) for row in rows), return_exceptions=True)
    assert [str(end) for end in ends] == ["database or disk is full"] * 2
    assert {fate(store, row.id).state for row in rows} == {"waiting"}


async def test_no_more_rows_are_in_doubt_at_once_than_may_be_under_way(
    store: Store, women: list[Patient], clock: FakeClock
) -> None:
    rows = [queued(store, woman, clock()) for woman in women]
    marks = Marks(store, clock, at_once=2)
    beginnings = [asyncio.ensure_future(marks.begin(row.id)) for row in rows]
    first, second = await asyncio.gather(*beginnings[:2])
    assert len(store.run(outbox.in_doubt)) == 2
    assert first is not None
    assert second is not None
    await asyncio.gather(marks.end(first.row, Sent(1)), marks.put_aside(second.row.id))
    await asyncio.gather(*beginnings[2:4])
    assert {row.id for row in store.run(outbox.in_doubt)} == {row.id for row in rows[2:4]}
    marks.close()
    assert await beginnings[4] is None
    assert fate(store, rows[4].id).state == "waiting"


async def test_after_the_end_nothing_more_begins(
    store: Store, women: list[Patient], clock: FakeClock
) -> None:
    row = queued(store, women[0], clock())
    marks = Marks(store, clock)
    marks.close()
    assert await marks.begin(row.id) is None
    assert fate(store, row.id).state == "waiting"
