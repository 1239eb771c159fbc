"""A patient, her plan, the rounds and the sender over a clock that can do anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import plan as planning
from scheduler.delivery import Delivery
from scheduler.messenger import Outgoing, SendResult, Sent, Unreachable
from scheduler.payload import unpack
from scheduler.services import enrolment, preferences
from scheduler.store import outbox, patients, queues, reminders
from scheduler.store.engine import Store, instant
from scheduler.store.rows import all_rows
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import NoPacer
from tests.fakes.people import ANA_CHAT, World, build_world

TWO_HANDS_FULL = 200
"""More rounds than anything honest needs between two moments."""


@dataclass(frozen=True)
class Arrived:
    """One message that reached the patient: when, where she was, and what it was about."""

    at: datetime
    zone: ZoneInfo
    steps: tuple[tuple[int, str], ...]
    not_before: datetime


class Life:
    """One patient under one clock.

    Args:
        catalog: The words.
        treated_at: When she was treated, aware.
        zone: Where she is.
        joins_after: How long after the treatment she joined.
        most_a_day: How many messages a day the plan allows.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        treated_at: datetime,
        zone: str,
        joins_after: timedelta,
        most_a_day: int = 3,
    ) -> None:
        self.catalog, self.clock = _allowing(catalog, most_a_day), FakeClock(treated_at)
        self.most_a_day = most_a_day
        self.loop = asyncio.new_event_loop()
        self.store = Store(":memory:", durable=False)
        self.world: World = build_world(self.store, catalog, treated_at)
        self.arrived: list[Arrived] = []
        self.away = False
        self.left_out: dict[tuple[int, str], str] = {}
        self._spy = patch.object(planning, "make_plan", self._plan)
        self._spy.start()
        self.delivery = Delivery(self.store, self, NoPacer(), self.clock)
        self.clock.at = treated_at + joins_after
        self.ana = self.world.join(treated_at=treated_at, now=self.clock())
        self.move(zone)

    async def send(self, message: Outgoing) -> SendResult:
        """Take a message as Telegram would."""
        if self.away:
            return Unreachable("no network")
        zone = self.world.patient().zone
        parts = self.store.run(_said_by, message)
        self.arrived.append(
            Arrived(
                self.clock(),
                zone,
                tuple((row["treatment_id"], row["step"]) for row in parts),
                max((instant(row["not_before"]) for row in parts), default=self.clock()),
            )
        )
        return Sent(len(self.arrived))

    async def edit(self, **_: Any) -> SendResult:
        raise AssertionError("the sender edits nothing")

    async def delete(self, **_: Any) -> SendResult:
        raise AssertionError("the sender deletes nothing")

    async def answers(self) -> bool:
        return True

    def move(self, zone: str) -> None:
        """She lives by another clock from now on."""
        ana = self.world.patient()
        self.store.run(preferences.set_timezone, self.catalog, ana, zone, self.clock())

    def treated_again(self) -> None:
        """She had another session just now; both plans go on as one."""
        now = self.clock()
        code = self.world.invite(treated_at=now, now=now)
        self.store.run(enrolment.open_code, code, chat_id=ANA_CHAT, language="en", now=now)
        self.store.run(enrolment.join_again, self.catalog, self.ana.id, now)

    def round(self, *, overruns: timedelta = timedelta()) -> None:
        """One tick and what it lets go; the tick may take so long that the clock goes on."""
        began = self.clock()
        self.loop.run_until_complete(tick(self.store, self.catalog, began))
        self.clock.at = began + overruns
        self.loop.run_until_complete(self.delivery.drain())

    def set_back(self) -> None:
        """The rounds have seen that the clock was set back."""
        self.loop.run_until_complete(self.delivery.clock_set_back())

    def until(self, end: datetime) -> None:
        """Let time pass as it should: a round whenever something falls due."""
        for _ in range(TWO_HANDS_FULL):
            due = self._next_due()
            if due is None or due >= end:
                self.clock.at = max(self.clock(), end)
                self.round()
                return
            self.clock.at = max(self.clock(), due)
            self.round()
        raise AssertionError("something stays due and is never done")

    def fates(self) -> dict[tuple[int, str], str]:
        """Return for every treatment's step what became of it: `sent`, or why not, else nothing."""
        rows = self.store.run(_history)
        known = {
            (row["treatment_id"], row["step"]): row["reason"]
            or (row["sent"] if row["sent"] == "sent" else row["detail"])
            for row in rows
        }
        every = [
            (treatment.id, step.key)
            for treatment in self.store.run(patients.treatments, self.ana.id)
            for step in self.catalog.procedure("microneedling").steps
        ]
        return {key: known.get(key) or self.left_out.get(key) or "" for key in every}

    def rows_sent(self) -> int:
        """Return how many messages the store says were sent to her."""
        sent = self.store.run(outbox.of_patient, self.ana.id)
        return sum(row.state == "sent" for row in sent)

    def on(self, message: Arrived) -> Counter[Any]:
        """Count what she had until then by the dates of where she is then."""
        until = self.arrived.index(message) + 1
        return Counter(one.at.astimezone(message.zone).date() for one in self.arrived[:until])

    def close(self) -> None:
        """End it."""
        self._spy.stop()
        self.store.close()
        self.loop.close()

    def _next_due(self) -> datetime | None:
        both = (self.store.run(reminders.next_due), self.store.run(queues.next_due))
        return min((at for at in both if at is not None), default=None)

    def _plan(self, *args: Any, **kwargs: Any) -> planning.Plan:
        """Make the plan, and note what it leaves out and why."""
        made = _make_plan(*args, **kwargs)
        self.left_out = {(gone.treatment, gone.step): gone.reason for gone in made.skipped}
        return made


def _allowing(catalog: Catalog, most_a_day: int) -> Catalog:
    """Return the catalog with another limit of the day."""
    procedure = catalog.procedure("microneedling")
    changed = replace(procedure, pace=replace(procedure.pace, most_a_day=most_a_day))
    own = copy(catalog)
    own.procedures = {**catalog.procedures, procedure.key: changed}
    return own


_make_plan = planning.make_plan


def _said_by(db: Database, message: Outgoing) -> list[dict[str, Any]]:
    """Return the reminders that a message under way says; none for one about an appointment."""
    rows = all_rows(
        db,
        "SELECT treatment_id, step, not_before, payload FROM reminder"
        " JOIN outbox ON outbox.id = outbox_id WHERE outbox.state = 'trying'",
    )
    return [row for row in rows if unpack(row["payload"], message.chat_id) == message]


def _history(db: Database) -> list[dict[str, Any]]:
    return all_rows(
        db,
        "SELECT treatment_id, step, reason, outbox.state AS sent, detail FROM reminder"
        " LEFT JOIN outbox ON outbox.id = outbox_id",
    )
