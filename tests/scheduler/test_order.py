"""What a person is told comes in the order in which it was said, though one message fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.fate import KEPT_IN_ORDER
from scheduler.messenger import Outgoing, RetryAfter, SendResult, Sent, Unknown, Unreachable
from scheduler.model import Priority
from scheduler.replying import Replies
from scheduler.store import outbox
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP, World

BEN_CHAT = 777


class Telegram(FakeMessenger):
    """A server at which each message ends as a test has scripted for its words."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: dict[str, list[SendResult]] = {}
        self.arrived: list[str] = []

    async def send(self, message: Outgoing) -> SendResult:
        await asyncio.sleep(0)
        script = self.fails.get(message.text)
        if script:
            return script.pop(0)
        self.arrived.append(message.text)
        return Sent(len(self.arrived))


class Desk:
    """A sender, and answers by the same line."""

    def __init__(self, world: World, store: Store, clock: FakeClock) -> None:
        self.world, self.store, self.clock, self.telegram = world, store, clock, Telegram()
        self.ana = world.join(treated_at=clock(), now=clock())
        self.start()

    def start(self) -> None:
        self.delivery = Delivery(self.store, self.telegram, NoPacer(), self.clock)
        self.replies = Replies(
            self.store, self.delivery.line, NoPacer(), self.clock, behind=self.delivery.behind
        )

    async def queue(
        self, text: str, chat_id: int = ANA_CHAT, priority: Priority = Priority.REPLY
    ) -> int:
        row = await self.store.tx(
            outbox.add,
            dedupe_key=text,
            clinic_id=self.world.riverside.id,
            patient_id=None,
            chat_id=chat_id,
            priority=priority,
            payload=payload.pack(text),
            content_version="1",
            now=self.clock(),
            expires_at=self.clock() + timedelta(hours=6),
        )
        assert row is not None
        return row

    async def answer(self, text: str, *, keep: bool = True) -> SendResult:
        return await self.replies.send(Outgoing(ANA_CHAT, text), key=text, keep=keep)

    async def rounds(self, *, seconds: float = 60) -> None:
        """Let time pass, with a round of the sender each second."""
        for _ in range(int(seconds)):
            await self.delivery.drain()
            self.clock.forward(seconds=1)


@pytest.fixture
async def desk(world: World, store: Store, clock: FakeClock) -> Desk:
    return await asyncio.to_thread(Desk, world, store, clock)


@pytest.mark.parametrize("result", [RetryAfter(3), Unreachable("502")])
async def test_an_answer_does_not_overtake_the_one_before_it_that_failed(
    desk: Desk, result: SendResult
) -> None:
    for text in ("first", "second", "third"):
        await desk.queue(text)
    desk.telegram.fails["first"] = [result, result]
    await desk.queue("to Ben", BEN_CHAT)
    await desk.rounds()
    assert desk.telegram.arrived == ["to Ben", "first", "second", "third"]


async def test_answers_that_each_fail_now_and_then_come_in_their_order(desk: Desk) -> None:
    texts = [f"part {number}" for number in range(5)]
    for text in texts:
        await desk.queue(text)
        desk.telegram.fails[text] = [Unreachable("502")] * (ord(text[-1]) % 3)
    await desk.rounds()
    assert desk.telegram.arrived == texts


async def test_an_answer_of_the_desk_waits_for_its_first_part_to_arrive(desk: Desk) -> None:
    words, picture = await desk.queue("words"), await desk.queue("picture")
    desk.telegram.fails["words"] = [Unreachable("502")]
    assert (await desk.delivery.settle(words)).state == "waiting"  # type: ignore[union-attr]
    assert (await desk.delivery.settle(picture)).state == "waiting"  # type: ignore[union-attr]
    await desk.rounds()
    assert desk.telegram.arrived == ["words", "picture"]


async def test_a_patient_reads_the_urgent_words_before_that_her_message_was_passed_on(
    desk: Desk,
) -> None:
    desk.telegram.fails["Call us today."] = [Unreachable("502"), Unreachable("502")]
    await desk.answer("Call us today.")
    await desk.answer("Your message is with us.")
    await desk.answer("What now?")
    assert desk.telegram.arrived == []
    await desk.rounds()
    assert desk.telegram.arrived == ["Call us today.", "Your message is with us.", "What now?"]
    await desk.answer("Good night.")
    assert desk.telegram.arrived[-1] == "Good night.", "and what comes later goes at once again"


async def test_an_answer_does_not_overtake_what_the_clinic_wrote_before_also_after_a_restart(
    desk: Desk,
) -> None:
    row = await desk.queue("from the clinic")
    desk.telegram.fails["from the clinic"] = [Unreachable("502")]
    await desk.delivery.settle(row)
    await desk.answer("from the bot")
    desk.start()
    await desk.delivery.recover()
    await desk.answer("more from the bot")
    await desk.rounds()
    assert desk.telegram.arrived == ["from the clinic", "from the bot", "more from the bot"]


async def test_an_enrolment_code_which_is_never_kept_goes_at_once(desk: Desk) -> None:
    desk.telegram.fails["first"] = [Unreachable("502")]
    await desk.answer("first")
    assert await desk.answer("a secret", keep=False) == Sent(1)


async def test_a_warning_to_the_clinic_never_waits_for_an_answer_in_its_group(desk: Desk) -> None:
    await desk.queue("a report", RIVERSIDE_GROUP)
    desk.telegram.fails["a report"] = [Unreachable("502")]
    await desk.delivery.drain()
    await desk.queue("URGENT", RIVERSIDE_GROUP, Priority.ESCALATION)
    await desk.queue("another report", RIVERSIDE_GROUP)
    await desk.rounds()
    assert desk.telegram.arrived == ["URGENT", "a report", "another report"]


async def test_one_message_that_telegram_always_fails_on_keeps_the_others_for_two_minutes_only(
    desk: Desk,
) -> None:
    await desk.queue("poison")
    desk.telegram.fails["poison"] = [Unreachable("500")] * 1000
    await desk.queue("second")
    await desk.rounds(seconds=KEPT_IN_ORDER.total_seconds())
    assert desk.telegram.arrived == []
    await desk.rounds(seconds=7)
    assert desk.telegram.arrived == ["second"]


async def test_an_answer_that_may_have_arrived_holds_up_nobody(desk: Desk) -> None:
    await desk.queue("first")
    desk.telegram.fails["first"] = [Unknown("no answer in time")]
    await desk.queue("second")
    await desk.delivery.drain()
    assert desk.telegram.arrived == ["second"]
