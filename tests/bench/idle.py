"""The running bot as its operator starts it: time to the first poll, memory, the cost of idling."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

from scheduler.clock import system_clock
from tests.bench.peers import aiogram_bot, application_builder
from tests.bench.process import ROOT, TOKEN, processor_seconds, resident_mb
from tests.bench.setting import ROUND_TRIP, Setting, missing
from tests.bench.table import Goal, Line, samples

TOPIC = "running"
PATIENTS = 100_000
PENDING = 1_000_000
SETTLE_SECONDS = 2.0
START_SECONDS = 30.0
SMALL = Goal("ours", most=120)
CALM = Goal("ours", most=1)
SOON = Goal("ours", most=5)


def measure(setting: Setting) -> list[Line]:
    """Return the lines of this experiment."""
    patients = setting.size(PATIENTS, PATIENTS // 10)
    path = setting.database("idle", patients, pending=patients * 10, now=system_clock())
    seconds = setting.size(4, 2)
    mine = [_run(setting, _ours(), seconds, path=copy) for copy in setting.copies(path)]
    peers = [
        ("PTB, default", _peer("ptb"), ""),
        ("aiogram 3", _peer("aiogram"), missing("aiogram")),
    ]
    lines = []
    for peer, command, note in peers:
        rounds = 0 if note else setting.rounds
        theirs = [_run(setting, command, seconds) for _ in range(rounds)]
        for key, what, goal in (
            ("start", "start to first poll, s", None),
            ("mb", f"resident memory, {patients:,} patients here and none there, MB", SMALL),
            ("idle", "idle, % of a core", CALM),
            ("stop", "told to stop until it has ended, s", SOON),
        ):
            lines.append(
                Line(TOPIC, what, samples(mine, key), peer,
                     samples(theirs, key) if theirs else None, goal=goal, note=note)
            )  # fmt: skip
    return sorted(lines, key=lambda line: line.what, reverse=True)


def ptb(url: str) -> None:
    """Run python-telegram-bot with no handler until SIGTERM."""
    application_builder(url).build().run_polling()


def aiogram(url: str) -> None:
    """Run aiogram with no handler until SIGTERM."""
    from aiogram import Dispatcher  # noqa: PLC0415

    asyncio.run(Dispatcher().start_polling(aiogram_bot(url)))


def _ours() -> Sequence[str]:
    return (sys.executable, "-m", "bot", "run")


def _peer(name: str) -> Sequence[str]:
    line = f"import sys; from tests.bench.idle import {name}; {name}(sys.argv[1])"
    return (sys.executable, "-c", line)


def _run(
    setting: Setting, command: Sequence[str], seconds: float, path: str = ""
) -> dict[str, float]:
    """Start a program, let it come to rest, watch it idle, and end it."""
    api = setting.api
    api.control("reset", round_trip=ROUND_TRIP)
    environment = dict(os.environ) | {
        "AFTERCARE_TOKEN": TOKEN,
        "AFTERCARE_TELEGRAM_URL": api.url,
        "AFTERCARE_DATABASE": path,
        "AFTERCARE_BACKUPS": "",
    }
    began = monotonic()
    process = subprocess.Popen(
        command if path else [*command, api.url],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        polled = _first_poll(api, process)
        sleep(SETTLE_SECONDS)
        before, at = processor_seconds(process.pid), monotonic()
        sleep(seconds)
        used, took = processor_seconds(process.pid) - before, monotonic() - at
        memory = resident_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        told = monotonic()
        process.wait(15)
    stop = monotonic() - told
    return {"start": polled - began, "mb": memory, "idle": used / took * 100, "stop": stop}


def _first_poll(api: Any, process: subprocess.Popen[bytes]) -> float:
    """Return when a program first asked for updates."""
    for _ in range(int(START_SECONDS / 0.05)):
        if polled := api.control("arrivals")["polled"]:
            return float(polled)
        if process.poll() is not None:
            break
        sleep(0.05)
    raise TimeoutError(f"{process.args!r} did not ask for updates")
