"""A server that takes requests and answers none: what can wait is held, and comes later.

Time is the pacer's own: it goes on when everybody waits, and the wall clock goes with it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import Outgoing, Rejected, SendResult, Sent, Unknown
from scheduler.model import Clinic, Patient, Priority
from scheduler.pacer import Pacer
from scheduler.replying import Replies
from scheduler.services import outage
from scheduler.store import outbox
from scheduler.store.engine import Store
from scheduler.store.rows import all_rows
from tests.fakes.clock import TUESDAY_2PM
from tests.fakes.messenger import FakeMessenger
from tests.fakes.people import ANA_CHAT, World
from tests.scheduler.test_pacer import Time, worst_second

IN_FLIGHT = 16
A_REQUEST, NO_ANSWER = 0.06, 20.0
HOURS = 3600.0


class Telegram(FakeMessenger):
    """A server that may fall silent: about messages, or about everything."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.time, self.silent, self.mute = time, False, False
        self.arrived: list[tuple[float, str]] = []
        self.burned: list[tuple[float, str]] = []
        self.asked: list[float] = []

    async def send(self, message: Outgoing) -> SendResult:
        if self.silent or self.mute:
            self.burned.append((self.time(), message.text))
            await self.time.sleep(NO_ANSWER)
            return Unknown("no answer in time")
        self.arrived.append((self.time(), message.text))
        await self.time.sleep(A_REQUEST)
        return Rejected("too long") if message.text == "bad" else Sent(len(self.arrived))

    async def answers(self) -> bool:
        self.asked.append(self.time())
        await self.time.sleep(NO_ANSWER if self.silent else A_REQUEST)
        return not self.silent


class StoreTime(Time):
    """A time that goes on only when the store has nothing to do either."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    async def pass_until(self, done: Callable[[], bool]) -> None:
        for _ in range(20_000):
            for _ in range(3):
                await self.store.tx(lambda _: None)
                for _ in range(5):
                    await asyncio.sleep(0)
            if done():
                return
            self.wake_next()
        raise AssertionError("time passed and nothing came of it")


class Desk:
    """One clinic's sender, over a time that passes when everybody waits."""

    def __init__(self, store: Store, world: World) -> None:
        self.store, self.world, self.time = store, world, StoreTime(store)
        self.telegram = Telegram(self.time)
        pacer = Pacer(time=self.time, sleep=self.time.sleep)
        self.delivery = Delivery(
            store, self.telegram, pacer, self.clock, in_flight=IN_FLIGHT, batch=4 * IN_FLIGHT
        )
        self.replies = Replies(
            store, self.delivery.line, pacer, self.clock, behind=self.delivery.behind
        )
        self.clinic: Clinic = world.riverside
        self.ana: Patient = world.join(treated_at=self.clock(), now=self.clock())

    def clock(self) -> datetime:
        return TUESDAY_2PM + timedelta(seconds=self.time())

    async def queue(
        self,
        many: int,
        priority: Priority = Priority.BROADCAST,
        *,
        hours: float = 9,
        text: str = "",
    ) -> None:
        """Queue messages, each to a chat of its own."""

        def add(db: object) -> None:
            for number in range(many):
                words = text or f"{priority.name} {number}"
                outbox.add(
                    db,  # type: ignore[arg-type]
                    dedupe_key=f"{priority.name}:{number}:{self.time()}",
                    clinic_id=self.clinic.id,
                    patient_id=self.ana.id,
                    chat_id=1000 + number,
                    priority=priority,
                    payload=payload.pack(words),
                    content_version="1",
                    now=self.clock(),
                    expires_at=self.clock() + timedelta(hours=hours),
                )

        await self.store.tx(add)

    async def do(self, work: Awaitable[object]) -> None:
        """Do something while time passes."""
        task = asyncio.ensure_future(work)
        await self.time.pass_until(task.done)
        await task

    async def until(self, at: float, *, step: float = 60.0) -> None:
        """Let time pass, with a round of the sender now and then."""
        while self.time() < at:
            await self.do(self.delivery.drain())
            await self.do(self.time.sleep(min(step, max(at - self.time(), 0.0))))

    async def after_a_third(self, of: int, then: Callable[[], None]) -> None:
        """Send, and do something once a third has arrived."""

        async def watch() -> None:
            while len(self.telegram.arrived) < of // 3:
                await self.time.sleep(0.01)
            then()

        watching = asyncio.ensure_future(watch())
        await self.do(self.delivery.drain())
        await watching

    async def states(self) -> Counter[str]:
        return Counter(await self.store.tx(outbox.counts))


@pytest.fixture
async def desk(store: Store, world: World) -> Desk:
    return await asyncio.to_thread(Desk, store, world)


async def test_hours_of_silence_cost_a_broadcast_no_more_than_what_was_in_flight(
    desk: Desk,
) -> None:
    await desk.queue(100)
    await desk.after_a_third(100, lambda: setattr(desk.telegram, "silent", True))
    await desk.until(4 * HOURS)
    held = await desk.states()
    assert 0 < held["uncertain"] <= IN_FLIGHT
    assert held["waiting"] == 100 - held["sent"] - held["uncertain"]
    desk.telegram.silent = False
    await desk.until(desk.time() + 120)
    assert await desk.states() == {"sent": 100 - held["uncertain"], "uncertain": held["uncertain"]}
    words = Counter(text for _, text in desk.telegram.arrived + desk.telegram.burned)
    assert set(words.values()) == {1}, "nobody got it twice"
    assert worst_second([at for at, _ in desk.telegram.arrived]) <= 30


async def test_silence_is_asked_about_more_and_more_rarely_and_only_harmlessly(
    desk: Desk,
) -> None:
    await desk.queue(60)
    desk.telegram.silent = True
    await desk.until(1 * HOURS, step=1)
    gaps = [later - sooner - NO_ANSWER for sooner, later in pairwise(desk.telegram.asked)]
    a_round = 1
    assert [int(gap) - a_round for gap in gaps[:4]] == [2, 4, 8, 16]
    assert all(30 <= gap <= 30 + 2 * a_round for gap in gaps[4:])
    assert len(desk.telegram.burned) <= IN_FLIGHT


async def test_what_grew_stale_in_the_silence_is_skipped_and_the_rest_is_sent(desk: Desk) -> None:
    desk.telegram.silent = True
    await desk.queue(IN_FLIGHT)
    await desk.do(desk.delivery.drain())
    await desk.queue(10, Priority.REMINDER, hours=1)
    await desk.queue(10, hours=9)
    await desk.until(2 * HOURS)
    desk.telegram.silent = False
    await desk.until(desk.time() + 120)
    states = await desk.states()
    assert (states["skipped"], states["sent"]) == (10, 10)


async def test_a_warning_goes_on_trying_through_the_silence_and_opens_the_line(
    desk: Desk,
) -> None:
    await desk.queue(40)
    desk.telegram.silent = True
    await desk.do(desk.delivery.drain())
    before = len(desk.telegram.burned)
    await desk.queue(1, Priority.ESCALATION)
    await desk.do(desk.delivery.drain())
    assert [text for _, text in desk.telegram.burned[before:]] == ["ESCALATION 0"]
    desk.telegram.silent = False
    asked = len(desk.telegram.asked)
    await desk.do(desk.time.sleep(2))
    await desk.do(desk.delivery.drain())
    assert desk.telegram.arrived[0][1] == "ESCALATION 0"
    assert (await desk.states())["sent"] == 1 + 40 - before
    assert len(desk.telegram.asked) - asked <= 1


async def test_an_answer_that_arrives_opens_the_line_at_once(desk: Desk) -> None:
    await desk.queue(40)
    desk.telegram.silent = True
    await desk.do(desk.delivery.drain())
    assert desk.delivery.line.silent
    desk.telegram.silent = False
    await desk.do(desk.replies.send(Outgoing(ANA_CHAT, "Not yet."), key="1"))
    assert not desk.delivery.line.silent
    began = desk.time()
    await desk.do(desk.delivery.drain())
    assert (await desk.states())["sent"] == 40 - IN_FLIGHT
    assert desk.time() - began < 5


async def test_a_poll_that_is_answered_lets_one_message_try(desk: Desk) -> None:
    await desk.queue(40)
    desk.telegram.silent = True
    await desk.do(desk.delivery.drain())
    desk.delivery.line.heard(desk.clock() - timedelta(minutes=1))
    assert desk.delivery.line.silent, "that was before"
    await desk.do(desk.time.sleep(1))
    desk.delivery.line.heard(desk.clock())
    assert desk.delivery.line.room == 1


async def test_a_server_that_is_silent_about_messages_alone_burns_a_few_and_not_all(
    desk: Desk,
) -> None:
    await desk.queue(100)
    desk.delivery.start()
    await desk.time.pass_until(lambda: len(desk.telegram.arrived) >= 30)
    desk.telegram.mute = True
    await desk.time.pass_until(lambda: desk.time() >= 4 * HOURS)
    burned = [at for at, _ in desk.telegram.burned]
    at_first = [at for at in burned if at < burned[0] + NO_ANSWER + 1]
    assert len(at_first) <= IN_FLIGHT
    assert len(burned) <= IN_FLIGHT + 25
    assert burned[-1] - burned[-2] > 900
    desk.telegram.mute = False
    await desk.time.pass_until(lambda: desk.delivery.counts.total() == 100)
    assert desk.time() < 4 * HOURS + 1000
    await desk.do(desk.delivery.stop())
    assert await desk.states() == {"sent": 100 - len(burned), "uncertain": len(burned)}


async def test_a_line_that_loses_one_message_in_a_while_is_as_fast_as_ever(desk: Desk) -> None:
    await desk.queue(300)
    lost = iter(range(1, 1000))
    send = desk.telegram.send

    async def sometimes(message: Outgoing) -> SendResult:
        if next(lost) % 50 == 0:
            await desk.time.sleep(NO_ANSWER)
            return Unknown("no answer in time")
        return await send(message)

    desk.telegram.send = sometimes  # type: ignore[method-assign]
    desk.delivery.start()
    await desk.time.pass_until(lambda: desk.delivery.counts.total() == 300)
    await desk.do(desk.delivery.stop())
    assert await desk.states() == {"sent": 294, "uncertain": 6}
    assert desk.telegram.arrived[-1][0] < 300 / 29 + NO_ANSWER


async def test_what_telegram_refuses_is_an_answer_too(desk: Desk) -> None:
    await desk.queue(IN_FLIGHT + 4)
    desk.telegram.silent = True
    await desk.do(desk.delivery.drain())
    desk.telegram.silent = False
    await desk.queue(1, Priority.REMINDER, text="bad")
    await desk.until(desk.time() + 120)
    assert await desk.states() == {"uncertain": IN_FLIGHT, "sent": 4, "failed": 1}


async def test_what_was_held_in_the_silence_counts_as_late_for_the_clinic(desk: Desk) -> None:
    await desk.queue(100)
    await desk.after_a_third(100, lambda: setattr(desk.telegram, "silent", True))
    since = desk.clock()  # the last word of Telegram is noted up to a minute later
    await desk.until(1 * HOURS)
    found = await desk.store.tx(outage.meant, desk.clinic, since, desk.clock())
    states = await desk.states()
    assert (found.late, found.uncertain) == (states["waiting"], states["uncertain"])
    desk.telegram.silent = False
    await desk.until(desk.time() + 50, step=10)
    after = await desk.store.tx(outage.meant, desk.clinic, since, desk.clock())
    assert after == found


async def test_a_stop_in_the_silence_asks_no_more_and_leaves_nothing_half_done(desk: Desk) -> None:
    await desk.queue(60)
    desk.telegram.silent = True
    desk.delivery.start()
    await desk.time.pass_until(lambda: bool(desk.telegram.asked))
    await desk.do(desk.delivery.stop())
    states = await desk.states()
    assert states["trying"] == 0
    assert states["waiting"] == 60 - states["uncertain"]
    trying = await desk.store.tx(lambda db: all_rows(db, "SELECT 1 FROM outbox WHERE attempts > 1"))
    assert trying == []
