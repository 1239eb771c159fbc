"""The demonstration: one clinic with its group, one patient with her phone, and the real bot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlite_utils import Database

from bot.app import Bot
from bot.sandbox.chats import Message
from bot.sandbox.clock import MovableClock
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.settle import settled
from bot.sandbox.telegram import Telegram
from bot.sandbox.travel import Traveller
from bot.settings import Settings
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.buttons import unpack
from scheduler.clock import system_clock
from scheduler.pacer import Pacer
from scheduler.services import desk
from scheduler.store import patients
from scheduler.store.engine import Store

ZONE = ZoneInfo("Europe/London")
OPENING_HOUR = time(14, 0)
WORKING_DAYS = 5
ENROLMENT = (("tr.proc", "microneedling"), ("tr.area", "face"), ("tr.time", "now"), ("tr.make", ""))
"""The buttons of `/treated` on the shortest way, as (kind, choice)."""

_CODE = re.compile(r"[?&]start=([\w-]{10,})")


class Stage:
    """A running demonstration; nothing of it is kept.

    Attributes:
        telegram: The loopback Telegram.
        bot: The real bot.
        clock: The clock to move.
        patient: The person with the phone.
        staff: The people of the clinic, by first name.
        group: The clinic's group.
        travel: What moves the clock.
    """

    def __init__(self, telegram: Telegram, bot: Bot, clock: MovableClock) -> None:
        self.telegram, self.bot, self.clock = telegram, bot, clock
        self.patient = telegram.person("Ana")
        self.staff = {name: telegram.person(name) for name in ("Rosa", "Tom")}
        self.group: Group = telegram.group("Riverside Skin · staff", [*self.staff.values()])
        self.travel = Traveller(telegram, bot, clock)
        self._scanned: set[str] = set()

    @property
    def owner(self) -> Person:
        """Who connected the group."""
        return self.staff["Rosa"]

    async def open(self) -> None:
        """Enter the clinic and connect its group, as the owner would."""
        _, code = await self.bot.store.tx(
            desk.add_clinic,
            self.bot.catalog,
            name="Riverside Skin",
            timezone=ZONE.key,
            phone="+44 20 7946 0018",
            emergency_number="999",
            language="en",
            now=self.clock(),
        )
        await self.owner.send(f"/connect {code}", self.group)

    async def enrol(self) -> None:
        """Enrol a patient treated at this moment, by `/treated` and its buttons."""
        await self.owner.send("/treated", self.group)
        for kind, choice in ENROLMENT:
            message, data = self._button(kind, choice)
            await self.owner.tap(at=self.group, data=data, message=message)

    def code(self) -> str:
        """Return the newest code that was posted and not scanned yet; empty if there is none."""
        for message in self.group.messages[::-1]:
            found = _CODE.search(message.text)
            if found:
                return "" if found[1] in self._scanned else found[1]
        return ""

    async def scan(self) -> None:
        """Open what the newest QR code leads to, on the patient's phone."""
        code = self.code()
        self._scanned.add(code)
        await self.patient.send(f"/start {code}")

    def _button(self, kind: str, choice: str) -> tuple[Message, str]:
        """Return the newest button of the group that means this, and its message."""
        for message in self.group.messages[::-1]:
            for button in (button for row in message.rows for button in row):
                tap = unpack(button.get("callback_data", ""))
                if tap and tap.kind == kind and choice in ("", *tap.args[1:]):
                    return message, button["callback_data"]
        raise LookupError(f"the group has no button {kind} {choice}")

    async def standing(self) -> tuple[str, int | None]:
        """Return the zone of the patient's phone and the day since her treatment."""
        return await self.bot.store.tx(_standing, self.patient.id, self.clock())


@asynccontextmanager
async def staged(
    catalog: Catalog, knowledge: Knowledge | None = None, *, start: datetime | None = None
) -> AsyncIterator[Stage]:
    """Run a demonstration until the block ends.

    Args:
        catalog: The words.
        knowledge: How words are understood; read anew if not given.
        start: When it begins; two in the afternoon of a working day if not given.
    """
    clock = MovableClock(start or working_afternoon(system_clock()))
    store = Store(":memory:", durable=False)
    try:
        async with Telegram(clock) as telegram:
            # It keeps pace by the movable clock: with a jump of an hour everybody's turn comes.
            pacer = Pacer(time=lambda: clock().timestamp())
            bot = Bot(
                settings_for(telegram),
                store,
                catalog,
                clock=clock,
                knowledge=knowledge,
                pacer=pacer,
            )
            await bot.start()
            telegram.settle = settled(telegram, bot)
            try:
                stage = Stage(telegram, bot, clock)
                await stage.open()
                yield stage
            finally:
                await bot.stop()
    finally:
        store.close()


def settings_for(telegram: Telegram, messages_per_second: float = 1000) -> Settings:
    """Return settings that lead a bot to this Telegram, whatever the environment says."""
    return Settings.model_construct(
        token=SecretStr(telegram.token),
        telegram_url=telegram.url,
        bot_username=telegram.username,
        database=Path(":memory:"),
        messages_per_second=messages_per_second,
        backups=None,
    )


def working_afternoon(now: datetime) -> datetime:
    """Return two in the afternoon, clinic time, of today or the next working day."""
    day = now.astimezone(ZONE).date()
    while day.isoweekday() > WORKING_DAYS:
        day += timedelta(days=1)
    return datetime.combine(day, OPENING_HOUR, ZONE)


def _standing(db: Database, chat_id: int, now: datetime) -> tuple[str, int | None]:
    patient = patients.by_chat(db, chat_id)
    if patient is None:
        return ZONE.key, None
    treatments = patients.treatments(db, patient.id)
    if not treatments:
        return patient.timezone, None
    treated = treatments[-1].treated_at.astimezone(patient.zone)
    return patient.timezone, (now.astimezone(patient.zone).date() - treated.date()).days
