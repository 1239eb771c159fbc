"""The real bot with everybody on the line, put back to the same moment before every example."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from telegram.ext import ContextTypes

import bot.app
from bot.app import Bot
from bot.sandbox.chats import Chat, Json, Status, User
from bot.sandbox.cloud import Cloud
from bot.sandbox.entities import found_in
from bot.settings import Settings
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.pacer import Pacer
from scheduler.services import enrolment, preferences
from scheduler.store import clinics, patients
from scheduler.store.engine import Store
from scheduler.store.rows import all_rows
from tests.fakes.clock import TUESDAY_2PM, FakeClock
from tests.fakes.people import (
    ANA_CHAT,
    HILLTOP_GROUP,
    OLGA,
    RIVERSIDE_GROUP,
    ROSA,
    World,
    build_world,
)
from tests.fakes.wire import Called, Wire

BEN_CHAT = 102  # a patient of Hilltop
NEW_CHAT = 103  # tapped her code at Riverside and has not agreed
OUT_CHAT = 104  # opted out of Riverside's messages
STRANGER = 105
BEA = 202  # works at Riverside and has not said anything yet
CARLA = 203  # left Riverside's group
NOBODYS_GROUP = -1003
BOT_ID = 4242
BENS_WORD = "zebra"
PATIENCE = 60.0

MEMBERS: dict[int, tuple[tuple[int, Status], ...]] = {
    RIVERSIDE_GROUP: ((ROSA, "creator"), (BEA, "member"), (CARLA, "left")),
    HILLTOP_GROUP: ((OLGA, "creator"),),
    NOBODYS_GROUP: ((STRANGER, "creator"), (ROSA, "member")),
}
PATIENTS = {
    ANA_CHAT: "riverside",
    NEW_CHAT: "riverside",
    OUT_CHAT: "riverside",
    BEN_CHAT: "hilltop",
}


@dataclass(frozen=True)
class Kept:
    """What must not change behind anybody's back."""

    clinic_of: dict[str, int]
    audit: list[tuple[Any, ...]]


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


@dataclass(repr=False, eq=False)
class Line:
    """The bot, what it says, and how it is given updates.

    Attributes:
        failures: What a handler or a task raised.
        bens_ref: What Hilltop, and nobody else, knows Ben by.
        invitation: A code of Riverside that nobody has used.
    """

    bot: Bot
    wire: Wire
    clock: FakeClock
    runner: asyncio.Runner
    invitation: str = ""
    bens_ref: str = ""
    failures: list[BaseException] = field(default_factory=list)
    start: sqlite3.Connection = field(default_factory=_memory)
    chats: dict[int, Chat] = field(default_factory=dict)
    began: datetime = TUESDAY_2PM
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def note_start(self) -> None:
        """Let the story begin here."""
        self.on_disk(lambda db: db.conn.backup(self.start))
        self.chats, self.began = deepcopy(self.wire.cloud.chats), self.clock.at

    def fresh(self) -> None:
        """Put everything back to where the story begins."""
        self.failures.clear()
        self.wire.calls.clear()
        self.wire.cloud = Cloud(_account(), self.clock)
        self.wire.cloud.chats = deepcopy(self.chats)
        self.on_disk(lambda db: self.start.backup(db.conn))
        self.clock.at = self.began

    def on_disk(self, work: Any) -> Any:
        """Do something with the connection itself, outside of any transaction."""
        return self.bot.store._writer.alone(work)

    def hear(self, update: Json) -> list[Called]:
        """Give the bot one update as Telegram sends it; return what it said, to whomever."""
        before = len(self.wire.calls)
        self.runner.run(self._hear([update]))
        return [call for call in self.wire.calls[before:] if call in self.wire.told]

    def says(self, number: int, text: str, at: int | None = None) -> None:
        """Somebody types something."""
        chat = self.wire.cloud.chats[at or number]
        sender = self.wire.cloud.users[number]
        content: Json = {"text": text}
        if text.startswith("/"):
            content["entities"] = found_in(text)
        message = self.wire.cloud.post(chat, sender, content)
        self.hear({"update_id": next(self.numbers), "message": message.raw})

    def buttons(self, chat_id: int) -> list[tuple[Json, str]]:
        """Return every button in a chat, as its message and what comes back when it is tapped."""
        chat = self.wire.cloud.chats.get(chat_id)
        return [
            (message.raw, button["callback_data"])
            for message in (chat.messages if chat else ())
            for row in message.rows
            for button in row
            if "callback_data" in button
        ]

    def shown(self, chat_id: int) -> list[Json]:
        """Return what the bot said in a chat."""
        chat = self.wire.cloud.chats.get(chat_id)
        return [message.raw for message in (chat.messages if chat else ())]

    async def _hear(self, updates: list[Json]) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.bot.intake.take(updates)
            while self.bot.intake._in_hand:
                await asyncio.gather(*self.bot.intake._in_hand)
            await self.bot.delivery.drain()

    def kept(self) -> Kept:
        """Return what must not change."""
        rows = self.on_disk(lambda db: list(db.execute("SELECT * FROM audit ORDER BY id")))
        everybody = self.on_disk(lambda db: list(db.execute("SELECT ref, clinic_id FROM patient")))
        return Kept(dict(everybody), rows)

    def broken(self) -> list[str]:
        """Return every way in which the database is not as it has to be."""
        found = self.on_disk(lambda db: list(db.execute("PRAGMA foreign_key_check")))
        left = self.on_disk(lambda db: all_rows(db, "SELECT * FROM incoming WHERE done = 0"))
        trying = self.on_disk(lambda db: all_rows(db, "SELECT id FROM outbox WHERE state='trying'"))
        return [*map(str, found), *map(str, left), *map(str, trying)]


def _account() -> User:
    return User(BOT_ID, "Aftercare", username="aftercare_try_bot", is_bot=True)


def _fill(cloud: Cloud) -> None:
    for number in (*PATIENTS, STRANGER, ROSA, OLGA, BEA, CARLA):
        user = User(number, f"Person {number}", "en")
        cloud.users[number] = user
        cloud.private(user).members[BOT_ID] = "member"
    for group, members in MEMBERS.items():
        chat = Chat(group, "group", "A group")
        chat.members = {**dict(members), BOT_ID: "member"}
        cloud.chats[group] = chat


@pytest.fixture(scope="module")
def line(catalog: Catalog, knowledge: Knowledge) -> Iterator[Line]:
    clock = FakeClock()
    cloud = Cloud(_account(), clock)
    store = Store(":memory:", durable=False)
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        wire = Wire(cloud)
        patch.setenv("PTB_TIMEDELTA", "true")  # else the library warns of its next version
        patch.setattr(bot.app, "AiohttpRequest", lambda **_: wire)
        hours = count(step=3600)
        running = Bot(
            settings(),
            store,
            catalog,
            clock=clock,
            knowledge=knowledge,
            pacer=Pacer(time=lambda: float(next(hours))),
        )
        opened = Line(running, wire, clock, runner)
        _fill(cloud)
        _listen(opened)
        runner.run(_open(running))
        opened.invitation = _people(build_world(store, catalog, clock()), clock)
        _a_day(opened)
        ben = store.run(patients.by_chat, BEN_CHAT)
        opened.bens_ref = ben.ref if ben else ""
        opened.note_start()
        yield opened
        runner.run(_close(running))
        opened.start.close()
    store.close()


def settings(**more: Any) -> Settings:
    """Return settings of a bot whose token opens nothing."""
    token = SecretStr(f"{BOT_ID}:{'x' * 35}")
    return Settings.model_construct(
        token=token, database=Path(":memory:"), messages_per_second=1000.0, backups=None, **more
    )


async def _open(running: Bot) -> None:
    await running.application.initialize()
    await running.application.start()


async def _close(running: Bot) -> None:
    await running.delivery.stop()
    await running.application.stop()
    await running.application.shutdown()


def _people(world: World, clock: FakeClock) -> str:
    """Bring everybody in who is at hand, and return a code that nobody has used."""
    now = clock()
    world.store.run(clinics.change, world.hilltop.id, {"self_enrol": 1})
    world.join(treated_at=now, now=now)
    world.join(treated_at=now, now=now, chat_id=BEN_CHAT, clinic=world.hilltop)
    world.join(treated_at=now, now=now, chat_id=OUT_CHAT)
    world.store.run(preferences.stop, world.catalog, world.patient(OUT_CHAT), now)
    code = world.invite(treated_at=now, now=now)
    world.store.run(enrolment.open_code, code, chat_id=NEW_CHAT, language="es", now=now)
    return world.invite(treated_at=now, now=now)


def _a_day(line: Line) -> None:
    """Let something of every kind have happened: a warning, a reminder, and work at the desk."""
    line.says(ANA_CHAT, "there is pus and it smells")
    line.says(BEN_CHAT, f"I want to speak to someone about my {BENS_WORD}")
    line.says(ANA_CHAT, "what about flying to the moon")
    line.clock.forward(hours=20)
    line.runner.run(line.bot.tick())
    line.runner.run(line.bot.delivery.drain())
    for command in ("/start", "/language", "/timezone", "/forget"):
        line.says(ANA_CHAT, command)
    for command in ("/treated", "/patients", "/inbox", "/staff", "/broadcast", "/sessions"):
        line.says(ROSA, command, RIVERSIDE_GROUP)
    line.says(NEW_CHAT, "/start")
    line.says(STRANGER, "/start")
    if line.failures:
        raise line.failures[0]


def _listen(line: Line) -> None:
    async def failed(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        if context.error is not None:
            line.failures.append(context.error)

    line.bot.application.add_error_handler(failed)

    async def listen() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, told: line.failures.append(told.get("exception") or OSError(told["message"]))
        )

    line.runner.run(listen())


@contextmanager
def log_lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """Gather what is logged meanwhile."""
    with structlog.testing.capture_logs() as lines:
        yield lines
