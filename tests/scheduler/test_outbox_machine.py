"""The promises of delivery under any order of events: a machine that tries to break them.

It queues, sends, crashes, restarts, is told to wait, is blocked, opts out, meets a server that is
silent and jumps the clock, in any order, and after every step holds what arrived against the
promises.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from content.catalog import Catalog
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.fate import KEPT_IN_ORDER
from scheduler.marks import Marks
from scheduler.messenger import (
    Blocked,
    Outgoing,
    RetryAfter,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from scheduler.model import Priority
from scheduler.services import preferences
from scheduler.store import claims, outbox, patients
from scheduler.store.engine import Store
from scheduler.tick import tick
from scheduler.wall_time import QuietHours
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import NoPacer
from tests.fakes.people import ANA_CHAT, build_world

CATALOG = Catalog()
MORNING = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # a weekend of changing clocks lies ahead
BULK = ("reminder", "broadcast")
IN_FLIGHT = 2
LONGEST_WAIT = timedelta(seconds=32)  # what the server asks for, or the last pause of five tries


class Server:
    """Telegram as it is: it notes what arrived, also when its answer is lost."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.script: list[str] = []
        self.blocked = self.silent = False
        self.burned = 0
        self.quiet: Callable[[], bool] = bool
        self.at_night: list[str] = []
        self.arrived: list[tuple[str, datetime]] = []
        self.doubts: Counter[str] = Counter()

    async def send(self, message: Outgoing) -> SendResult:
        key = message.text
        if self.blocked:
            return Blocked("bot was blocked by the user")
        if self.silent:
            self.doubts[key] += 1
            self.burned += key.split()[0].lower() in BULK
            await asyncio.sleep(0)
            return Unknown("no answer")
        match self.script.pop(0) if self.script else "ok":
            case "wait":
                return RetryAfter(30)
            case "away":
                return Unreachable("no connection")
            case "lost":
                self.doubts[key] += 1
                return Unknown("no answer")
            case "answer lost":
                self.doubts[key] += 1
                self._arrive(key)
                return Unknown("no answer")
        self._arrive(key)
        return Sent(len(self.arrived))

    def _arrive(self, key: str) -> None:
        self.arrived.append((key, self.clock()))
        if self.quiet():
            self.at_night.append(key)

    async def edit(self, **_: Any) -> SendResult:
        raise AssertionError("the sender edits nothing")

    async def answers(self) -> bool:
        return not self.silent


class Outbox(RuleBasedStateMachine):
    """One patient, one sender, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = Store(":memory:", durable=False)
        self.clock = FakeClock(MORNING)
        self.server = Server(self.clock)
        self.queued: dict[str, Priority] = {}
        self.queued_at: dict[str, datetime] = {}
        self.may_burn = 0
        self.unwanted_from: datetime | None = None

    @initialize()
    def a_patient_joins(self) -> None:
        self.world = build_world(self.store, CATALOG, self.clock())
        self.ana = self.world.join(treated_at=self.clock(), now=self.clock())
        self.server.quiet = self._at_night
        self.restart()

    def _at_night(self) -> bool:
        return QuietHours().quiet(self.clock().astimezone(self.world.patient().zone))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(
        priority=st.sampled_from(list(Priority)),
        script=st.lists(st.sampled_from(["ok", "wait", "away", "lost", "answer lost"]), max_size=3),
        hours=st.integers(1, 20),
    )
    def queue(self, priority: Priority, script: list[str], hours: int) -> None:
        key = f"{priority.name} {len(self.queued)}"
        now = self.clock()
        self.run(
            self.store.tx(
                outbox.add,
                dedupe_key=key,
                clinic_id=self.world.riverside.id,
                patient_id=self.ana.id,
                chat_id=ANA_CHAT,
                priority=priority,
                payload=payload.pack(key),
                content_version="1",
                now=now,
                expires_at=now + timedelta(hours=hours),
            )
        )
        self.queued[key], self.queued_at[key] = priority, now
        self.server.script += script

    @rule(
        priority=st.sampled_from([Priority.REMINDER, Priority.BROADCAST]),
        end=st.sampled_from(["lost", "answer lost", "away", "wait"]),
    )
    def queue_and_send(self, priority: Priority, end: str) -> None:
        self.server.script.clear()
        self.queue(priority=priority, script=[end], hours=20)
        self.send()

    @rule(
        priority=st.sampled_from([Priority.ESCALATION, Priority.REPLY]),
        end=st.sampled_from(["away", "wait", "lost"]),
        minutes=st.integers(0, 1),
    )
    def two_answers(self, priority: Priority, end: str, minutes: int) -> None:
        """The first fails, and the second is said before it is tried again."""
        self.server.script.clear()
        self.queue(priority=priority, script=[end], hours=20)
        self.queue(priority=priority, script=[], hours=20)
        self.send()
        self.wait_and_send(minutes)

    @rule()
    def send(self) -> None:
        self.run(self.delivery.drain())
        self._note_block()

    @rule(minutes=st.integers(1, 60))
    def wait_and_send(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)
        self.send()

    @rule()
    def tick(self) -> None:
        self.run(tick(self.store, CATALOG, self.clock()))

    @rule(arrived=st.booleans())
    def crash_in_flight(self, *, arrived: bool) -> None:
        """The process ends between the mark and the answer of one request."""
        now = self.clock()
        for claim in self.run(self.store.tx(claims.due, now, 1)):
            going = self.run(Marks(self.store, self.clock).begin(claim.id))
            if going is None:
                continue
            key = payload.unpack(going.row.payload, ANA_CHAT).text
            self.server.doubts[key] += 1
            if arrived:
                self.server.arrived.append((key, now))
        self.restart()

    @rule()
    def restart(self) -> None:
        self.delivery = Delivery(
            self.store, self.server, NoPacer(), self.clock, in_flight=IN_FLIGHT
        )
        self.run(self.delivery.recover())
        self.may_burn += IN_FLIGHT  # what was learned of the line is forgotten

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 60 * 30)))
    def time_passes(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)

    @rule(minutes=st.integers(1, 120))
    def the_clock_jumps_back(self, minutes: int) -> None:
        self.clock.forward(minutes=-minutes)
        self.run(self.delivery.clock_set_back())

    @rule(many=st.integers(1, 6))
    def telegram_falls_silent(self, many: int) -> None:
        """It takes what is sent and answers nothing; a broadcast is under way."""
        self.server.silent, self.server.burned, self.may_burn = True, 0, IN_FLIGHT
        for _ in range(many):
            self.queue(priority=Priority.BROADCAST, script=[], hours=20)
        self.send()

    @rule()
    def telegram_answers_again(self) -> None:
        self.server.silent = False

    @rule(how=st.sampled_from(["opt out", "block"]))
    def leave(self, how: str) -> None:
        if how == "block":
            self.server.blocked = True
            return
        self.run(self.store.tx(preferences.stop, CATALOG, self.world.patient(), self.clock()))
        self.unwanted_from = self.unwanted_from or self.clock()

    @rule()
    def come_back(self) -> None:
        if self.world.patient().state == "stopped":
            self.run(self.store.tx(preferences.resume, CATALOG, self.world.patient(), self.clock()))
        self.server.blocked = False
        self.run(self.store.tx(patients.mark_returned, ANA_CHAT))
        self._wanted_again()

    @rule(zone=st.sampled_from(["Europe/London", "Asia/Kathmandu", "America/St_Johns"]))
    def move(self, zone: str) -> None:
        self.run(
            self.store.tx(
                preferences.set_timezone, CATALOG, self.world.patient(), zone, self.clock()
            )
        )

    @invariant()
    def nothing_arrives_more_often_than_it_was_in_doubt(self) -> None:
        for key, times in Counter(key for key, _ in self.server.arrived).items():
            assert times <= 1 + self.server.doubts[key], key
            if key.startswith("BROADCAST"):
                assert times == 1, key

    @invariant()
    def a_silent_server_is_given_no_more_than_may_be_in_flight(self) -> None:
        assert self.server.burned <= self.may_burn

    @invariant()
    def no_warning_and_no_answer_waits_longer_than_the_longest_pause(self) -> None:
        for row in self._rows() if hasattr(self, "ana") else ():
            if row.state == "waiting" and row.priority < Priority.REMINDER:
                assert row.due_at - self.clock() <= LONGEST_WAIT, row

    @invariant()
    def no_answer_overtakes_one_that_surely_failed(self) -> None:
        for kind in ("ESCALATION", "REPLY"):
            came = [(key, at) for key, at in self.server.arrived if key.startswith(kind)]
            for number, (key, at) in enumerate(came):
                for later, _ in came[number + 1 :]:
                    kept = at < self.queued_at[later] + KEPT_IN_ORDER
                    fell_behind = int(later.split()[1]) < int(key.split()[1])
                    assert not (kept and fell_behind) or self.server.doubts[later], (later, key)

    @invariant()
    def nothing_unasked_arrives_at_night(self) -> None:
        unasked = [key for key in self.server.at_night if key.split()[0].lower() in BULK]
        assert not unasked

    @invariant()
    def nothing_is_lost_without_a_reason(self) -> None:
        arrived = {key for key, _ in self.server.arrived}
        for row in self._rows():
            key = payload.unpack(row.payload, row.chat_id).text
            if row.state == "sent":
                assert key in arrived, key
            elif row.state == "uncertain":
                assert self.server.doubts[key], key
            elif row.state in ("skipped", "failed", "blocked"):
                assert row.detail, key

    def teardown(self) -> None:
        """In the end nothing is left in doubt, and what is wanted is sent or named."""
        if hasattr(self, "ana"):
            self.server.script.clear()
            self.server.blocked = self.server.silent = False
            for _ in range(6):
                self.restart()
                self.run(self.delivery.drain())
                self.clock.forward(hours=6)
            self.run(tick(self.store, CATALOG, self.clock()))
            assert not [row.id for row in self._rows() if row.state == "trying"]
            assert not [
                row.id
                for row in self._rows()
                if row.state == "waiting" and row.expires_at < self.clock()
            ]
        self.store.close()
        self.loop.close()

    def _rows(self) -> list[Any]:
        return list(self.run(self.store.tx(outbox.of_patient, self.ana.id)))

    def _note_block(self) -> None:
        if self.world.patient().state == "blocked":
            self.unwanted_from = self.unwanted_from or self.clock()

    def _wanted_again(self) -> None:
        if self.world.patient().state == "active":
            self.unwanted_from = None

    @invariant()
    def nothing_unasked_arrives_while_it_is_not_wanted(self) -> None:
        if self.unwanted_from is None:
            self.seen = len(self.server.arrived)
            return
        late = [key for key, _ in self.server.arrived[self.seen :]]
        in_flight = [key for key in late if self.server.doubts[key]]
        assert not [
            key
            for key in late
            if not key.startswith(("ESCALATION", "REPLY")) and key not in in_flight
        ]


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
