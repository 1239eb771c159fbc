"""Two hundred patients ask at once, each again as soon as the answer is there.

This project answers with its real bot: the update kept on the disk before it is confirmed, the
patient looked up, the question understood, the answer rendered for the hour since her treatment,
what she said kept. The peers answer with a fixed text and keep nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from time import process_time
from typing import Any

from pydantic import SecretStr
from telegram import Update
from telegram.ext import ContextTypes, MessageHandler, filters

from bot.app import Bot
from bot.logs import set_up_logging
from bot.settings import Settings
from content.catalog import Catalog
from tests.bench.patients import NOW
from tests.bench.peers import aiogram_bot, application_builder
from tests.bench.process import TOKEN, Loopback, call
from tests.bench.setting import ROUND_TRIP, Setting, missing, opened
from tests.bench.table import Better, Goal, Line, Samples, samples

TOPIC = "asking"
PATIENTS = 200
PACE = 3000
QUESTIONS = (
    "can I wear makeup yet?",
    "when can i go back to the gym",
    "is it ok to sleep on my side tonight",
    "how do I wash my face today",
    "can I have a glass of wine",
    "when can I go swimming again?",
    "which moisturiser should I use",
    "how long until I see results",
)
BURST = 3
MARK = 12  # so many letters tell the answers to the first questions apart
BURST_PATIENTS = 50
FAST = Goal("ratio", least=40)
PARITY = Goal("ratio", least=1)
SOON = Goal("ours", most=250)
NEVER = Goal("ours", most=0)
GOALS = {("rate", 0): FAST, ("rate", 2): PARITY, ("p99", 0): SOON}
"""By measure and by number of the peer."""


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    path = setting.database("asking", PATIENTS, pending=PATIENTS * 10)
    copies = iter(setting.copies(path))
    answers, seconds = setting.size(4000, 1000), setting.size(6, 3)
    how = {"answers": answers, "seconds": seconds, "apart": True}
    mine = [_crowd(setting.api, ours, how, path=next(copies)) for _ in range(setting.rounds)]
    peers: list[tuple[str, list[Any], str]] = [
        ("PTB, default", _rounds(setting, ptb, how, concurrent=False), ""),
        ("PTB, concurrent_updates(True)", _rounds(setting, ptb, how, concurrent=True), ""),
    ]
    reason = missing("aiogram")
    peers.append(("aiogram 3, default", [] if reason else _rounds(setting, aiogram, how), reason))
    lines = []
    measures: tuple[tuple[str, str, Better], ...] = (
        ("rate", f"{PATIENTS} asking: answers/s", "more"),
        ("p50", f"{PATIENTS} asking: p50, ms", "less"),
        ("p99", f"{PATIENTS} asking: p99, ms", "less"),
        ("us", f"{PATIENTS} asking: CPU us an answer", "less"),
    )
    for key, what, better in measures:
        for number, (peer, theirs, note) in enumerate(peers):
            goal = GOALS.get((key, number))
            found = samples(theirs, key) if theirs else None
            lines.append(
                Line(TOPIC, what, samples(mine, key), peer, found, better=better, goal=goal,
                     note=note)
            )  # fmt: skip
    return [*lines, *_order(setting, path, reason)]


def ours(url: str, path: str) -> dict[str, float]:
    """Run the real bot until the crowd is done."""
    set_up_logging("INFO", "json")
    settings = Settings.model_construct(
        token=SecretStr(TOKEN),
        telegram_url=url,
        database=Path(path),
        messages_per_second=PACE,
        backups=None,
    )
    store = opened(path)

    async def run() -> float:
        bot = Bot(settings, store, Catalog(), clock=lambda: NOW)
        await bot.make_ready()
        await bot.start()
        used = await _until_asked(url)
        await bot.stop()
        return used

    used = asyncio.run(run())
    store.close()
    return {"cpu": used}


def ptb(url: str, *, concurrent: bool) -> dict[str, float]:
    """Run python-telegram-bot with one handler that answers each text."""

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            await update.message.reply_text(f"{update.message.text}: you can from Tuesday 14:30.")

    async def run() -> float:
        application = application_builder(url).concurrent_updates(concurrent).build()
        application.add_handler(MessageHandler(filters.TEXT, answer))
        async with application:
            await application.start()
            await application.updater.start_polling()
            used = await _until_asked(url)
            await application.updater.stop()
            await application.stop()
        return used

    return {"cpu": asyncio.run(run())}


def aiogram(url: str) -> dict[str, float]:
    """Run aiogram with one handler that answers each text."""
    from aiogram import Dispatcher  # noqa: PLC0415
    from aiogram.types import Message  # noqa: PLC0415

    async def answer(message: Message) -> None:
        await message.answer(f"{message.text}: you can from Tuesday 14:30.")

    async def run() -> float:
        bot, dispatcher = aiogram_bot(url), Dispatcher()
        dispatcher.message.register(answer)
        polling = asyncio.create_task(
            dispatcher.start_polling(bot, handle_signals=False, close_bot_session=True)
        )
        used = await _until_asked(url)
        await dispatcher.stop_polling()
        await polling
        return used

    answer.__annotations__["message"] = Message
    return {"cpu": asyncio.run(run())}


async def _until_asked(url: str) -> float:
    """Return the processor time used until the crowd is done."""
    before = process_time()
    await asyncio.to_thread(Loopback(url).control, "asked", seconds=60)
    return process_time() - before


def _rounds(
    setting: Setting, function: Callable[..., Any], how: dict[str, Any], **arguments: Any
) -> list[Any]:
    return [_crowd(setting.api, function, how, **arguments) for _ in range(setting.rounds)]


def _crowd(
    api: Loopback, function: Callable[..., Any], how: dict[str, Any], **arguments: Any
) -> dict[str, float]:
    """Let the crowd ask a bot in a process of its own; return how it was answered."""
    api.control("reset", round_trip=ROUND_TRIP)
    api.control("ask", patients=PATIENTS, questions=QUESTIONS, **how)
    used = call(function, url=api.url, **arguments)
    asked = api.control("asked", seconds=1)
    waits = asked["waits"]
    return {
        "rate": len(waits) / asked["seconds"],
        "p50": median(waits) * 1000,
        "p99": quantiles(waits, n=100)[98] * 1000,
        "us": used["cpu"] / len(waits) * 1e6,
    }


def _order(setting: Setting, path: str, reason: str) -> list[Line]:
    """Let patients send three messages at once, and count the answers that overtook another."""
    what = f"{BURST_PATIENTS} send {BURST} at once: answers out of order"
    copy = setting.copies(path)[0]
    marks = [text[:MARK] for text in _said(setting.api, ours, path=copy, patients=1, burst=1)[0]]
    mine = [_swaps(_said(setting.api, ours, path=copy), marks)]
    lines = []
    for peer, function, arguments, note in (
        ("PTB, concurrent_updates(True)", ptb, {"concurrent": True}, ""),
        ("aiogram 3, default", aiogram, {}, reason),
    ):
        theirs = None
        if not note:
            said = _said(setting.api, function, **arguments)
            asked = [question[:MARK] for question in QUESTIONS]  # the peers begin with it
            theirs = Samples((_swaps(said, asked),))
        lines.append(Line(TOPIC, what, Samples(tuple(mine)), peer, theirs, goal=NEVER, note=note))
    return lines


def _swaps(chats: Sequence[Sequence[str]], marks: Sequence[str]) -> int:
    """Return how many answers came before one to an earlier question of the same chat."""
    orders = [[marks.index(text[:MARK]) for text in said] for said in chats]
    return sum(a > b for order in orders for a, b in pairwise(order))


def _said(
    api: Loopback,
    function: Callable[..., Any],
    *,
    patients: int = BURST_PATIENTS,
    burst: int = BURST,
    **arguments: Any,
) -> list[list[str]]:
    """Return for each chat the beginnings of the answers, in the order in which they came."""
    api.control("reset", round_trip=ROUND_TRIP)
    api.control(
        "ask",
        patients=patients,
        questions=QUESTIONS[:BURST],
        answers=patients * BURST,
        seconds=20,
        burst=burst,
        texts=True,
    )
    call(function, url=api.url, **arguments)
    texts: list[list[str]] = api.control("asked", seconds=1)["texts"]
    return texts
