"""Messages of one patient in their order, those of different patients at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog
from telegram import Chat, Message, Update, User

from bot.telegram.processor import OrderedProcessor
from bot.telegram.typed import Typed


def update(chat_id: int, number: int = 1) -> Update:
    chat = Chat(chat_id, "private" if chat_id > 0 else "group")
    message = Message(
        number, datetime(2026, 11, 24, tzinfo=UTC), chat, from_user=User(1, "A", False)
    )
    return Update(number, message=message)


def answer(chat_id: int, number: int) -> Update:
    """A reply to something that the bot said."""
    chat = Chat(chat_id, "group")
    at = datetime(2026, 11, 24, tzinfo=UTC)
    card = Message(1, at, chat, from_user=User(9, "Bot", True))
    said = Message(number, at, chat, from_user=User(1, "A", False), reply_to_message=card)
    return Update(number, message=said)


def left(chat_id: int, number: int) -> Update:
    """A note that somebody left the group."""
    gone = User(1, "A", False)
    note = Message(
        number,
        datetime(2026, 11, 24, tzinfo=UTC),
        Chat(chat_id, "group"),
        from_user=gone,
        left_chat_member=gone,
    )
    return Update(number, message=note)


async def test_one_patients_messages_do_not_overtake_each_other() -> None:
    processor, order, gate = OrderedProcessor(), [], asyncio.Event()

    async def work(name: str, *, waits: bool = False) -> None:
        if waits:
            await gate.wait()
        order.append(name)

    first = asyncio.create_task(processor.process_update(update(1, 1), work("1", waits=True)))
    second = asyncio.create_task(processor.process_update(update(1, 2), work("2")))
    await processor.process_update(update(2, 3), work("another patient"))
    assert order == ["another patient"]
    gate.set()
    await asyncio.gather(first, second)
    assert order == ["another patient", "1", "2"]


async def test_nothing_that_a_patient_sends_in_a_flood_is_dropped() -> None:
    processor, gate, done = OrderedProcessor(crowd=2), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        done.append((number, number in processor.crowded))

    tasks = [asyncio.create_task(processor.process_update(update(1, n), work(n))) for n in range(5)]
    await asyncio.sleep(0)
    await processor.process_update(update(2, 9), _nothing())
    gate.set()
    await asyncio.gather(*tasks)
    assert done == [(0, False), (1, False), (2, True), (3, True), (4, True)]
    assert processor.crowded == set()
    assert processor.dropped == 0


async def test_a_flood_in_a_group_is_given_up_and_counted() -> None:
    processor, gate, done = OrderedProcessor(crowd=2), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    with structlog.testing.capture_logs() as lines:
        tasks = [
            asyncio.create_task(processor.process_update(update(-1, n), work(n))) for n in range(5)
        ]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)
    assert done == [0, 1]
    assert processor.dropped == 3
    assert [line["event"] for line in lines] == ["update.flood"] * 3


async def test_an_answer_to_a_patient_is_heard_in_a_groups_flood_and_the_group_is_told_once() -> (
    None
):
    told: list[int] = []
    done: list[int] = []
    gate = asyncio.Event()

    async def over(chat_id: int) -> None:
        told.append(chat_id)

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    processor = OrderedProcessor(crowd=2, after_flood=over)
    flood = [update(-1, 1), update(-1, 2), update(-1, 3), answer(-1, 4), left(-1, 5), update(-1, 6)]
    tasks = [
        asyncio.create_task(processor.process_update(one, work(one.update_id))) for one in flood
    ]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert done == [1, 2, 4, 5]
    assert (told, processor.dropped) == ([-1], 2)
    await processor.process_update(update(-1, 7), work(7))
    assert told == [-1], "a flood that is over is not told of again"


async def test_a_failing_handler_lets_the_next_message_through() -> None:
    processor, done = OrderedProcessor(), []

    async def fails() -> None:
        raise LookupError

    async def works() -> None:
        done.append(1)

    await asyncio.gather(processor.process_update(update(1), fails()), return_exceptions=True)
    await processor.process_update(update(1), works())
    assert done == [1]


async def _nothing() -> None:
    """Work that is done at once."""


async def test_a_typed_text_waits_for_what_the_same_patient_sent_before() -> None:
    processor, gate, order = OrderedProcessor(crowd=2), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        order.append((number, number in processor.crowded))

    updates: list[Update | Typed] = [update(1, 1), *(Typed(n, 1, n, "hello", None) for n in (2, 3))]
    tasks = [
        asyncio.create_task(processor.process_update(each, work(each.update_id)))
        for each in updates
    ]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert order == [(1, False), (2, False), (3, True)]
