"""Two clinics with their groups on a loopback Telegram, and the people of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import pytest

import bot.patient.ask
from bot.app import Bot
from bot.sandbox.chats import Message
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.model import Clinic
from scheduler.services import desk
from scheduler.store import clinics
from scheduler.store.engine import Store
from tests.fakes import ears
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot


@dataclass
class Town:
    """Riverside and Hilltop.

    Rosa owns Riverside, Bea works there, Carla was removed; Olga owns Hilltop; Ana is a patient of
    Riverside once `joins` was called; Stan is nobody.
    """

    telegram: Telegram
    bot: Bot
    store: Store
    clock: FakeClock
    riverside: Clinic
    hilltop: Clinic
    group: Group
    hill: Group
    rosa: Person
    bea: Person
    carla: Person
    olga: Person
    ana: Person
    stan: Person

    async def joins(self, person: Person | None = None, by: Person | None = None) -> None:
        """A patient is enrolled with /treated and agrees."""
        person = person or self.ana
        await self.enrols(by or self.rosa)
        await person.send(f"/start {self.code()}")
        await person.tap("I agree")
        await person.tap("Yes, that is right")

    async def enrols(self, by: Person) -> None:
        """Staff enrol somebody treated an hour ago."""
        await by.send("/treated", self.group)
        await by.tap("Microneedling", self.group)
        await by.tap("Face", self.group)
        await by.tap("1 hour ago", self.group)
        await by.tap("Make the code", self.group)

    def code(self, at: Group | None = None) -> str:
        """The code in the newest link of the group."""
        for message in reversed((at or self.group).messages):
            if "?start=" in message.text:
                return message.text.split("?start=")[1].split()[0]
        raise LookupError("no link was posted")

    def card(self) -> Message:
        """The newest card of the group."""
        for message in reversed(self.group.messages):
            if "Nobody has it yet" in message.text or " has it" in message.text:
                return message
        raise LookupError("no card was posted")

    def now(self, message: Message) -> Message:
        """The message of the group as it reads now."""
        return next(said for said in self.group.messages if said.id == message.id)

    async def tick(self) -> None:
        """One round of the schedule, and all that follows."""
        await self.bot.tick()
        await self.telegram._settled()
        await self.bot.show_cards()


@pytest.fixture
async def town(
    store: Store, catalog: Catalog, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    monkeypatch.setattr(bot.patient.ask, "understand", ears.understand)
    knowledge = cast("Knowledge", ears.Knowledge())
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, running):
        names = ("Rosa", "Bea", "Carla", "Olga", "Ana", "Stan")
        rosa, bea, carla, olga, ana, stan = (telegram.person(name) for name in names)
        group = telegram.group("Riverside staff", [rosa, bea, carla])
        hill = telegram.group("Hilltop staff", [olga])
        riverside = await _connected(store, catalog, clock, "Riverside Skin", rosa, group)
        hilltop = await _connected(store, catalog, clock, "Hilltop Clinic", olga, hill)
        await bea.send("/inbox", group)
        await carla.send("/inbox", group)
        await rosa.send("/staff", group)
        await rosa.tap("Remove Carla", group)
        yield Town(
            telegram, running, store, clock, riverside, hilltop, group, hill,
            rosa, bea, carla, olga, ana, stan,
        )  # fmt: skip


async def _connected(
    store: Store, catalog: Catalog, clock: FakeClock, name: str, owner: Person, group: Group
) -> Clinic:
    entered, code = await store.tx(
        desk.add_clinic,
        catalog,
        name=name,
        timezone="Europe/London",
        phone="+44 20 7946 0018",
        emergency_number="999",
        language="en",
        now=clock(),
    )
    await owner.send(f"/connect {code}", group)
    return await store.tx(clinics.by_id, entered.id)
