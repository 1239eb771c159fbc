"""A stop: what is under way ends, what waits goes on waiting, and nothing is half-done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from content.catalog import Catalog
from scheduler import ending, payload
from scheduler.delivery import Delivery
from scheduler.ending import CUT, TOO_LATE, Ending, UnderWay
from scheduler.messenger import Outgoing, Rejected, SendResult, Sent, Unknown, Unreachable
from scheduler.model import OutboxRow, Priority
from scheduler.pacer import Pacer, PacerClosed
from scheduler.replying import Replies
from scheduler.store import outbox
from scheduler.store.engine import Store
from tests.clock.test_disk import fill
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World, build_world
from tests.process.conftest import until


class Mute(FakeMessenger):
    """A server that takes everything and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()

    async def send(self, message: Outgoing) -> SendResult:
        self.sent.append(message)
        self.began.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")


class Refusing(FakeMessenger):
    """A server that refuses, at last, for a reason that takes room to write down."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.answer = asyncio.Event(), asyncio.Event()

    async def send(self, message: Outgoing) -> SendResult:
        self.began.set()
        await self.answer.wait()
        return Rejected("a long reason " * 2000)


class ShutWhileLeaving(NoPacer):
    """A pacer that is closed while a marked row waits for the moment at which it may leave."""

    async def go(self, *, priority: int) -> float:
        raise PacerClosed


class Desk:
    """A sender, the answers beside it, and one patient."""

    def __init__(self, world: World, store: Store, clock: FakeClock) -> None:
        self.world, self.store, self.clock = world, store, clock
        self.ana = world.join(treated_at=clock(), now=clock())
        self.mute = Mute()
        self.pacer = Pacer(per_second=1000)
        self.delivery = Delivery(store, self.mute, self.pacer, clock)
        self.replies = Replies(store, self.delivery.line, self.pacer, clock)

    async def queue(self, key: str, priority: Priority = Priority.REMINDER) -> int:
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
            expires_at=now + timedelta(hours=9),
        )
        assert row is not None
        return row

    async def row(self, row_id: int) -> OutboxRow:
        row = await self.store.tx(outbox.by_id, row_id)
        assert row is not None
        return row

    async def answer(self, *, keep: bool = True) -> SendResult:
        return await self.replies.send(
            Outgoing(ANA_CHAT, "Not yet."), key="7:1", clinic_id=self.ana.clinic_id,
            patient_id=self.ana.id, keep=keep,
        )  # fmt: skip

    async def kept(self) -> list[OutboxRow]:
        return await self.store.tx(outbox.of_patient, self.ana.id)

    async def somebody_waits(self) -> None:
        await until(lambda: self.pacer.waiting == 1)


@pytest.fixture
async def desk(store: Store, world: World, clock: FakeClock) -> AsyncIterator[Desk]:
    made = Desk(world, store, clock)
    yield made
    made.pacer.close()
    made.delivery.line.cut()
    await made.delivery.stop()


@pytest.mark.parametrize(
    ("priority", "state"), [(Priority.REMINDER, "waiting"), (Priority.BROADCAST, "uncertain")]
)
async def test_of_what_is_cut_short_nobody_can_know_as_after_a_read_timeout(
    desk: Desk, priority: Priority, state: str
) -> None:
    row = await desk.queue("one:1", priority)
    desk.delivery.start()
    await desk.mute.began.wait()
    stopping = asyncio.create_task(desk.delivery.stop())
    await asyncio.sleep(0)
    assert not stopping.done(), "it waits for the answer"
    desk.delivery.line.cut()
    await stopping
    ended = await desk.row(row)
    assert (ended.state, ended.attempts, ended.detail) == (state, 1, CUT)
    assert await desk.store.tx(outbox.in_doubt) == []


async def test_an_answer_that_is_cut_short_is_kept_for_the_next_start(desk: Desk) -> None:
    answering = asyncio.create_task(desk.answer())
    await desk.mute.began.wait()
    desk.delivery.line.cut()
    assert await answering == Unknown(CUT)
    (row,) = await desk.kept()
    assert (row.dedupe_key, row.state, row.attempts) == ("reply:7:1", "waiting", 1)


async def test_after_the_cut_nothing_leaves_any_more(desk: Desk) -> None:
    desk.delivery.line.cut()
    assert await desk.answer() == Unreachable(TOO_LATE)
    assert desk.mute.sent == []
    (row,) = await desk.kept()
    assert (row.state, row.attempts) == ("waiting", 0)


async def test_an_answer_without_its_turn_gives_up_at_once_and_is_kept(desk: Desk) -> None:
    desk.pacer.hold(300, everybody=True)
    answering = asyncio.create_task(desk.answer())
    await desk.somebody_waits()
    desk.pacer.close()
    assert await answering == Unreachable(TOO_LATE)
    (row,) = await desk.kept()
    assert (row.state, row.attempts) == ("waiting", 0)


async def test_a_code_without_its_turn_is_neither_kept_nor_taken_for_said(desk: Desk) -> None:
    desk.pacer.hold(300, everybody=True)
    answering = asyncio.create_task(desk.answer(keep=False))
    await desk.somebody_waits()
    desk.pacer.close()
    with pytest.raises(PacerClosed):
        await answering
    assert await desk.kept() == []


async def test_a_change_without_its_turn_is_surely_not_made(desk: Desk) -> None:
    desk.pacer.hold(300, everybody=True)
    changing = asyncio.create_task(
        desk.replies.door.edit(chat_id=ANA_CHAT, message_id=7, text="Done.", group=1)
    )
    await desk.somebody_waits()
    desk.pacer.close()
    assert await changing == Unreachable(TOO_LATE)
    assert desk.mute.edits == []


async def test_a_reminder_without_its_turn_waits_as_it_did(desk: Desk) -> None:
    row = await desk.queue("reminder:1:day1")
    before = await desk.row(row)
    desk.pacer.hold(300)
    sending = asyncio.create_task(desk.delivery.settle(row))
    await desk.somebody_waits()
    desk.pacer.close()
    assert await sending == before


async def test_a_marked_reminder_that_may_not_leave_waits_as_it_did(desk: Desk) -> None:
    row = await desk.queue("reminder:1:day1")
    before = await desk.row(row)
    delivery = Delivery(desk.store, desk.mute, ShutWhileLeaving(), desk.clock)
    claimed = await delivery.settle(row)
    assert claimed is not None
    assert (claimed.state, claimed.attempts, claimed.due_at) == ("waiting", 0, before.due_at)
    assert desk.mute.sent == []


async def test_a_stop_waits_for_no_room_on_a_full_disk(
    tmp_path: Path, catalog: Catalog, clock: FakeClock
) -> None:
    store = Store(tmp_path / "aftercare.db", durable=False)
    world = await asyncio.to_thread(build_world, store, catalog, clock())
    desk = await asyncio.to_thread(Desk, world, store, clock)
    refusing = Refusing()
    delivery = Delivery(store, refusing, NoPacer(), clock, without_room=3600)
    row = await desk.queue("one:1", Priority.BROADCAST)
    delivery.start()
    await refusing.began.wait()
    await asyncio.to_thread(store._writer.alone, fill)
    stopping = asyncio.create_task(delivery.stop())
    await asyncio.sleep(0)
    with structlog.testing.capture_logs() as lines:
        refusing.answer.set()
        await asyncio.wait_for(stopping, timeout=30)
    assert [line["event"] for line in lines] == ["delivery.no_room"]
    in_doubt = await store.tx(outbox.in_doubt)
    assert [doubtful.id for doubtful in in_doubt] == [row], "the next start settles it"
    store.close()


async def test_a_timeout_of_the_messenger_is_not_taken_for_a_stop() -> None:
    async def fails() -> SendResult:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await UnderWay().of(fails())


async def test_a_request_that_is_answered_is_not_cut() -> None:
    async def answered() -> SendResult:
        return Sent(1)

    under_way = UnderWay()
    assert await under_way.of(answered()) == Sent(1)
    with structlog.testing.capture_logs() as lines:
        under_way.cut()
    assert lines == []


async def test_a_step_that_fails_or_is_late_keeps_none_from_ending() -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise RuntimeError("broken")

    async def never() -> None:
        await asyncio.Event().wait()

    async def ends() -> None:
        ended.append("ends")

    with structlog.testing.capture_logs() as lines:
        await Ending().see_to(0.01, fails=fails(), never=never(), ends=ends())
    assert ended == ["ends"]
    assert {(line["event"], line["step"]) for line in lines} == {
        ("stop.failed", "fails"),
        ("stop.too_slow", "never"),
    }


def test_the_budget_leaves_room_before_five_seconds() -> None:
    steps = (ending.TURNS, ending.ANSWERS, ending.WORK, ending.MARKS)
    assert sorted(steps) == list(steps)
    assert steps[-1] < 5
