"""What becomes of a message, whatever Telegram or the network answers: the promises, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import (
    Blocked,
    Migrated,
    Outgoing,
    Rejected,
    RetryAfter,
    SendResult,
    Unknown,
    Unreachable,
)
from scheduler.model import OutboxRow, Priority
from scheduler.services import preferences
from scheduler.store import claims, outbox, patients, pauses, records
from scheduler.store.engine import Store, stamp
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World


class Desk:
    """A sender over a patient, and short words for what a test does with it."""

    def __init__(
        self, world: World, store: Store, clock: FakeClock, messenger: FakeMessenger
    ) -> None:
        self.world, self.store, self.clock, self.messenger = world, store, clock, messenger
        self.pacer = NoPacer()
        self.delivery = Delivery(store, messenger, self.pacer, clock)
        self.ana = world.join(treated_at=clock(), now=clock())

    async def queue(
        self,
        key: str = "reminder:1:day1",
        priority: Priority = Priority.REMINDER,
        *,
        hours: float = 9,
    ) -> int:
        now = self.clock()
        row = await self.store.tx(
            outbox.add,
            dedupe_key=key,
            clinic_id=self.world.riverside.id,
            patient_id=self.ana.id,
            chat_id=ANA_CHAT,
            priority=priority,
            payload=payload.pack("Wash gently."),
            content_version="1",
            now=now,
            expires_at=now + timedelta(hours=hours),
        )
        assert row is not None
        return row

    async def row(self, row_id: int) -> OutboxRow:
        row = await self.store.tx(outbox.by_id, row_id)
        assert row is not None
        return row

    async def after(
        self, *results: SendResult | Exception, priority: Priority = Priority.REMINDER
    ) -> OutboxRow:
        """Queue one message, let its tries end like this, and return what became of it."""
        row = await self.queue(f"{priority.name}:1", priority)
        self.messenger.results.extend(results)
        for _ in range(len(results) + 1):
            await self.delivery.drain()
            self.clock.forward(minutes=5)
        return await self.row(row)


@pytest.fixture
async def desk(
    world: World, store: Store, clock: FakeClock, messenger: FakeMessenger
) -> AsyncIterator[Desk]:
    made = Desk(world, store, clock, messenger)
    yield made
    await made.delivery.stop()


async def test_a_due_reminder_is_sent_once_and_its_message_is_known(desk: Desk) -> None:
    row = await desk.after()
    assert (row.state, row.message_id, row.attempts) == ("sent", 1001, 1)
    assert [message.chat_id for message in desk.messenger.sent] == [ANA_CHAT]


async def test_the_same_reminder_is_never_queued_twice(desk: Desk) -> None:
    await desk.queue("reminder:1:day1")
    with pytest.raises(AssertionError):
        await desk.queue("reminder:1:day1")


async def test_a_pause_that_telegram_asks_for_is_kept_and_survives_a_restart(desk: Desk) -> None:
    row = await desk.queue()
    desk.messenger.results.append(RetryAfter(90))
    await desk.delivery.drain()
    assert desk.pacer.held == [90]
    assert (await desk.row(row)).state == "waiting"
    again = NoPacer()
    await Delivery(desk.store, desk.messenger, again, desk.clock).recover()
    assert again.held == [90]
    desk.clock.forward(seconds=91)
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "sent"


async def test_a_network_that_is_away_for_hours_loses_nothing(desk: Desk) -> None:
    row = await desk.queue()
    for _ in range(40):
        desk.messenger.results.append(Unreachable("no connection"))
        await desk.delivery.drain()
        desk.clock.forward(minutes=10)
    await desk.delivery.drain()
    known = await desk.row(row)
    assert (known.state, known.attempts) == ("sent", 1)


async def test_while_the_network_is_away_everybody_pauses_longer_and_longer(desk: Desk) -> None:
    await desk.after(*[Unreachable("no connection")] * 7)
    assert desk.pacer.held == [1, 2, 4, 8, 16, 30, 30]


async def test_a_reminder_in_doubt_is_sent_once_more_and_then_named(desk: Desk) -> None:
    row = await desk.after(Unknown("no answer"), Unknown("no answer"))
    assert (row.state, len(desk.messenger.sent)) == ("uncertain", 2)


async def test_a_broadcast_in_doubt_is_held_and_named_and_never_sent_again(desk: Desk) -> None:
    row = await desk.after(Unknown("no answer"), priority=Priority.BROADCAST)
    assert (row.state, len(desk.messenger.sent)) == ("uncertain", 1)


async def test_a_message_that_telegram_refuses_is_put_aside_and_the_others_go_on(
    desk: Desk,
) -> None:
    bad = await desk.queue("reminder:1:bad")
    desk.clock.forward(seconds=1)
    good = await desk.queue("reminder:1:good")
    desk.messenger.results.append(Rejected("can't parse entities"))
    await desk.delivery.drain()
    assert (await desk.row(bad)).state == "failed"
    assert (await desk.row(bad)).detail == "can't parse entities"
    assert (await desk.row(good)).state == "sent"


async def test_a_row_that_breaks_the_sender_is_put_aside_and_the_others_go_on(
    desk: Desk,
) -> None:
    bad = await desk.queue("reminder:1:bad")
    desk.clock.forward(seconds=1)
    good = await desk.queue("reminder:1:good")
    desk.messenger.results.append(RuntimeError("a fault of ours"))
    await desk.delivery.drain()
    assert (await desk.row(bad)).state == "failed"
    assert (await desk.row(good)).state == "sent"


async def test_a_patient_who_blocks_the_bot_is_left_alone(desk: Desk) -> None:
    await desk.after(Blocked("bot was blocked by the user"))
    later = await desk.queue("reminder:1:later")
    await desk.delivery.drain()
    assert desk.world.patient().state == "blocked"
    assert (await desk.row(later)).state == "skipped"
    assert len(desk.messenger.sent) == 1


async def test_a_group_that_became_a_supergroup_is_followed(desk: Desk) -> None:
    row = await desk.after(Migrated(-100123), priority=Priority.ESCALATION)
    assert (row.state, row.chat_id) == ("sent", -100123)
    assert [message.chat_id for message in desk.messenger.sent] == [ANA_CHAT, -100123]


async def test_what_a_patient_opted_out_of_is_not_sent_though_it_was_queued(desk: Desk) -> None:
    row = await desk.queue()
    await desk.store.tx(preferences.stop, desk.world.catalog, desk.world.patient(), desk.clock())
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "skipped"
    assert not desk.messenger.sent


async def test_an_answer_still_reaches_a_patient_who_opted_out(desk: Desk) -> None:
    await desk.store.tx(preferences.stop, desk.world.catalog, desk.world.patient(), desk.clock())
    row = await desk.after(priority=Priority.REPLY)
    assert row.state == "sent"


async def test_a_reminder_that_the_night_overtakes_waits_for_the_morning(desk: Desk) -> None:
    desk.clock.at = datetime.fromisoformat("2026-11-24T20:59:00+00:00")
    row = await desk.queue(hours=14)
    desk.clock.forward(minutes=2)
    await desk.delivery.drain()
    assert not desk.messenger.sent
    assert (await desk.row(row)).due_at == datetime.fromisoformat("2026-11-25T08:00:00+00:00")
    desk.clock.at = datetime.fromisoformat("2026-11-25T08:00:00+00:00")
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "sent"


@pytest.mark.parametrize("priority", list(Priority))
async def test_what_the_night_overtakes_between_its_mark_and_its_request_is_put_back(
    desk: Desk, priority: Priority
) -> None:
    """On a busy machine the mark's write and the pacer's window have taken seconds."""
    desk.clock.at = datetime.fromisoformat("2026-11-24T20:59:57+00:00")
    row = await desk.queue(f"{priority.name}:1", priority, hours=14)
    delivery = Delivery(desk.store, desk.messenger, _Late(desk.clock), desk.clock)
    await delivery.drain()
    known = await desk.row(row)
    if priority < Priority.REMINDER:
        assert known.state == "sent"
        return
    assert not desk.messenger.sent
    assert (known.state, known.detail, known.attempts) == ("waiting", "quiet hours", 0)
    assert known.due_at == datetime.fromisoformat("2026-11-25T08:00:00+00:00")
    desk.clock.at = known.due_at
    await delivery.drain()
    assert ((await desk.row(row)).state, (await desk.row(row)).attempts) == ("sent", 1)


class _Late(NoPacer):
    """A pacer at whose window a message waits for three seconds."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock

    async def go(self, *, priority: int) -> float:
        self.clock.forward(seconds=3)
        return 0.0


async def test_what_would_leave_in_the_last_second_of_the_day_waits_for_the_morning(
    desk: Desk,
) -> None:
    desk.clock.at = datetime.fromisoformat("2026-11-24T20:59:59.200000+00:00")
    row = await desk.queue(hours=14)
    await desk.delivery.drain()
    assert (await desk.row(row)).due_at == datetime.fromisoformat("2026-11-25T08:00:00+00:00")


async def test_a_warning_reaches_the_clinic_at_three_in_the_morning(desk: Desk) -> None:
    desk.clock.at = datetime.fromisoformat("2026-11-25T03:00:00+00:00")
    row = await desk.after(priority=Priority.ESCALATION)
    assert row.state == "sent"


async def test_what_has_grown_stale_in_the_queue_is_skipped_with_the_reason(desk: Desk) -> None:
    row = await desk.queue(hours=1)
    desk.clock.forward(hours=2)
    await desk.delivery.drain()
    known = await desk.row(row)
    assert (known.state, known.detail) == ("skipped", "stale")


async def test_after_a_crash_a_reminder_in_flight_is_sent_again_and_a_broadcast_is_named(
    desk: Desk,
) -> None:
    reminder = await desk.queue("reminder:1:a")
    broadcast = await desk.queue("broadcast:1:1", Priority.BROADCAST)
    for row in (reminder, broadcast):
        await desk.store.tx(outbox.begin, [row], desk.clock())
    settled = await desk.delivery.recover()
    assert settled == {"again": 1, "uncertain": 1}
    await desk.delivery.drain()
    assert (await desk.row(reminder)).state == "sent"
    assert (await desk.row(broadcast)).state == "uncertain"


async def test_a_reminder_in_doubt_after_two_crashes_is_named_and_not_tried_a_third_time(
    desk: Desk,
) -> None:
    row = await desk.queue()
    for _ in range(2):
        await desk.store.tx(outbox.begin, [row], desk.clock())
        await desk.delivery.recover()
    assert (await desk.row(row)).state == "uncertain"


async def test_a_pause_that_is_over_is_not_kept(desk: Desk) -> None:
    long_ago = stamp(desk.clock() - timedelta(seconds=31))
    await desk.store.tx(records.keep, pauses.BULK, f"{long_ago} 30")
    await desk.delivery.recover()
    assert desk.pacer.held == []


async def test_two_clinics_broadcasts_are_taken_by_turns(desk: Desk) -> None:
    other = desk.world.join(
        treated_at=desk.clock(), now=desk.clock(), chat_id=102, clinic=desk.world.hilltop
    )
    for number in range(30):
        await desk.queue(f"broadcast:1:{number}", Priority.BROADCAST)
    now = desk.clock()
    for number in range(5):
        await desk.store.tx(
            outbox.add,
            dedupe_key=f"broadcast:2:{number}",
            clinic_id=desk.world.hilltop.id,
            patient_id=other.id,
            chat_id=102,
            priority=Priority.BROADCAST,
            payload=payload.pack("Hello."),
            content_version="1",
            now=now,
            expires_at=now + timedelta(hours=1),
        )
    taken = await desk.store.tx(claims.due, now, 10)
    assert [row.chat_id for row in taken].count(102) == 5


async def test_a_clinic_with_a_full_hand_lets_the_other_go_first(desk: Desk) -> None:
    other = desk.world.join(
        treated_at=desk.clock(), now=desk.clock(), chat_id=102, clinic=desk.world.hilltop
    )
    in_hand = [await desk.queue(f"broadcast:1:{n}", Priority.BROADCAST) for n in range(9)][:8]
    now = desk.clock()
    await desk.store.tx(
        outbox.add,
        dedupe_key="broadcast:2:1",
        clinic_id=desk.world.hilltop.id,
        patient_id=other.id,
        chat_id=102,
        priority=Priority.BROADCAST,
        payload=payload.pack("Hello."),
        content_version="1",
        now=now,
        expires_at=now + timedelta(hours=1),
    )
    (taken,) = await desk.store.tx(claims.due, now, 1, without=in_hand)
    assert taken.chat_id == 102
    assert await desk.store.tx(claims.due, now, 8, without=in_hand, bulk=0) == []


async def test_a_stop_waits_for_the_request_under_way_and_starts_no_other(
    desk: Desk,
) -> None:
    slow = _Slow()
    delivery = Delivery(desk.store, slow, NoPacer(), desk.clock, in_flight=1)
    first = await desk.queue("reminder:1:first")
    desk.clock.forward(seconds=1)
    second = await desk.queue("reminder:1:second")
    delivery.start()
    await slow.began.wait()
    stopping = asyncio.ensure_future(delivery.stop())
    await asyncio.sleep(0)
    slow.answer.set()
    await stopping
    assert (await desk.row(first)).state == "sent"
    assert (await desk.row(second)).state == "waiting"


class _Slow(FakeMessenger):
    """A messenger whose server takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.answer = asyncio.Event(), asyncio.Event()

    async def send(self, message: Outgoing) -> SendResult:
        self.began.set()
        await self.answer.wait()
        return await super().send(message)


async def test_a_returning_patient_hears_from_us_again(desk: Desk) -> None:
    await desk.after(Blocked("bot was blocked by the user"))
    assert await desk.store.tx(patients.mark_returned, ANA_CHAT)
    assert desk.world.patient().state == "active"
