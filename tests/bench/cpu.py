"""What one sent message costs the processor, and how many one core sends in a second.

Everybody sends the same reminder with its three buttons, 64 at a time. This project marks each row
before and after on the disk; that is left out in two of the lines, as the peers keep nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from time import perf_counter, process_time

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import ExtBot

from bot.logs import set_up_logging
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import AiohttpRequest
from scheduler.delivery import Delivery
from scheduler.messenger import Button, Outgoing
from scheduler.pacer import Pacer
from tests.bench.crowd import FIRST_CHAT
from tests.bench.patients import BUTTONS, NOW, TEXT
from tests.bench.peers import aiogram_bot, application_builder
from tests.bench.process import TOKEN, call
from tests.bench.setting import ROUND_TRIP, Setting, missing, opened
from tests.bench.table import Goal, Line, samples

TOPIC = "sending"
IN_FLIGHT = 64
OUR_IN_FLIGHT = 128  # what the bot has at the paid pace; the default transport slows with more
UNPACED = 1_000_000
PAID_PACE = 1000
LIGHT = Goal("ratio", least=6)
ENOUGH = Goal("ours", least=1000)


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    count = setting.size(2000, 500)
    setting.api.control("reset", round_trip=ROUND_TRIP)
    path = setting.database("cpu", count, queued=count)
    url = setting.api.url
    marked = [call(ours, url=url, path=copy, count=count) for copy in setting.copies(path)]
    paced = call(ours, url=url, path=setting.copies(path)[0], count=count, pace=PAID_PACE)
    bare = setting.each(unmarked, url=url, count=count)
    default = setting.each(ptb, url=url, count=count)
    what, without = "CPU us a message, marked", "CPU us a message, no marks"
    ptb_name, other = "PTB, default transport", "aiogram 3"
    lines = [
        Line(TOPIC, what, samples(marked, "us"), ptb_name, samples(default, "us"), goal=LIGHT),
        Line(TOPIC, without, samples(bare, "us"), ptb_name, samples(default, "us")),
    ]
    reason = missing("aiogram")
    theirs = None if reason else samples(setting.each(aiogram, url=url, count=count), "us")
    return [
        *lines,
        Line(TOPIC, what, samples(marked, "us"), other, theirs, note=reason),
        Line(TOPIC, without, samples(bare, "us"), other, theirs, note=reason),
        Line(TOPIC, "messages/s on one core, marked", samples(marked, "rate"), ptb_name,
             samples(default, "rate"), better="more", goal=ENOUGH),
        Line(TOPIC, f"messages/s at a pace of {PAID_PACE}, marked", samples([paced], "rate")),
    ]  # fmt: skip


def ours(url: str, path: str, count: int, pace: float = UNPACED) -> dict[str, float]:
    """Send what the outbox holds, each row marked before and after, logged as in operation."""
    set_up_logging("INFO", "json")
    store = opened(path)

    async def send() -> dict[str, float]:
        async with _bot(url) as bot:
            pacer = Pacer(per_second=pace)
            messenger = TelegramMessenger(bot)
            delivery = Delivery(
                store,
                messenger,
                pacer,
                lambda: NOW,
                in_flight=OUR_IN_FLIGHT,
                batch=4 * OUR_IN_FLIGHT,
            )
            return await _measured(delivery.drain, count)

    result = asyncio.run(send())
    store.close()
    return result


def unmarked(url: str, count: int) -> dict[str, float]:
    """Send without an outbox: what the transport and the messenger cost."""

    async def send() -> dict[str, float]:
        async with _bot(url) as bot:
            messenger = TelegramMessenger(bot)
            rows = tuple((Button(label, f"1:wrong:{n}"),) for n, label in enumerate(BUTTONS))

            async def one(chat: int) -> None:
                await messenger.send(Outgoing(chat, TEXT, rows))

            return await _measured(lambda: _many(one, count), count)

    return asyncio.run(send())


def ptb(url: str, count: int) -> dict[str, float]:
    """Send with python-telegram-bot as it comes."""

    async def send() -> dict[str, float]:
        bot: Bot = application_builder(url).build().bot
        async with bot:
            rows = [[InlineKeyboardButton(b, callback_data=f"1:wrong:{b}")] for b in BUTTONS]
            markup = InlineKeyboardMarkup(rows)

            async def one(chat: int) -> None:
                await bot.send_message(chat, TEXT, parse_mode="HTML", reply_markup=markup)

            return await _measured(lambda: _many(one, count), count)

    return asyncio.run(send())


def aiogram(url: str, count: int) -> dict[str, float]:
    """Send with aiogram as it comes."""
    from aiogram.types import InlineKeyboardButton as Key  # noqa: PLC0415
    from aiogram.types import InlineKeyboardMarkup as Keys  # noqa: PLC0415

    async def send() -> dict[str, float]:
        async with aiogram_bot(url) as bot:
            keys = [[Key(text=b, callback_data=f"1:wrong:{b}")] for b in BUTTONS]
            markup = Keys(inline_keyboard=keys)

            async def one(chat: int) -> None:
                await bot.send_message(chat, TEXT, reply_markup=markup)

            return await _measured(lambda: _many(one, count), count)

    return asyncio.run(send())


def _bot(url: str) -> ExtBot[None]:
    """Return the bot with this project's transport."""
    return ExtBot(
        TOKEN,
        base_url=f"{url}/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(connections=1),
    )


async def _many(one: Callable[[int], Awaitable[None]], count: int) -> None:
    chats = iter(range(FIRST_CHAT, FIRST_CHAT + count))

    async def worker() -> None:
        for chat in chats:
            await one(chat)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


async def _measured(work: Callable[[], Awaitable[None]], count: int) -> dict[str, float]:
    """Do the work on one core and say what a message cost."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    began, cpu = perf_counter(), process_time()
    await work()
    used, took = process_time() - cpu, perf_counter() - began
    return {"us": used / count * 1e6, "rate": count / took}
