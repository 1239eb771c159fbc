"""When Telegram asks to wait, nothing leaves that is to wait: at once, and after a restart."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.marks import Going
from scheduler.messenger import Outgoing, RetryAfter, SendResult, Sent
from scheduler.model import Priority
from scheduler.pacer import Pacer
from scheduler.pauses import Pauses
from scheduler.replying import Replies
from scheduler.store import outbox, pauses
from scheduler.store.engine import Store
from scheduler.store.pauses import Left
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World
from tests.scheduler.test_delivery import Desk
from tests.scheduler.test_pacer import Time

PAUSE = 20.0
ON_THE_WAY = 0.06
SLOW_DISK = 0.5


@pytest.fixture
async def desk(
    world: World, store: Store, clock: FakeClock, messenger: FakeMessenger
) -> AsyncIterator[Desk]:
    made = Desk(world, store, clock, messenger)
    yield made
    await made.delivery.stop()


async def restarted(desk: Desk) -> NoPacer:
    """Start anew; return the pacer, which knows who is held."""
    pacer = NoPacer()
    await Delivery(desk.store, desk.messenger, pacer, desk.clock).recover()
    return pacer


async def test_a_pause_told_to_a_direct_answer_holds_everybody_after_a_restart_too(
    desk: Desk,
) -> None:
    desk.messenger.results.append(RetryAfter(90))
    replies = Replies(desk.store, desk.messenger, desk.pacer, desk.clock)
    await replies.send(Outgoing(ANA_CHAT, "Not yet."), key="7:1", patient_id=desk.ana.id)
    assert desk.pacer.everybody == [90]
    desk.clock.forward(seconds=30)
    again = await restarted(desk)
    assert (again.held, again.everybody) == ([60], [60])


async def test_a_pause_told_to_a_change_after_a_tap_is_kept_after_a_restart_too(desk: Desk) -> None:
    desk.messenger.edit_results.append(RetryAfter(90))
    replies = Replies(desk.store, desk.messenger, desk.pacer, desk.clock)
    await replies.edit(
        Outgoing(ANA_CHAT, "Thank you."), message_id=5, key="7:edit", patient_id=desk.ana.id
    )
    assert (await restarted(desk)).everybody == [90]


@pytest.mark.parametrize("priority", list(Priority))
async def test_a_pause_told_to_a_queued_message_holds_the_same_ones_after_a_restart(
    desk: Desk, priority: Priority
) -> None:
    await desk.queue(f"{priority.name}:1", priority)
    desk.messenger.results.append(RetryAfter(90))
    await desk.delivery.drain()
    again = await restarted(desk)
    assert (again.held, again.everybody) == (desk.pacer.held, desk.pacer.everybody)
    assert (again.held, again.everybody) == ([90], [90] if priority < Priority.REMINDER else [])


def test_of_two_pauses_the_longer_one_counts_and_neither_longer_than_was_asked(
    store: Store, clock: FakeClock
) -> None:
    start = clock()

    def left(**later: float) -> Left:
        return store.run(pauses.left, start + timedelta(**later))

    for seconds, everybody in ((90, False), (20, True), (5, True), (5, False)):
        store.run(pauses.note, seconds, start, everybody=everybody)
    assert left() == Left(bulk=90, everybody=20)
    assert left(seconds=30) == Left(bulk=60, everybody=0)
    assert left(hours=-1) == Left(bulk=90, everybody=20), "the clock was set back"
    assert left(hours=1) == Left(bulk=0, everybody=0)


async def test_a_full_disk_keeps_no_pause_from_being_kept_to(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    pacer = NoPacer()
    monkeypatch.setattr(store, "tx", full)
    await Pauses(store, pacer, clock).asked(7, everybody=True)
    assert pacer.everybody == [7]


class AsksToWait(FakeMessenger):
    """Telegram that answers the first of many requests with 429, after a while."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.time = time
        self.left: list[float] = []
        self.asked_at: float | None = None

    async def send(self, message: Outgoing) -> SendResult:
        self.left.append(self.time())
        await self.time.sleep(ON_THE_WAY)
        if self.asked_at is None:
            self.asked_at = self.time()
            return RetryAfter(PAUSE)
        return Sent(len(self.left))

    def over(self) -> bool:
        return self.asked_at is not None and self.time() >= self.asked_at + PAUSE


@pytest.mark.parametrize("priority", [Priority.REPLY, Priority.BROADCAST])
async def test_what_is_marked_slowly_while_telegram_asks_to_wait_leaves_after_the_pause(
    world: World, store: Store, clock: FakeClock, priority: Priority
) -> None:
    time = Time()
    telegram = AsksToWait(time)
    delivery = Delivery(store, telegram, Pacer(time=time, sleep=time.sleep), clock)
    on_a_slow_disk(delivery, time)
    for number in range(30):
        await queue(store, number, world.riverside.id, priority, clock())
    draining = asyncio.ensure_future(delivery.drain())
    await time.pass_until(lambda: telegram.over() or draining.done())
    assert telegram.asked_at is not None
    assert not [at for at in telegram.left if telegram.asked_at < at < telegram.asked_at + PAUSE]
    clock.forward(seconds=PAUSE + 1)
    await time.pass_until(draining.done)
    clock.forward(seconds=PAUSE + 1)
    await until_done(time, delivery)
    assert await sent(store) == 30
    assert len(telegram.left) == 31
    await delivery.stop()


async def test_an_answer_that_has_its_turn_as_a_pause_begins_is_sent_after_it(
    store: Store, clock: FakeClock
) -> None:
    time, messenger = Time(), FakeMessenger()
    pacer = Pacer(time=time, sleep=time.sleep)
    replies = Replies(store, messenger, HeldAfter(pacer, PAUSE), clock)
    answering = asyncio.ensure_future(replies.send(Outgoing(ANA_CHAT, "Not yet."), key="7:1"))
    await time.pass_until(answering.done)
    assert time() >= PAUSE
    assert len(messenger.sent) == 1


class HeldAfter(NoPacer):
    """A pacer at whose first turn somebody else is asked to wait."""

    def __init__(self, pacer: Pacer, seconds: float) -> None:
        super().__init__()
        self.pacer, self.seconds = pacer, seconds

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        await self.pacer.turn(chat_id=chat_id, priority=priority, group=group)
        if not self.turns:
            self.pacer.hold(self.seconds, everybody=True)
        self.turns.append((chat_id, priority))

    async def go(self, *, priority: int) -> float:
        return await self.pacer.go(priority=priority)


def on_a_slow_disk(delivery: Delivery, time: Time) -> None:
    """Let every mark before a request take its time."""
    marks = delivery._sender._marks
    begin: Callable[[int], Any] = marks.begin

    async def slowly(row_id: int) -> Going | None:
        going: Going | None = await begin(row_id)
        await time.sleep(SLOW_DISK)
        return going

    marks.begin = slowly  # type: ignore[method-assign]


async def queue(
    store: Store, number: int, clinic_id: int, priority: Priority, now: datetime
) -> None:
    await store.tx(
        outbox.add,
        dedupe_key=f"to:{number}",
        clinic_id=clinic_id,
        patient_id=None,
        chat_id=70_000 + number,
        priority=priority,
        payload=payload.pack("Wash gently."),
        content_version="1",
        now=now,
        expires_at=now + timedelta(hours=5),
    )


async def sent(store: Store) -> int:
    return (await store.tx(outbox.counts)).get("sent", 0)


async def until_done(time: Time, delivery: Delivery) -> None:
    draining = asyncio.ensure_future(delivery.drain())
    await time.pass_until(draining.done)
