"""Messages leave at Telegram's pace, the pressing ones first, and nobody is starved."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from scheduler.leaving import written
from scheduler.model import Priority
from scheduler.pacer import GROUP_KEPT_FOR_ALARMS, GROUP_MOST, Pacer, PacerClosed

RATE = 30


class Time:
    """A clock that jumps to the next sleeper when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._number += 1
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.0), self._number, woken))
        await woken

    async def pass_until(self, done: Callable[[], bool]) -> None:
        """Let time pass until a condition holds."""
        for _ in range(200_000):
            for _ in range(5):
                await asyncio.sleep(0)
            if done():
                return
            self.wake_next()
        raise AssertionError("time passed and nothing came of it")

    def wake_next(self) -> None:
        """Jump to the moment at which the next sleeper wakes."""
        while self._sleepers:
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.now = max(self.now, at)
                woken.set_result(None)
                return


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(time: Time) -> Pacer:
    return Pacer(per_second=RATE, time=time, sleep=time.sleep)


async def leave(
    pacer: Pacer,
    time: Time,
    left: list[tuple[float, str]],
    name: str = "",
    *,
    chat_id: int,
    priority: int = Priority.BROADCAST,
    group: int = 1,
) -> None:
    await pacer.turn(chat_id=chat_id, priority=priority, group=group)
    await pacer.go(priority=priority)
    left.append((time(), name or str(chat_id)))


async def all_leave(time: Time, *leaving: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(one) for one in leaving]
    await time.pass_until(lambda: all(task.done() for task in tasks))
    await asyncio.gather(*tasks)


def worst_second(moments: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in moments) for start in moments)


async def test_a_broadcast_never_fills_a_second_over_the_limit_and_keeps_the_pace(
    pacer: Pacer, time: Time
) -> None:
    left: list[tuple[float, str]] = []
    await all_leave(time, *(leave(pacer, time, left, chat_id=chat) for chat in range(1, 601)))
    moments = [at for at, _ in left]
    assert worst_second(moments) <= RATE
    assert len(moments) / (moments[-1] - moments[0]) >= 0.97 * RATE


async def test_at_a_thousand_a_second_a_few_go_in_one_go_and_the_limit_holds(time: Time) -> None:
    pacer = Pacer(per_second=1000, time=time, sleep=time.sleep)
    left: list[tuple[float, str]] = []
    await all_leave(time, *(leave(pacer, time, left, chat_id=chat) for chat in range(1, 2001)))
    moments = [at for at, _ in left]
    assert worst_second(moments) <= 1000
    assert len(moments) / (moments[-1] - moments[0]) >= 0.97 * 1000
    assert len(set(moments)) <= 2000 / 3


async def test_the_limit_holds_when_the_sender_wakes_late(pacer: Pacer, time: Time) -> None:
    chance = random.Random(7)
    left: list[tuple[float, str]] = []

    async def late(chat: int) -> None:
        await pacer.turn(chat_id=chat, priority=Priority.BROADCAST, group=1)
        await time.sleep(chance.expovariate(1 / 0.015))
        assert not await pacer.go(priority=Priority.BROADCAST)
        left.append((time(), ""))

    await all_leave(time, *(late(chat) for chat in range(1, 401)))
    moments = sorted(at for at, _ in left)
    assert worst_second(moments) <= RATE


async def test_a_warning_passes_a_waiting_broadcast(pacer: Pacer, time: Time) -> None:
    left: list[tuple[float, str]] = []
    broadcast = [
        asyncio.ensure_future(leave(pacer, time, left, chat_id=chat)) for chat in range(1, 301)
    ]
    await time.pass_until(lambda: len(left) >= 60)
    asked = time()
    await all_leave(
        time,
        leave(pacer, time, left, "answer", chat_id=900, priority=Priority.REPLY),
        leave(pacer, time, left, "card", chat_id=-5, priority=Priority.ESCALATION),
    )
    moments = {name: at - asked for at, name in left}
    assert moments["card"] <= moments["answer"] <= 0.15
    await time.pass_until(lambda: all(task.done() for task in broadcast))


async def test_two_clinics_broadcasting_at_once_take_turns(pacer: Pacer, time: Time) -> None:
    left: list[tuple[float, str]] = []
    first = [leave(pacer, time, left, "a", chat_id=chat, group=1) for chat in range(1, 201)]
    second = [leave(pacer, time, left, "b", chat_id=chat, group=2) for chat in range(201, 241)]
    await all_leave(time, *first, *second)
    early = [name for _, name in left[:80]]
    assert 35 <= early.count("b") <= 45


async def test_a_patient_is_not_sent_two_unasked_messages_in_a_second(
    pacer: Pacer, time: Time
) -> None:
    left: list[tuple[float, str]] = []
    await all_leave(
        time,
        *(leave(pacer, time, left, chat_id=7, priority=Priority.REMINDER) for _ in range(3)),
    )
    first, second, third = (at for at, _ in left)
    assert second - first >= 1
    assert third - second >= 1


async def test_a_patient_who_asks_five_times_quickly_is_answered_five_times_at_once(
    pacer: Pacer, time: Time
) -> None:
    left: list[tuple[float, str]] = []
    await all_leave(
        time, *(leave(pacer, time, left, chat_id=7, priority=Priority.REPLY) for _ in range(5))
    )
    assert left[-1][0] < 0.5


async def test_a_busy_group_keeps_room_for_warnings(pacer: Pacer, time: Time) -> None:
    left: list[tuple[float, str]] = []
    replies = [
        asyncio.ensure_future(
            leave(pacer, time, left, chat_id=-5, priority=Priority.REPLY),
        )
        for _ in range(25)
    ]
    await time.pass_until(lambda: len(left) == GROUP_MOST - GROUP_KEPT_FOR_ALARMS)
    asked = time()
    card = leave(pacer, time, left, "card", chat_id=-5, priority=Priority.ESCALATION)
    await all_leave(time, card)
    assert left[-1][1] == "card"
    assert left[-1][0] - asked < 0.2
    await time.pass_until(lambda: all(task.done() for task in replies))
    in_a_minute = [at for at, _ in left if at < 60]
    assert len(in_a_minute) <= GROUP_MOST


async def test_when_telegram_asks_to_wait_bulk_waits_and_a_question_is_answered(
    pacer: Pacer, time: Time
) -> None:
    left: list[tuple[float, str]] = []
    pacer.hold(9)
    await all_leave(
        time,
        leave(pacer, time, left, "bulk", chat_id=1),
        leave(pacer, time, left, "answer", chat_id=2, priority=Priority.REPLY),
    )
    moments = {name: at for at, name in left}
    assert moments["answer"] < 0.2
    assert moments["bulk"] >= 9


async def test_when_an_answer_itself_is_asked_to_wait_everybody_waits(
    pacer: Pacer, time: Time
) -> None:
    left: list[tuple[float, str]] = []
    pacer.hold(4, everybody=True)
    await all_leave(time, leave(pacer, time, left, chat_id=2, priority=Priority.REPLY))
    assert left[0][0] >= 4


@pytest.mark.parametrize("everybody", [True, False])
async def test_whoever_has_a_turn_when_a_pause_begins_does_not_leave_in_it(
    pacer: Pacer, *, everybody: bool
) -> None:
    await pacer.turn(chat_id=1, priority=Priority.REPLY, group=1)
    pacer.hold(5, everybody=everybody)
    assert await pacer.go(priority=Priority.BROADCAST) == pytest.approx(5, abs=0.1)
    answer = await pacer.go(priority=Priority.REPLY)
    assert answer == (pytest.approx(5, abs=0.1) if everybody else 0)


async def test_after_a_pause_the_pace_is_the_same(pacer: Pacer, time: Time) -> None:
    left: list[tuple[float, str]] = []
    pacer.hold(3)
    await all_leave(time, *(leave(pacer, time, left, chat_id=chat) for chat in range(1, 121)))
    moments = [at for at, _ in left]
    assert worst_second(moments) <= RATE


async def test_a_message_that_is_given_up_leaves_no_gap(pacer: Pacer, time: Time) -> None:
    left: list[tuple[float, str]] = []
    pacer.hold(2)
    waiting = asyncio.ensure_future(leave(pacer, time, left, "gone", chat_id=1))
    await asyncio.sleep(0)
    waiting.cancel()
    await all_leave(time, leave(pacer, time, left, "kept", chat_id=2))
    assert [name for _, name in left] == ["kept"]
    assert pacer.waiting == 0


async def test_the_limit_holds_though_some_wait_for_a_connection_first(
    pacer: Pacer, time: Time
) -> None:
    """A connection takes 120 ms to make; each is used again once it is answered on."""
    free, wrote = 0, []

    async def send(chat: int) -> None:
        nonlocal free
        await pacer.turn(chat_id=chat, priority=Priority.BROADCAST, group=1)
        await pacer.go(priority=Priority.BROADCAST)
        if free:
            free -= 1
        else:
            await time.sleep(0.12)
        written()
        wrote.append(time())
        await time.sleep(0.06)
        free += 1

    await all_leave(time, *(send(chat) for chat in range(1, 301)))
    assert worst_second(wrote) <= RATE
    assert len(wrote) / (wrote[-1] - wrote[0]) >= 0.97 * RATE


async def test_only_the_request_that_was_let_go_is_counted_as_it_is_written(
    pacer: Pacer, time: Time
) -> None:
    """The task that sent 30 of them then asks for a file, say, and takes nobody's place."""
    for _ in range(RATE):
        await pacer.go(priority=Priority.REPLY)
        written()
    time.now = 1.1
    written()
    await pacer.go(priority=Priority.REPLY)
    assert time() == 1.1


async def test_in_a_long_broadcast_no_marked_messages_pile_up_before_their_requests(
    pacer: Pacer, time: Time
) -> None:
    """Each that is marked and not yet answered is in doubt at a crash."""
    in_doubt, most, left = 0, 0, []

    async def send(chat: int) -> None:
        nonlocal in_doubt, most
        await pacer.turn(chat_id=chat, priority=Priority.BROADCAST, group=1)
        await time.sleep(0.004)
        in_doubt += 1
        most = max(most, in_doubt)
        assert not await pacer.go(priority=Priority.BROADCAST)
        left.append(time())
        await time.sleep(0.064)
        in_doubt -= 1

    await all_leave(time, *(send(chat) for chat in range(1, 1501)))
    assert most <= 3
    assert len(left) / (left[-1] - left[0]) >= 0.97 * RATE


async def test_once_it_is_closed_nobody_waits_and_who_need_not_still_goes(
    pacer: Pacer, time: Time
) -> None:
    pacer.hold(300)
    waiting = [
        asyncio.ensure_future(pacer.turn(chat_id=chat, priority=Priority.BROADCAST, group=chat))
        for chat in (1, 2, 3)
    ]
    await asyncio.sleep(0)
    assert pacer.waiting == len(waiting)
    pacer.close()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in ended] == [PacerClosed] * 3
    assert pacer.waiting == 0
    await pacer.turn(chat_id=4, priority=Priority.REPLY, group=1)
    assert await pacer.go(priority=Priority.REPLY) == 0
    with pytest.raises(PacerClosed):
        await pacer.turn(chat_id=4, priority=Priority.BROADCAST, group=1)


async def test_who_waits_for_room_in_the_window_gives_up_too(pacer: Pacer, time: Time) -> None:
    for _ in range(RATE):
        await pacer.go(priority=Priority.REPLY)
    waiting = asyncio.ensure_future(pacer.go(priority=Priority.REPLY))
    await asyncio.sleep(0)
    pacer.close()
    await time.pass_until(waiting.done)
    with pytest.raises(PacerClosed):
        await waiting
