"""A day without network, then back: what is still worth it comes once, the rest has a reason."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from content.catalog import Catalog
from scheduler.delivery import Delivery
from scheduler.messenger import Outgoing, SendResult, Sent, Unreachable
from scheduler.pacer import Pacer
from scheduler.services import outage
from scheduler.store import outbox
from scheduler.store.engine import Store
from scheduler.store.rows import all_rows
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.people import HILLTOP_GROUP, RIVERSIDE_GROUP, World
from tests.scheduler.test_pacer import Time, worst_second

PATIENTS = 70
PACE = 30
FIRST_CHAT = 5000
A_ROUND = timedelta(minutes=30)


class Network:
    """Telegram behind a line that can be cut; it notes when each message arrived."""

    def __init__(self, time: Time) -> None:
        self.time, self.cut = time, False
        self.arrived: list[tuple[float, Outgoing]] = []

    async def send(self, message: Outgoing) -> SendResult:
        if self.cut:
            return Unreachable("no connection")
        self.arrived.append((self.time(), message))
        return Sent(len(self.arrived))

    async def edit(self, **_: Any) -> SendResult:
        raise AssertionError("the sender edits nothing")

    async def delete(self, **_: Any) -> SendResult:
        raise AssertionError("the sender deletes nothing")

    async def answers(self) -> bool:
        return True


class House:
    """The rounds, the sender at its real pace over a clock of its own, and the network."""

    def __init__(self, store: Store, catalog: Catalog, clock: FakeClock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        self.time = Time()
        self.network = Network(self.time)
        pacer = Pacer(per_second=PACE, time=self.time, sleep=self.time.sleep)
        self.delivery = Delivery(store, self.network, pacer, clock)

    async def round(self) -> int:
        """One round of the schedule and all that follows; returns how many clinics were told."""
        now = self.clock()
        await tick(self.store, self.catalog, now)
        heard = self.delivery.last_success
        told = 0
        if heard is not None and now - heard < timedelta(minutes=1):
            told = await self.store.tx(outage.reached, self.catalog, now)
        draining = asyncio.ensure_future(self.delivery.drain())
        await self.time.pass_until(draining.done)
        await draining
        return told

    async def pass_until(self, end: datetime) -> None:
        """Let time pass, with a round every half an hour."""
        while self.clock() < end:
            self.clock.at = min(self.clock() + A_ROUND, end)
            await self.round()


async def test_after_a_day_without_network_what_is_worth_it_comes_once_and_the_clinic_is_told_once(
    store: Store, catalog: Catalog, clock: FakeClock, world: World
) -> None:
    house = House(store, catalog, clock)
    for number in range(PATIENTS):
        await asyncio.to_thread(
            world.join, treated_at=clock(), now=clock(), chat_id=FIRST_CHAT + number
        )
    await house.pass_until(clock().replace(hour=20, minute=0))
    assert await house.round() in (0, 2)  # the first word of Telegram is noted
    assert house.network.arrived, "the evening's reminders came while all was well"

    house.network.cut = True
    before = len(house.network.arrived)
    await house.pass_until(clock() + timedelta(days=2, hours=-10))  # ten in the morning
    assert len(house.network.arrived) == before
    house.network.cut = False
    clock.forward(minutes=10)
    told = [await house.round()]
    clock.forward(seconds=2)
    told += [await house.round() for _ in range(3)]

    since = house.network.arrived[before:]
    reached = Counter(message.chat_id for _, message in since)
    assert sum(told) == 2, "each clinic is told, once"
    assert reached[RIVERSIDE_GROUP] == reached[HILLTOP_GROUP] == 1
    chats = range(FIRST_CHAT, FIRST_CHAT + PATIENTS)
    assert {reached[chat] for chat in chats} == {2}, "yesterday's makeup and this morning's care"
    assert set(Counter((message.chat_id, message.text) for _, message in since).values()) == {1}
    assert worst_second([at for at, _ in since]) <= PACE
    rows = await store.tx(outbox.counts)
    assert rows.keys() <= {"sent", "skipped"}
    reasons = await store.tx(
        lambda db: all_rows(
            db,
            "SELECT DISTINCT detail AS why FROM outbox WHERE state = 'skipped'"
            " UNION SELECT DISTINCT reason FROM reminder WHERE state = 'skipped'",
        )
    )
    assert {row["why"] for row in reasons} == {"stale"}
    makeup = await store.tx(
        lambda db: all_rows(
            db,
            "SELECT 1 FROM reminder JOIN outbox ON outbox.id = outbox_id"
            " WHERE step = 'makeup' AND outbox.state = 'sent'",
        )
    )
    assert len(makeup) == PATIENTS, "good news of yesterday is good news today"
