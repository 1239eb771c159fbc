"""A patient with a phone, the real bot, and a clock: what every conversation starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.app import Bot
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.model import Clinic, Patient
from scheduler.store import patients
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import HILLTOP_GROUP, OLGA, RIVERSIDE_GROUP, ROSA, World
from tests.fakes.telegram import telegram_with_bot


@dataclass
class Phones:
    """Telegram with the bot, the people who use it, and time that passes when told."""

    telegram: Telegram
    riverside: Group
    hilltop: Group
    olga: Person
    bot: Bot
    world: World
    store: Store
    clock: FakeClock

    async def joined(
        self,
        name: str = "Ana",
        *,
        language: str = "en",
        hours_ago: float = 0,
        waits: dict[str, float] | None = None,
        clinic: Clinic | None = None,
    ) -> Person:
        """Return somebody who has been treated, has tapped her code, agreed and kept the clock."""
        person = self.telegram.person(name, language=language)
        await person.send(f"/start {self.code(hours_ago=hours_ago, waits=waits, clinic=clinic)}")
        words = self.world.catalog.words(language)
        await person.tap(words("button", "agree"))
        await person.tap(words("button", "yes"))
        return person

    def code(
        self,
        *,
        hours_ago: float = 0,
        waits: dict[str, float] | None = None,
        clinic: Clinic | None = None,
    ) -> str:
        """Enter a treated patient and return her code."""
        now = self.clock()
        treated = now - timedelta(hours=hours_ago)
        return self.world.invite(treated_at=treated, now=now, waits=waits, clinic=clinic)

    def patient(self, person: Person) -> Patient:
        """Return a person as the store has her now."""
        return self.world.patient(person.id)

    def known(self, person: Person) -> bool:
        """Whether the store knows of this person."""
        return self.store.run(patients.by_chat, person.id) is not None

    async def later(self, **delta: float) -> None:
        """Let time pass, and the bot do what is due then."""
        self.clock.forward(**delta)
        await self.bot.tick()
        await self.telegram.settle()  # type: ignore[misc]

    async def until(self, person: Person, words: str, *, within_hours: int = 30) -> None:
        """Let time pass by half hours until the bot has said something with these words."""
        for _ in range(within_hours * 2):
            await self.later(minutes=30)
            if any(words in message.text for message in person.messages):
                return
        raise AssertionError(f"{words!r} was not said")


@pytest.fixture
async def phones(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge, world: World
) -> AsyncIterator[Phones]:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        rosa = telegram.person("Rosa", user_id=ROSA)
        olga = telegram.person("Olga", user_id=OLGA)
        riverside = telegram.group("Riverside", [rosa], chat_id=RIVERSIDE_GROUP)
        hilltop = telegram.group("Hilltop", [olga], chat_id=HILLTOP_GROUP)
        yield Phones(telegram, riverside, hilltop, olga, bot, world, store, clock)


@pytest.fixture
async def ana(phones: Phones) -> Person:
    return await phones.joined()
