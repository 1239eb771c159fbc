"""`kill -9` at random points of a drain: nothing may be lost, and what is in doubt is known.

Several drains run side by side, each with a server and a database of its own; at thirty a second
none needs much of the processor. The pause before a kill is drawn from a fixed seed.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

from apscheduler.events import EVENT_JOB_EXECUTED
from telegram.ext import ExtBot

from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import AiohttpRequest
from scheduler.delivery import Delivery
from scheduler.pacer import Pacer
from scheduler.store import outbox
from tests.bench.crowd import FIRST_CHAT
from tests.bench.patients import TEXT, running
from tests.bench.peers import job_store
from tests.bench.process import TOKEN, Loopback, finish, loopback, start
from tests.bench.setting import ROUND_TRIP, Setting, missing, opened
from tests.bench.table import Goal, Line, samples

TOPIC = "kill -9"
MESSAGES = 60
ALLOWED = 30
FAST = 1000
TOGETHER = 10
NONE = Goal("ours", most=0)
FEW = Goal("ours", most=3)
STORE = "APScheduler + SQLAlchemyJobStore, no grace limit"

Case = dict[str, float]


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    kills = setting.size(50, 6)
    path = setting.database("kills", MESSAGES, queued=MESSAGES)
    mine = _killed(setting, ours, kills, path)
    reason = missing("sqlalchemy")
    theirs = [] if reason else _killed(setting, jobs, setting.size(10, 3), "")
    totals = _totals(mine)
    what = f"{kills} kills in mid-drain"
    peer = samples([_worst(theirs)], "lost") if theirs else None
    return [
        Line(TOPIC, f"{what}: lost, worst", samples([_worst(mine)], "lost"), STORE, peer,
             goal=NONE, note=reason),
        Line(TOPIC, f"{what}: in doubt, worst", samples([_worst(mine)], "doubt"), goal=FEW),
        Line(TOPIC, f"{what}: in doubt and not listed, all", samples([totals], "unlisted"),
             goal=NONE),
        Line(TOPIC, f"{what}: twice and not in doubt, all", samples([totals], "unexplained"),
             goal=NONE),
        Line(TOPIC, f"{what}: sent twice, worst", samples([_worst(mine)], "twice"), STORE,
             samples([_worst(theirs)], "twice") if theirs else None, note=reason),
    ]  # fmt: skip


def ours(url: str, path: str, pace: float) -> dict[str, Any]:
    """Settle what a crash left, send the rest, and say what was in doubt."""
    store = opened(path)

    async def send() -> int:
        bot: ExtBot[None] = ExtBot(
            TOKEN,
            base_url=f"{url}/bot",
            request=AiohttpRequest(),
            get_updates_request=AiohttpRequest(connections=1),
        )
        async with bot:
            delivery = Delivery(store, TelegramMessenger(bot), Pacer(per_second=pace), running())
            settled = await delivery.recover()
            await delivery.drain()
        return sum(settled.values())

    listed = asyncio.run(send())
    states = store.run(outbox.counts)
    store.close()
    return {"listed": listed, "left": sum(states.values()) - states.get("sent", 0)}


def jobs(url: str, path: str, pace: float) -> dict[str, Any]:
    """Send one message a job of APScheduler's store; jobs are spread to the pace."""
    fresh = not Path(path).exists()

    async def fire() -> dict[str, Any]:
        scheduler = job_store(path)
        scheduler.start(paused=True)
        if fresh:
            first = datetime.now(UTC) + timedelta(seconds=1)
            for number in range(MESSAGES):
                scheduler.add_job(
                    send_one, "date", run_date=first, args=[url, FIRST_CHAT + number],
                    misfire_grace_time=None,
                )  # fmt: skip
        left = len(scheduler.get_jobs())
        fired, done = [0], asyncio.Event()

        def heard(_: Any) -> None:
            fired[0] += 1
            if fired[0] >= left:
                done.set()

        scheduler.add_listener(heard, EVENT_JOB_EXECUTED)
        scheduler.resume()
        if left:
            async with asyncio.timeout(20):
                await done.wait()
        scheduler.shutdown(wait=False)
        return {"listed": 0, "left": 0}

    return asyncio.run(fire())


_GATE: list[asyncio.Semaphore] = []


async def send_one(url: str, chat: int) -> None:
    """Send one message; two at a time, which with the round trip is about the allowed pace."""
    if not _GATE:
        _GATE.append(asyncio.Semaphore(2))
    async with _GATE[0]:
        bot: ExtBot[None] = ExtBot(TOKEN, base_url=f"{url}/bot", request=AiohttpRequest())
        async with bot:
            await bot.send_message(chat, TEXT, parse_mode="HTML")


def _killed(setting: Setting, function: Callable[..., Any], kills: int, path: str) -> list[Case]:
    random = Random(5)
    cases: list[Case] = []
    for first in range(0, kills, TOGETHER):
        numbers = range(first, min(first + TOGETHER, kills))
        with ExitStack() as stack:
            drains = []
            for number in numbers:
                copy = setting.folder / f"{function.__name__}-{number}.db"
                if path:
                    shutil.copy(path, copy)
                drains.append((stack.enter_context(loopback()), str(copy)))
            cases += _together(function, drains, random)
    return cases


def _together(
    function: Callable[..., Any], drains: Sequence[tuple[Loopback, str]], random: Random
) -> list[Case]:
    """Start drains, kill each somewhere in its midst, and let new processes finish them."""
    running = []
    for api, path in drains:
        api.control("reset", round_trip=ROUND_TRIP)
        running.append(start(function, url=api.url, path=path, pace=ALLOWED))
    for process, (api, _) in zip(running, drains, strict=True):
        _until_begun(api)
        sleep(random.uniform(0.0, 1.4 / len(drains)))
        process.kill()
        process.communicate()
    doubt = [_in_doubt(path) for _, path in drains]
    again = [start(function, url=api.url, path=path, pace=FAST) for api, path in drains]
    results = [finish(process) for process in again]
    return [
        _case(api.control("arrivals")["sent"], unsure, result)
        for (api, _), unsure, result in zip(drains, doubt, results, strict=True)
    ]


def _until_begun(api: Loopback) -> None:
    for _ in range(400):
        if api.control("arrivals")["sent"]:
            return
        sleep(0.05)
    raise TimeoutError("nothing was sent")


def _in_doubt(path: str) -> set[int]:
    """Return the chats whose message was under way when the process was killed."""
    with sqlite3.connect(path) as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        if "outbox" not in names:
            return set()
        rows = database.execute("SELECT chat_id FROM outbox WHERE state = 'trying'").fetchall()
    return {int(row[0]) for row in rows}


def _case(sent: Sequence[tuple[float, int, bool]], doubt: set[int], result: Any) -> Case:
    times = Counter(chat for _, chat, _ in sent)
    expected = range(FIRST_CHAT, FIRST_CHAT + MESSAGES)
    twice = {chat for chat, often in times.items() if often > 1}
    return {
        "lost": sum(chat not in times for chat in expected) + result["left"],
        "doubt": len(doubt),
        "unlisted": abs(len(doubt) - result["listed"]),
        "twice": len(twice),
        "unexplained": len(twice - doubt),
    }


def _totals(cases: Sequence[Case]) -> Case:
    return {key: sum(case[key] for case in cases) for key in cases[0]}


def _worst(cases: Sequence[Case]) -> Case:
    return {key: max(case[key] for case in cases) for key in cases[0]}
