"""An answer leaves at once; one that could not leave is kept, late rather than lost."""

from __future__ import annotations

from datetime import timedelta

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
from scheduler.model import OutboxRow, Patient
from scheduler.replying import Replies
from scheduler.store import outbox
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World


class Line:
    """Answers to Ana."""

    def __init__(
        self, world: World, store: Store, clock: FakeClock, messenger: FakeMessenger
    ) -> None:
        self.world, self.store, self.messenger, self.pacer = world, store, messenger, NoPacer()
        self.ana: Patient = world.join(treated_at=clock(), now=clock())
        self.replies = Replies(store, messenger, self.pacer, clock)

    async def answer(self, result: SendResult | None = None, *, keep: bool = True) -> SendResult:
        if result is not None:
            self.messenger.results.append(result)
        return await self.replies.send(
            Outgoing(ANA_CHAT, "Not yet."), key="7:1", clinic_id=self.ana.clinic_id,
            patient_id=self.ana.id, keep=keep,
        )  # fmt: skip

    def kept(self) -> list[OutboxRow]:
        return self.store.run(outbox.of_patient, self.ana.id)


@pytest.fixture
def line(world: World, store: Store, clock: FakeClock, messenger: FakeMessenger) -> Line:
    return Line(world, store, clock, messenger)


async def test_an_answer_that_leaves_is_not_kept(line: Line) -> None:
    await line.answer()
    assert [message.text for message in line.messenger.sent] == ["Not yet."]
    assert line.kept() == []


async def test_an_answer_without_network_waits_and_is_worth_it_for_hours(
    line: Line, clock: FakeClock
) -> None:
    await line.answer(Unreachable("no network"))
    (row,) = line.kept()
    assert (row.kind, row.state, row.dedupe_key) == ("reply", "waiting", "reply:7:1")
    assert row.expires_at == clock() + timedelta(hours=6)
    assert payload.unpack(row.payload, ANA_CHAT).text == "Not yet."


async def test_an_answer_is_kept_once_however_often_it_fails(line: Line) -> None:
    for _ in range(3):
        await line.answer(Unreachable("no network"))
    assert len(line.kept()) == 1


async def test_telegram_asking_to_wait_holds_everybody(line: Line) -> None:
    await line.answer(RetryAfter(7))
    assert line.pacer.held == [7]
    assert len(line.kept()) == 1


async def test_an_answer_follows_a_chat_that_moved(line: Line) -> None:
    await line.answer(Migrated(9_101))
    (row,) = line.kept()
    assert row.chat_id == 9_101


async def test_who_blocked_the_bot_meanwhile_is_noted(line: Line) -> None:
    await line.answer(Blocked("bot was blocked by the user"))
    assert line.world.patient().state == "blocked"
    assert line.kept() == []


async def test_what_telegram_refuses_is_not_kept(line: Line) -> None:
    assert await line.answer(Rejected("bad")) == Rejected("bad")
    assert line.kept() == []


@pytest.mark.parametrize("result", [Unreachable("x"), RetryAfter(1), Migrated(5), Unknown("x")])
async def test_an_answer_with_a_secret_in_it_is_never_kept(line: Line, result: SendResult) -> None:
    await line.answer(result, keep=False)
    assert line.kept() == []


async def test_a_warning_gets_through_a_line_that_breaks_four_times(
    line: Line, clock: FakeClock
) -> None:
    await line.answer(Unknown("no answer in time"))
    line.messenger.results.extend([Unknown("no answer in time")] * 3)
    delivery = Delivery(line.store, line.messenger, line.pacer, clock)
    for _ in range(5):
        await delivery.drain()
        clock.forward(minutes=1)
    (row,) = line.kept()
    assert row.state == "sent"
    assert len(line.messenger.sent) == 5


async def test_an_answer_of_which_nobody_knows_is_tried_five_times_and_then_named(
    line: Line, clock: FakeClock
) -> None:
    await line.answer(Unknown("no answer in time"))
    line.messenger.results.extend([Unknown("no answer in time")] * 9)
    delivery = Delivery(line.store, line.messenger, line.pacer, clock)
    for _ in range(9):
        await delivery.drain()
        clock.forward(minutes=5)
    (row,) = line.kept()
    assert row.state == "uncertain"
    assert len(line.messenger.sent) == 5
