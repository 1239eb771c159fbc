"""A clock that was wrong and is set right: what was to wait for seconds waits for seconds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from content.understand import Finding, Route, Understanding
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.fate import NotLeft
from scheduler.messenger import RetryAfter, SendResult, Unknown, Unreachable
from scheduler.model import OutboxRow, Priority
from scheduler.services import asking, gaps
from scheduler.store import inbox, outbox
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World

TWO_HOURS = timedelta(hours=2)


class Desk:
    """A sender under a clock that is set."""

    def __init__(
        self, world: World, store: Store, clock: FakeClock, messenger: FakeMessenger
    ) -> None:
        self.store, self.clock, self.messenger, self.pacer = store, clock, messenger, NoPacer()
        self.clinic, self.ana = world.riverside, world.join(treated_at=clock(), now=clock())
        self.delivery = Delivery(store, messenger, self.pacer, clock)

    async def queue(
        self, priority: Priority, *, due_at: datetime | None = None, hours: float = 9
    ) -> int:
        row = await self.store.tx(
            outbox.add,
            dedupe_key=f"{priority.name} {self.clock()} {due_at}",
            clinic_id=self.clinic.id,
            patient_id=self.ana.id,
            chat_id=ANA_CHAT,
            priority=priority,
            payload=payload.pack("Call us today."),
            content_version="1",
            now=self.clock(),
            due_at=due_at,
            expires_at=self.clock() + timedelta(hours=hours),
        )
        assert row is not None
        return row

    async def fails(self, priority: Priority, result: SendResult) -> int:
        """Queue a message whose first try fails."""
        row = await self.queue(priority)
        self.messenger.results.append(result)
        await self.delivery.drain()
        assert (await self.row(row)).state == "waiting"
        return row

    async def row(self, row_id: int) -> OutboxRow:
        row = await self.store.tx(outbox.by_id, row_id)
        assert row is not None
        return row

    async def set_back(self, by: timedelta = TWO_HOURS) -> None:
        """The clock is set back, and the rounds see it."""
        self.clock.at -= by
        await self.delivery.clock_set_back()

    async def sent_after(self, row_id: int, **wait: float) -> bool:
        """Let so much time pass; whether the message was sent then."""
        self.clock.forward(**wait)
        await self.delivery.drain()
        return (await self.row(row_id)).state == "sent"


@pytest.fixture
async def desk(world: World, store: Store, clock: FakeClock, messenger: FakeMessenger) -> Desk:
    return await asyncio.to_thread(Desk, world, store, clock, messenger)


async def restarted(desk: Desk) -> NoPacer:
    """Start anew; return the pacer, which knows who is held."""
    pacer = NoPacer()
    desk.delivery = Delivery(desk.store, desk.messenger, pacer, desk.clock)
    await desk.delivery.recover()
    return pacer


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("result", [RetryAfter(5), Unreachable("no connection")])
async def test_what_was_put_off_by_seconds_comes_within_seconds_though_the_clock_went_back(
    desk: Desk, priority: Priority, result: SendResult
) -> None:
    row = await desk.fails(priority, result)
    if priority == Priority.REMINDER:
        desk.clock.forward(hours=2, minutes=1)  # it was due before what is going to be now
        desk.messenger.results.append(result)
        await desk.delivery.drain()
    await desk.set_back()
    assert not await desk.sent_after(row, seconds=4)
    assert await desk.sent_after(row, seconds=1)


@pytest.mark.parametrize("priority", [Priority.ESCALATION, Priority.REPLY, Priority.REMINDER])
async def test_a_message_in_doubt_is_tried_again_by_the_new_clock(
    desk: Desk, priority: Priority
) -> None:
    desk.clock.forward(hours=-3)
    row = await desk.queue(priority, hours=9)
    desk.clock.forward(hours=3)
    desk.messenger.results.append(Unknown("no answer"))
    await desk.delivery.drain()
    await desk.set_back()
    assert await desk.sent_after(row, seconds=2)
    assert (await desk.row(row)).attempts == 2


@pytest.mark.parametrize("priority", [Priority.ESCALATION, Priority.REPLY, Priority.BROADCAST])
async def test_what_was_to_go_at_once_and_had_no_try_yet_does_not_wait_for_the_old_clock(
    desk: Desk, priority: Priority
) -> None:
    row = await desk.queue(priority)
    await desk.set_back()
    await desk.set_back()
    assert await desk.sent_after(row, seconds=0)


async def test_an_answer_behind_one_that_failed_waits_no_longer_than_that_one(desk: Desk) -> None:
    first, second = await desk.queue(Priority.REPLY), await desk.queue(Priority.ESCALATION)
    desk.clock.forward(hours=3)
    third = await desk.queue(Priority.REPLY)
    desk.messenger.results.extend([Unreachable("502")] * 2)
    await desk.delivery.drain()
    await desk.set_back()
    assert await desk.sent_after(third, seconds=5)
    assert [(await desk.row(row)).state for row in (first, second)] == ["sent", "sent"]


async def test_a_reminder_comes_no_sooner_by_the_new_clock_than_it_was_its_time(
    desk: Desk,
) -> None:
    """A clock that ran ahead made it due too soon: its wait may not be over."""
    row = await desk.fails(Priority.REMINDER, Unreachable("no connection"))
    queued = (await desk.row(row)).created_at
    fresh = await desk.queue(Priority.REMINDER, due_at=desk.clock() + timedelta(minutes=5))
    await desk.set_back()
    assert (await desk.row(row)).due_at == queued
    assert (await desk.row(fresh)).due_at == queued + timedelta(minutes=5)
    assert not await desk.sent_after(row, hours=1)
    assert await desk.sent_after(row, hours=1)


async def test_what_the_quiet_hours_put_off_waits_for_the_morning_by_any_clock(desk: Desk) -> None:
    desk.clock.at = datetime.fromisoformat("2026-11-24T20:30:00+00:00")
    row = await desk.fails(Priority.REMINDER, Unknown("no answer"))
    desk.clock.forward(hours=1)
    await desk.delivery.drain()
    morning = datetime.fromisoformat("2026-11-25T08:00:00+00:00")
    assert (await desk.row(row)).due_at == morning
    await desk.set_back(timedelta(minutes=90))
    assert (await desk.row(row)).due_at == morning


async def test_a_clock_set_forward_hurries_nothing_and_keeps_what_is_stale_away(desk: Desk) -> None:
    row = await desk.fails(Priority.REMINDER, RetryAfter(600))
    due = (await desk.row(row)).due_at
    await desk.set_back(timedelta(minutes=-5))
    assert (await desk.row(row)).due_at == due
    desk.clock.forward(hours=12)
    await desk.delivery.drain()
    assert ((await desk.row(row)).state, (await desk.row(row)).detail) == ("skipped", "stale")


async def test_a_clock_set_back_twice_shortens_no_wait_below_what_was_asked(desk: Desk) -> None:
    row = await desk.fails(Priority.REPLY, RetryAfter(60))
    for _ in range(2):
        await desk.set_back()
        assert (await desk.row(row)).due_at - desk.clock() == timedelta(seconds=60)
    assert (await desk.row(row)).expires_at > desk.clock() + timedelta(hours=9)


async def test_a_clock_set_back_while_the_bot_was_off_is_seen_at_the_start(desk: Desk) -> None:
    row = await desk.fails(Priority.ESCALATION, RetryAfter(5))
    desk.clock.forward(days=-1)
    await restarted(desk)
    assert await desk.sent_after(row, seconds=5)


async def test_a_pause_is_never_longer_than_telegram_asked_for_whatever_the_clock_did(
    desk: Desk,
) -> None:
    await desk.fails(Priority.BROADCAST, RetryAfter(5))
    desk.clock.forward(seconds=2)
    assert (await restarted(desk)).held == [3]
    desk.clock.forward(days=-1)
    assert (await restarted(desk)).held == [5]
    desk.clock.forward(days=2)
    assert (await restarted(desk)).held == []


async def test_a_short_pause_does_not_end_a_long_one(desk: Desk) -> None:
    await desk.fails(Priority.BROADCAST, RetryAfter(90))
    desk.clock.forward(seconds=1)
    row = await desk.queue(Priority.REPLY)
    desk.messenger.results.append(RetryAfter(2))
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "waiting"
    again = await restarted(desk)
    assert (again.held, again.everybody) == ([2, 89], [2])


async def test_a_mark_that_is_taken_back_leaves_the_row_as_it_was(desk: Desk) -> None:
    row_id = await desk.queue(Priority.REMINDER)
    before = await desk.row(row_id)
    marks = desk.delivery._sender._marks
    going = await marks.begin(row_id)
    assert going is not None
    assert (await desk.row(row_id)).state == "trying"
    assert await marks.end(going.row, NotLeft(before.due_at, before.detail)) == "put back"
    assert await desk.row(row_id) == before


A_YEAR = timedelta(days=365)


def test_an_urgent_card_from_a_clock_that_was_ahead_is_raised_and_not_in_a_year(
    world: World, store: Store, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    clock.at += A_YEAR
    heard = store.run(
        asking.hear, ana, chat_id=ANA_CHAT, message_id=1, said="pus",
        understood=Understanding(Route.URGENT, findings=(Finding("pus", Route.URGENT, "pus"),)),
        now=clock(),
    )  # fmt: skip
    clock.at -= A_YEAR
    (due,) = store.run(inbox.due_to_raise, clock(), 10)
    assert due.id == heard.escalation


async def test_a_card_put_aside_by_a_clock_that_was_ahead_is_tried_again(
    world: World, store: Store, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    heard = store.run(asking.ask_for_person, ana, clock())
    assert heard.escalation is not None
    store.run(inbox.put_aside, heard.escalation, clock() + inbox.TRY_AGAIN)
    assert store.run(inbox.unposted, clock(), 10) == []
    store.run(inbox.put_aside, heard.escalation, clock() + A_YEAR)
    assert store.run(inbox.unposted, clock(), 10) == [heard.escalation]


def test_gaps_are_looked_for_again_after_a_clock_that_was_ahead(
    store: Store, clock: FakeClock
) -> None:
    assert store.run(gaps.round_due, clock() + A_YEAR)
    assert store.run(gaps.round_due, clock())
    assert not store.run(gaps.round_due, clock() + timedelta(minutes=59))
    assert store.run(gaps.round_due, clock() + timedelta(minutes=60))
