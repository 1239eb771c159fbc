"""A broadcast at Telegram's free pace: how fast it goes, and the worst second at the server.

All senders run side by side, each with a server of its own; none needs much of the processor.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from telegram.ext import AIORateLimiter, ExtBot

from bot.logs import set_up_logging
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import AiohttpRequest
from scheduler.delivery import Delivery
from scheduler.pacer import Pacer
from tests.bench.crowd import FIRST_CHAT
from tests.bench.patients import TEXT, running
from tests.bench.peers import aiogram_bot
from tests.bench.process import TOKEN, finish, loopback, start
from tests.bench.setting import ROUND_TRIP, Setting, missing, opened
from tests.bench.table import Goal, Line, samples

TOPIC = "broadcast"
ALLOWED = 30
REFUSED = 60
PENALTY = 3
WITHIN = Goal("ours", most=ALLOWED)
PACE = Goal("ours", least=0.97 * ALLOWED)
FAST = Goal("ratio", least=3)
LIMITER, LOOP = "PTB AIORateLimiter", "aiogram 3, documented loop"

Seen = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends how many messages, and which of them is told to wait; -1 for none."""

    name: str
    send: Callable[..., Any]
    count: int
    refuse_at: int = -1


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    count = setting.size(180, 120)
    path = setting.database("broadcast", count, queued=count)
    absent = {LIMITER: missing("aiolimiter"), LOOP: missing("aiogram")}
    senders = [Sender("", ours, count), Sender("told", ours, count, REFUSED)]
    if not absent[LIMITER]:
        senders += [Sender(LIMITER, limiter, count)]
        senders += [Sender(f"{LIMITER} told", limiter, count, REFUSED)]
    if not absent[LOOP]:
        senders += [Sender(LOOP, loop, count // 3)]
    rounds = [_round(path, senders) for _ in range(setting.rounds)]

    def line(what: str, key: str, peer: str, *, told: bool = False, **more: Any) -> Line:
        me, other = ("told", f"{peer} told") if told else ("", peer)
        theirs = None if absent[peer] else samples([row[other] for row in rounds], key)
        more["note"] = absent[peer] or more.get("note", "")
        return Line(TOPIC, what, samples([row[me] for row in rounds], key), peer, theirs, **more)

    over, after = "the peer is over the limit", "worst second after a 429, messages"
    early = "sent within a 429's pause"
    return [
        line("messages/s", "rate", LOOP, better="more", goal=FAST),
        line("messages/s", "rate", LIMITER, better="more", goal=PACE, note=over),
        line("worst second, messages", "worst", LIMITER, goal=WITHIN),
        line(after, "worst_after", LIMITER, told=True, goal=WITHIN),
        line(early, "early", LIMITER, told=True, note="but for those under way"),
    ]


def ours(url: str, path: str, count: int) -> dict[str, int]:
    """Send a broadcast from the outbox."""
    set_up_logging("INFO", "json")
    store = opened(path)

    async def send() -> None:
        bot: ExtBot[None] = ExtBot(
            TOKEN,
            base_url=f"{url}/bot",
            request=AiohttpRequest(),
            get_updates_request=AiohttpRequest(connections=1),
        )
        async with bot:
            delivery = Delivery(store, TelegramMessenger(bot), Pacer(per_second=ALLOWED), running())
            delivery.start()
            while delivery.counts["sent"] < count:  # noqa: ASYNC110  (it has no other end)
                await asyncio.sleep(0.05)
            await delivery.stop()

    asyncio.run(send())
    store.close()
    return {}


def limiter(url: str, path: str, count: int) -> dict[str, int]:
    """Send with python-telegram-bot and its rate limiter."""

    async def send() -> None:
        bot: ExtBot[Any] = ExtBot(
            TOKEN, base_url=f"{url}/bot", rate_limiter=AIORateLimiter(max_retries=5)
        )
        async with bot:
            await asyncio.gather(
                *(
                    bot.send_message(chat, TEXT, parse_mode="HTML")
                    for chat in range(FIRST_CHAT, FIRST_CHAT + count)
                )
            )

    asyncio.run(send())
    return {}


def loop(url: str, path: str, count: int) -> dict[str, int]:
    """Send as aiogram's documentation shows: one by one, with a pause of 50 ms."""

    async def send() -> None:
        async with aiogram_bot(url) as bot:
            for chat in range(FIRST_CHAT, FIRST_CHAT + count):
                await bot.send_message(chat, TEXT)
                await asyncio.sleep(0.05)

    asyncio.run(send())
    return {}


def _round(path: str, senders: Sequence[Sender]) -> Seen:
    """Let every sender send, side by side; return what their servers saw."""
    with ExitStack() as stack:
        running = []
        for number, sender in enumerate(senders):
            api = stack.enter_context(loopback())
            how = {"refuse_at": sender.refuse_at, "refuse_seconds": PENALTY}
            api.control("reset", round_trip=ROUND_TRIP, **how)
            copy = shutil.copy(path, f"{path}.{number}")
            running.append((api, start(sender.send, url=api.url, path=copy, count=sender.count)))
        for _, process in running:
            finish(process)
        return {
            sender.name: _seen(api.control("arrivals")["sent"])
            for (api, _), sender in zip(running, senders, strict=True)
        }


def _seen(sent: Sequence[tuple[float, int, bool]]) -> dict[str, float]:
    """Return the pace and the worst second of what came in."""
    times = [at for at, _, _ in sent]
    refused = [at for at, _, no in sent if no]
    since = refused[0] if refused else times[0]
    early = [at for at in times if since + ROUND_TRIP < at < since + PENALTY]
    return {
        "rate": (len(times) - 1) / (times[-1] - times[0]),
        "worst": _worst(times),
        "worst_after": _worst([at for at in times if at > since]),
        "early": len(early) if refused else 0,
    }


def _worst(times: Sequence[float]) -> int:
    """Return the most arrivals within any second."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
