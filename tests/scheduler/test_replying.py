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
from scheduler.model import OutboxRow, Patient, Priority
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

    async def change(self, result: SendResult | None = None, *, wait: bool = True) -> SendResult:
        """Answer a tap under message 55 by changing it."""
        if result is not None:
            self.messenger.edit_results.append(result)
        return await self.replies.edit(
            Outgoing(ANA_CHAT, "Thank you."), message_id=55, key="8:edit",
            clinic_id=self.ana.clinic_id, patient_id=self.ana.id, wait=wait,
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


async def test_an_answer_in_place_of_a_tapped_message_is_one_change_that_took_its_turn(
    line: Line,
) -> None:
    await line.change()
    assert line.messenger.edits == [(ANA_CHAT, 55, "Thank you.")]
    assert line.pacer.turns == [(ANA_CHAT, Priority.REPLY)]
    assert (line.messenger.sent, line.kept()) == ([], [])


@pytest.mark.parametrize(
    "result", [RetryAfter(7), Unreachable("no network"), Unknown("no answer in time")]
)
async def test_an_answer_that_could_not_change_a_message_comes_as_one_of_its_own(
    line: Line, clock: FakeClock, result: SendResult
) -> None:
    await line.change(result)
    (row,) = line.kept()
    assert (row.state, row.attempts) == ("waiting", 1 if isinstance(result, Unknown) else 0)
    await Delivery(line.store, line.messenger, line.pacer, clock).drain()
    assert [message.text for message in line.messenger.sent] == ["Thank you."]


async def test_telegram_asking_a_change_after_a_tap_to_wait_holds_everybody(line: Line) -> None:
    await line.change(RetryAfter(7))
    assert line.pacer.everybody == [7]


async def test_a_tapped_message_that_is_gone_is_answered_with_a_new_one(line: Line) -> None:
    await line.change(Rejected("message to edit not found"))
    assert [message.text for message in line.messenger.sent] == ["Thank you."]
    assert line.kept() == []


async def test_an_answer_to_a_tap_does_not_overtake_one_that_waits(
    line: Line, clock: FakeClock
) -> None:
    await line.answer(Unreachable("no network"))
    await line.change()
    assert line.messenger.edits == []
    await Delivery(line.store, line.messenger, line.pacer, clock).drain()
    assert [message.text for message in line.messenger.sent[1:]] == ["Not yet.", "Thank you."]


async def test_nobody_waits_for_room_in_a_busy_group_who_need_not(line: Line) -> None:
    line.pacer.busy = True
    await line.change(wait=False)
    assert (line.messenger.edits, line.pacer.turns) == ([], [])
    assert [row.state for row in line.kept()] == ["waiting"]


async def test_a_change_that_is_made_again_anyway_holds_only_what_can_wait(line: Line) -> None:
    line.messenger.edit_results.append(RetryAfter(7))
    await line.replies.door.edit(chat_id=ANA_CHAT, message_id=55, text="40 %", group=1)
    assert (line.pacer.held, line.pacer.everybody) == ([7], [])
