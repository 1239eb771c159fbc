"""What changes in a clinic's group keeps to Telegram's pace, together with what is sent there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.staff.board import Board
from content.catalog import Catalog
from scheduler.delivery import Delivery
from scheduler.messenger import Keyboard, Outgoing, SendResult, Sent
from scheduler.model import Clinic, Priority
from scheduler.pacer import GROUP_MOST, GROUP_MOST_WHEN_CHANGING, Pacer
from scheduler.services import asking, privacy, thread
from scheduler.store import clinics, edits
from scheduler.store.engine import Store
from tests.fakes import ears
from tests.fakes.clock import FakeClock
from tests.fakes.people import HILLTOP_GROUP, RIVERSIDE_GROUP, World
from tests.scheduler.test_pacer import Time

RATE = 30


class Line:
    """A line to Telegram that notes when each request left, and for which chat."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.left: list[tuple[float, int, str]] = []

    async def send(self, message: Outgoing) -> SendResult:
        self.left.append((self.time(), message.chat_id, "send"))
        return Sent(len(self.left))

    async def edit(
        self, *, chat_id: int, message_id: int, text: str, buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:  # fmt: skip
        self.left.append((self.time(), chat_id, "edit"))
        return Sent(message_id)

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        self.left.append((self.time(), chat_id, "delete"))
        return Sent(message_id)

    async def answers(self) -> bool:
        return True

    def most_within(self, seconds: float, chat_id: int | None = None) -> int:
        """The most requests that left within so many seconds, of one chat or of all."""
        at = [left for left, chat, _ in self.left if chat_id in (None, chat)]
        return max(sum(first <= other < first + seconds for other in at) for first in at)

    def edits_of(self, chat_id: int) -> int:
        return sum(chat == chat_id and what == "edit" for _, chat, what in self.left)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Pacer:
    return Pacer(per_second=RATE, time=time, sleep=time.sleep)


@pytest.fixture
def line(time: Time) -> Line:
    return Line(time)


@pytest.fixture
def board(
    store: Store, catalog: Catalog, line: Line, pacer: Pacer, clock: FakeClock
) -> Board:  # fmt: skip
    return Board(store, catalog, line, pacer, clock)


def put_before(world: World, clinic: Clinic, chat_id: int, clock: FakeClock) -> int:
    """A patient of a clinic writes of a warning sign; return the escalation."""
    patient = world.join(treated_at=clock(), now=clock(), chat_id=chat_id, clinic=clinic)
    heard = world.store.run(
        asking.hear, patient, chat_id=chat_id, message_id=chat_id, said="there is pus",
        understood=ears.heard("there is pus"), now=clock(),
    )  # fmt: skip
    assert heard.escalation is not None
    world.store.run(thread.sync, world.catalog, heard.escalation, clock())
    return heard.escalation


async def open_cards(world: World, line: Line, clock: FakeClock, of: dict[str, int]) -> list[int]:
    """Cards that the groups have, of which each is to be changed, one second after the other."""
    numbers = iter(range(500, 900))
    found = [
        put_before(world, world.store.run(clinics.by_slug, slug) or world.riverside, chat, clock)
        for slug, many in of.items()
        for chat in [next(numbers) for _ in range(many)]
    ]
    everybody_at_once = Pacer(per_second=1000, time=iter(range(0, 10**9, 3600)).__next__)
    await Delivery(world.store, line, everybody_at_once, clock).drain()
    line.left.clear()
    for late, row in enumerate(found):
        world.store.run(edits.want_cards, row, clock() - timedelta(seconds=900 - late))
    return found


async def swept(time: Time, board: Board) -> int:
    """One round of the board; what it waits for passes."""
    sweep = asyncio.create_task(board.sweep())
    await time.pass_until(sweep.done)
    return sweep.result()


async def test_a_group_with_many_changes_gets_no_more_than_telegram_takes_in_a_minute(
    world: World, line: Line, board: Board, time: Time, clock: FakeClock
) -> None:
    await open_cards(world, line, clock, {world.riverside.slug: 30})
    assert await swept(time, board) == GROUP_MOST_WHEN_CHANGING
    assert await swept(time, board) == 0
    for _ in range(120):
        time.now += 2
        await swept(time, board)
    assert line.edits_of(RIVERSIDE_GROUP) == 30, "each is made in the end"
    assert line.most_within(60) <= GROUP_MOST_WHEN_CHANGING


async def test_what_waits_longest_is_changed_first(
    world: World, line: Line, board: Board, time: Time, clock: FakeClock
) -> None:
    found = await open_cards(world, line, clock, {world.riverside.slug: 15})
    await swept(time, board)
    left = [row for row, _ in world.store.run(edits.escalations, clock(), 50)]
    assert left == found[GROUP_MOST_WHEN_CHANGING:]


async def test_a_full_group_holds_up_no_other_one(
    world: World, line: Line, board: Board, time: Time, clock: FakeClock
) -> None:
    await open_cards(world, line, clock, {world.riverside.slug: 20, world.hilltop.slug: 5})
    await swept(time, board)
    assert line.edits_of(HILLTOP_GROUP) == 5


async def test_messages_and_changes_together_keep_to_the_pace_of_the_token_and_of_the_group(
    world: World, line: Line, board: Board, pacer: Pacer, time: Time, clock: FakeClock
) -> None:
    await open_cards(world, line, clock, {world.riverside.slug: 12, world.hilltop.slug: 12})

    async def write(chat_id: int) -> None:
        await pacer.turn(chat_id=chat_id, priority=Priority.ESCALATION, group=1)
        await pacer.go()
        await line.send(Outgoing(chat_id=chat_id, text="."))

    messages = [asyncio.create_task(write(RIVERSIDE_GROUP)) for _ in range(GROUP_MOST)]
    messages += [asyncio.create_task(write(1000 + number)) for number in range(60)]
    for _ in range(80):
        await swept(time, board)
        time.now += 2
    await time.pass_until(lambda: all(message.done() for message in messages))
    assert line.edits_of(RIVERSIDE_GROUP) == line.edits_of(HILLTOP_GROUP) == 12
    assert line.most_within(1.0) <= RATE
    assert line.most_within(60.0, RIVERSIDE_GROUP) <= GROUP_MOST


async def test_nothing_is_changed_while_telegram_asks_for_a_pause(
    world: World, line: Line, board: Board, pacer: Pacer, time: Time, clock: FakeClock
) -> None:
    await open_cards(world, line, clock, {world.riverside.slug: 2})
    pacer.hold(20, everybody=True)
    assert await swept(time, board) == 0
    time.now += 20
    assert await swept(time, board) == 2


class SlowLine(Line):
    """A line on which the first change takes until it is let through; it keeps what stands."""

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self.begun, self.let_through = asyncio.Event(), asyncio.Event()
        self.stands: dict[int, str] = {}

    async def edit(
        self, *, chat_id: int, message_id: int, text: str, buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:  # fmt: skip
        if not self.begun.is_set():
            self.begun.set()
            await self.let_through.wait()
        self.stands[message_id] = text
        return await super().edit(chat_id=chat_id, message_id=message_id, text=text)


async def test_a_change_that_is_under_way_as_she_is_erased_does_not_bring_her_words_back(
    world: World, catalog: Catalog, pacer: Pacer, time: Time, clock: FakeClock
) -> None:
    line = SlowLine(time)
    board = Board(world.store, catalog, line, pacer, clock)
    (escalation,) = await open_cards(world, line, clock, {world.riverside.slug: 1})
    patient = world.patient(500)
    changing = asyncio.create_task(board.show(escalation))
    await time.pass_until(line.begun.is_set)
    world.store.run(privacy.erase, patient, actor="patient", now=clock())
    emptying = asyncio.create_task(board.empty())
    for _ in range(20):
        await asyncio.sleep(0)
    line.let_through.set()
    await time.pass_until(lambda: changing.done() and emptying.done())
    assert emptying.result() == 1
    (stands,) = line.stands.values()
    assert "data were erased" in stands


async def test_a_change_that_comes_after_she_is_erased_is_not_made(
    world: World, line: Line, board: Board, time: Time, clock: FakeClock
) -> None:
    (escalation,) = await open_cards(world, line, clock, {world.riverside.slug: 1})
    world.store.run(privacy.erase, world.patient(500), actor="patient", now=clock())
    assert await swept(time, board) == 1
    assert await board.show(escalation) == 0
    assert line.edits_of(RIVERSIDE_GROUP) == 1


async def test_many_messages_about_one_patient_are_emptied_at_the_groups_pace(
    world: World, line: Line, board: Board, time: Time, clock: FakeClock
) -> None:
    await open_cards(world, line, clock, {world.riverside.slug: 20})
    for chat in range(500, 520):
        world.store.run(privacy.erase, world.patient(chat), actor="shell", now=clock())
    for _ in range(100):
        await swept(time, board)
        time.now += 2
    assert line.edits_of(RIVERSIDE_GROUP) == 20
    assert line.most_within(60) <= GROUP_MOST_WHEN_CHANGING
