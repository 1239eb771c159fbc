"""The bot as a process of its own, against Telegram on loopback; it goes by the machine's clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from tests.bot.conftest import far  # noqa: F401 - a fixture

PATIENCE = 30.0


@dataclass
class Process:
    """Runs `python -m bot run`; every start is on the same database and with the same settings."""

    telegram: Telegram
    folder: Path
    running: list[asyncio.subprocess.Process] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The database of the bot."""
        return self.folder / "aftercare.db"

    @property
    def log(self) -> str:
        """Everything that every start has logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    async def start(self) -> asyncio.subprocess.Process:
        """Start the bot and return once it polls."""
        polls = len(self.telegram.calls("getUpdates"))
        process = await self.launch()

        def polling() -> bool:
            assert process.returncode is None, self.log
            return len(self.telegram.calls("getUpdates")) > polls

        await until(polling)
        return process

    async def launch(self) -> asyncio.subprocess.Process:
        """Start the program and wait for nothing."""
        kept = {key: value for key, value in os.environ.items() if key[:10] != "AFTERCARE_"}
        settings = {
            "AFTERCARE_TOKEN": self.telegram.token,
            "AFTERCARE_TELEGRAM_URL": self.telegram.url,
            "AFTERCARE_DATABASE": str(self.database),
            "AFTERCARE_MESSAGES_PER_SECOND": "120",
            "AFTERCARE_BACKUPS": "",
            "AFTERCARE_LOG_LEVEL": "DEBUG",
            **self.settings,
        }
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self.folder, env={**kept, **settings},
                stdout=log, stderr=log,
            )  # fmt: skip
        self.running.append(process)
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """End it as a power cut would."""
        process.kill()
        await process.wait()

    async def end(self, process: asyncio.subprocess.Process) -> int:
        """Ask it to end and return its exit code; it may take five seconds."""
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            return await process.wait()

    def phone(self, name: str, user_id: int | None = None) -> Person:
        """Return somebody to whom the bot may write."""
        person = self.telegram.person(name, user_id=user_id)
        person.chat.members[self.telegram.cloud.bot.id] = "member"
        return person


async def until(condition: Callable[[], bool]) -> None:
    """Return once something is so that only looking can tell, as it is up to another process."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    async with Telegram() as telegram:
        process = Process(telegram, tmp_path)
        yield process
        for started in process.running:
            if started.returncode is None:
                started.kill()
            await started.wait()
