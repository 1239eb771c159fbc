"""The promises of delivery under any order of events: a machine that tries to break them.

It queues, edits, sends, crashes, restarts, is told to wait, is blocked, opts out, pauses, has its
treatment corrected, meets a server that is silent and jumps the clock, in any order. It holds each
request against the promises, after every step what became of each message, and in the end whether
all that was worth sending was sent or is named.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
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
from scheduler.model import OutboxRow, Priority
from scheduler.services import correction, preferences
from scheduler.store import aside, claims, outbox, patients
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
ASKED_FOR = 30  # seconds
TRIES = {"escalation": 5, "reply": 5, "reminder": 2, "broadcast": 1}
LATE_MORNING = 10  # o'clock; what was put off for the night is due
MOST_TRIES = max(TRIES.values())
EDITED = "edited"
MAKEUP_OVER = "can wear makeup"


def named(text: str) -> str:
    """Return what makes a text known again, also when it has been edited."""
    words = text.split()
    return " ".join(words[:2]) if words[0].lower() in TRIES else text


class Gate(NoPacer):
    """A pacer that keeps to pauses on the machine's own time, which no jump of the clock touches.

    Args:
        time: How many seconds have passed.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        super().__init__()
        self._time = time
        self._all = self._bulk = 0.0

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        self._bulk = max(self._bulk, self._time() + seconds)
        if everybody:
            self._all = max(self._all, self._time() + seconds)

    async def go(self, *, priority: int) -> float:
        until = self._bulk if priority >= Priority.REMINDER else self._all
        return max(until - self._time(), 0.0)


@dataclass(frozen=True)
class Pause:
    """What Telegram asked for: nothing that can wait in between, or nothing at all."""

    since: float
    until: float
    everybody: bool


class Server:
    """Telegram as it is: it notes what arrived, also when its answer is lost."""

    def __init__(self, clock: FakeClock, seconds: Callable[[], float]) -> None:
        self.clock, self.seconds = clock, seconds
        self.wrong: Callable[[str, str], str | None] = lambda _key, _text: None
        self.broken: list[str] = []
        self.pauses: list[Pause] = []
        self.script: list[str] = []
        self.blocked = self.silent = False
        self.burned = 0
        self.quiet: Callable[[], bool] = bool
        self.at_night: list[str] = []
        self.arrived: list[tuple[str, datetime]] = []
        self.doubts: Counter[str] = Counter()

    async def send(self, message: Outgoing) -> SendResult:
        key = named(message.text)
        self._hold_against_the_promises(key, message.text)
        if self.blocked:
            return Blocked("bot was blocked by the user")
        if self.silent:
            self.doubts[key] += 1
            self.burned += is_bulk(key)
            await asyncio.sleep(0)
            return Unknown("no answer")
        match self.script.pop(0) if self.script else "ok":
            case "wait":
                now = self.seconds()
                self.pauses.append(Pause(now, now + ASKED_FOR, not is_bulk(key)))
                return RetryAfter(ASKED_FOR)
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

    def _hold_against_the_promises(self, key: str, text: str) -> None:
        """Note what is wrong with a request, whatever becomes of it."""
        now = self.seconds()
        for pause in self.pauses:  # what was under way when it was asked for has left before
            if pause.since < now < pause.until and (pause.everybody or is_bulk(key)):
                self.broken.append(f"{key}: within a pause of {pause}")
        if why := self.wrong(key, text):
            self.broken.append(f"{key}: {why}")

    def _arrive(self, key: str) -> None:
        self.arrived.append((key, self.clock()))
        if self.quiet():
            self.at_night.append(key)

    async def edit(self, **_: Any) -> SendResult:
        raise AssertionError("the sender edits nothing")

    async def delete(self, **_: Any) -> SendResult:
        raise AssertionError("the sender deletes nothing")

    async def answers(self) -> bool:
        return not self.silent


def is_bulk(key: str) -> bool:
    return key.split(maxsplit=1)[0].lower() not in ("escalation", "reply")


class Outbox(RuleBasedStateMachine):
    """One patient, one sender, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = Store(":memory:", durable=False)
        self.clock = FakeClock(MORNING)
        self.seconds = self.set_back = 0.0
        self.server = Server(self.clock, lambda: self.seconds)
        self.expires: dict[str, datetime] = {}
        self.edited: set[str] = set()
        self.paused_until: datetime | None = None
        self.makeup_hours = 24
        self.ever: set[str] = set()
        self.queued: dict[str, Priority] = {}
        self.queued_at: dict[str, datetime] = {}
        self.may_burn = 0
        self.unwanted_from: datetime | None = None

    @initialize()
    def a_patient_joins(self) -> None:
        self.world = build_world(self.store, CATALOG, self.clock())
        self.ana = self.world.join(treated_at=self.clock(), now=self.clock())
        self.treated_at = self.clock()
        self.server.quiet = self._at_night
        self.server.wrong = self._wrong
        self.restart()

    def _at_night(self) -> bool:
        return QuietHours().quiet(self.clock().astimezone(self.world.patient().zone))

    def _wrong(self, key: str, text: str) -> str | None:
        """Say what is wrong with a request at this moment; None if nothing is."""
        now = self.clock()
        if key in self.expires and self.expires[key] < now:
            return "it is worth nothing any more"
        if key in self.edited and EDITED not in text:
            return "it is said as it was before it was edited"
        if is_bulk(key) and self.paused_until is not None and now < self.paused_until:
            return "she pauses"
        if MAKEUP_OVER in text:
            over = self.treated_at + timedelta(hours=self.makeup_hours)
            if now + timedelta(seconds=self.set_back) < over:
                return "the wait still runs"
        return None

    def pass_time(self, **delta: float) -> None:
        before = self.clock()
        self.seconds += (self.clock.forward(**delta) - before).total_seconds()

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
        self.expires[key] = now + timedelta(hours=hours)
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

    @rule(priority=st.sampled_from(list(Priority)))
    def lost_again_and_again(self, priority: Priority) -> None:
        """No try has an answer, and the line is asked whether it answers between two of them."""
        self.server.script.clear()
        self.queue(priority=priority, script=[], hours=20)
        for _ in range(MOST_TRIES + 1):
            self.server.script[:] = ["lost"]
            self.send()
            self.pass_time(seconds=33)
        self.server.script.clear()

    @rule(
        first=st.sampled_from(list(Priority)),
        second=st.sampled_from([Priority.REMINDER, Priority.BROADCAST]),
        after=st.integers(1, ASKED_FOR - 1),
        restarts=st.booleans(),
    )
    def told_to_wait(
        self, first: Priority, second: Priority, after: int, *, restarts: bool
    ) -> None:
        """Telegram asks for a pause, and within it there is more to send, perhaps anew started."""
        self.server.script.clear()
        self.queue(priority=first, script=["wait"], hours=20)
        self.send()
        self.pass_time(seconds=after)
        if restarts:
            self.restart()
        self.queue(priority=second, script=[], hours=20)
        self.send()

    @rule(priority=st.sampled_from(list(Priority)), end=st.sampled_from(["away", "lost", "ok"]))
    def edit(self, priority: Priority, end: str) -> None:
        """What waits is given other words, after a try that failed."""
        self.server.script.clear()
        self.queue(priority=priority, script=[end], hours=20)
        self.send()
        for row in self._rows():
            key = named(payload.unpack(row.payload, ANA_CHAT).text)
            if row.state == "waiting" and key in self.queued:
                self.edited.add(key)
                self.run(self.store.tx(outbox.rewrite, row.id, payload.pack(f"{key} {EDITED}")))
        self.wait_and_send(1)

    @rule(hours=st.sampled_from([24, 36, 48, 72]))
    def the_clinic_corrects_a_wait(self, hours: int) -> None:
        self.makeup_hours = hours
        self.run(
            self.store.tx(
                correction.correct,
                CATALOG,
                self.world.patient(),
                self.clock(),
                actor="shell",
                waits={"makeup": hours},
            )
        )

    @rule(end=st.sampled_from(["lost", "answer lost", "away", "ok"]), corrected=st.booleans())
    def makeup_is_near(self, end: str, *, corrected: bool) -> None:
        """The wait for makeup ends; what tells of it may fail, and the wait be made longer."""
        self.come_back()
        self.server.silent = False
        over = self.treated_at + timedelta(hours=self.makeup_hours)
        if self.clock() < over:
            self.pass_time(seconds=(over - self.clock()).total_seconds())
        self.server.script[:] = [end, "away"]
        self.tick()
        self.send()
        if corrected:
            self.the_clinic_corrects_a_wait(72)
        self.wait_and_send(1)

    @rule()
    def pause(self) -> None:
        self.ever.add("paused")
        self.paused_until = self.run(
            self.store.tx(preferences.pause, self.world.patient(), self.clock())
        )

    @rule()
    def send(self) -> None:
        self.run(self.delivery.drain())
        self._note_block()

    @rule(minutes=st.integers(1, 60))
    def wait_and_send(self, minutes: int) -> None:
        self.pass_time(minutes=minutes)
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
            key = named(payload.unpack(going.row.payload, ANA_CHAT).text)
            self.server.doubts[key] += 1
            if arrived:
                self.server.arrived.append((key, now))
        self.restart()

    @rule()
    def restart(self) -> None:
        self.delivery = Delivery(
            self.store, self.server, Gate(lambda: self.seconds), self.clock, in_flight=IN_FLIGHT
        )
        self.run(self.delivery.recover())
        self.may_burn += IN_FLIGHT  # what was learned of the line is forgotten

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 60 * 30)))
    def time_passes(self, minutes: int) -> None:
        self.pass_time(minutes=minutes)

    @rule(minutes=st.integers(1, 120))
    def the_clock_jumps_back(self, minutes: int) -> None:
        self.clock.forward(minutes=-minutes)
        self.set_back += minutes * 60
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
        self.ever.add(how)
        if how == "block":
            self.server.blocked = True
            return
        self.run(self.store.tx(preferences.stop, CATALOG, self.world.patient(), self.clock()))
        self.unwanted_from = self.unwanted_from or self.clock()

    @rule()
    def come_back(self) -> None:
        self.server.blocked, self.paused_until = False, None
        self.run(self.store.tx(patients.mark_returned, ANA_CHAT))
        self.run(self.store.tx(preferences.resume, CATALOG, self.world.patient(), self.clock()))
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
    def no_request_breaks_a_promise(self) -> None:
        assert not self.server.broken

    @invariant()
    def nothing_is_tried_more_often_than_is_safe(self) -> None:
        for row, key in self._named_rows():
            assert self.server.doubts[key] <= TRIES[row.kind], key

    @invariant()
    def what_is_uncertain_was_in_doubt_as_often_as_it_may_be_or_says_why_not(self) -> None:
        for row, key in self._named_rows():
            if row.state == "uncertain" and not row.detail.startswith(aside.NOT_AGAIN):
                assert self.server.doubts[key] == TRIES[row.kind], (key, row.detail)

    @invariant()
    def what_is_skipped_surely_did_not_arrive_and_for_a_reason_there_was(self) -> None:
        for row, key in self._named_rows():
            if row.state in ("skipped", "blocked"):
                assert not self.server.doubts[key], (key, row.detail)
            if row.state == "skipped":
                assert self._was_so(row), (key, row.detail)

    def _was_so(self, row: OutboxRow) -> bool:
        """Whether there was the reason that a skipped row states."""
        match row.detail:
            case "stale":
                return row.finished_at is not None and row.finished_at > row.expires_at
            case "paused":
                return "paused" in self.ever
            case "opted_out":
                return "opt out" in self.ever
            case "blocked":
                return "block" in self.ever
            case "not wanted":
                return bool(self.ever - {"paused"})
            case _:
                return False

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
            key = named(payload.unpack(row.payload, row.chat_id).text)
            if row.state == "sent":
                assert key in arrived, key
            elif row.state == "uncertain":
                assert self.server.doubts[key], key
            elif row.state in ("skipped", "failed", "blocked"):
                assert row.detail, key

    def teardown(self) -> None:
        """In the end nothing is left in doubt, and what is wanted is sent or named."""
        try:
            if hasattr(self, "ana"):
                self._end_well()
        finally:
            self.store.close()
            self.loop.close()

    def _end_well(self) -> None:
        self.server.script.clear()
        self.server.silent = False
        self.come_back()
        self._all_that_is_worth_it_is_sent_or_named()
        self._each_promise_is_put_to_the_test()
        for _ in range(6):
            self.restart()
            self.run(self.delivery.drain())
            self.pass_time(hours=6)
        self.no_request_breaks_a_promise()
        self.run(tick(self.store, CATALOG, self.clock()))
        assert not [row.id for row in self._rows() if row.state == "trying"]
        assert not [
            row.id
            for row in self._rows()
            if row.state == "waiting" and row.expires_at < self.clock()
        ]

    def _all_that_is_worth_it_is_sent_or_named(self) -> None:
        """It is morning, Telegram answers, she wants to hear: within minutes nothing waits."""
        while self.clock().astimezone(self.world.patient().zone).hour != LATE_MORNING:
            self.pass_time(minutes=30)
        for priority in Priority:
            self.queue(priority=priority, script=[], hours=20)
        now, soon = self.clock(), self.clock() + timedelta(minutes=10)
        owed = [
            row.id
            for row in self._rows()
            if row.state in ("waiting", "trying") and row.due_at <= now and row.expires_at > soon
        ]
        self.restart()
        for _ in range(8):
            self.run(self.delivery.drain())
            self.pass_time(seconds=33)
        ends = {row.id: row.state for row in self._rows()}
        assert {ends[row_id] for row_id in owed} <= {"sent", "uncertain"}
        assert list(ends.values())[-len(Priority) :] == ["sent"] * len(Priority)

    def _each_promise_is_put_to_the_test(self) -> None:
        """What chance may have left out is done to every kind, beginning in the morning."""
        for priority in Priority:
            self.lost_again_and_again(priority)
        for priority in Priority:
            for restarts in (False, True):
                self.told_to_wait(priority, Priority.REMINDER, 5, restarts=restarts)
                self.pass_time(seconds=ASKED_FOR)
                self.send()
        for priority in Priority:
            self.queue(priority=priority, script=[], hours=1)
        self.pass_time(hours=1, seconds=1)
        self.send()  # all of them have expired
        changes: tuple[Callable[[], object], ...] = (
            self.pause,
            lambda: self.leave("opt out"),
            lambda: self.pass_time(hours=2),
        )
        for change in changes:
            for priority in Priority:
                self.queue(priority=priority, script=["lost"], hours=1)
                self.send()
                self.server.script.clear()
            change()
            self.tick()
            self.send()
            self.hold_to_the_promises()
            self.come_back()
        while not self._at_night():
            self.pass_time(minutes=30)
        for priority in Priority:
            self.queue(priority=priority, script=[], hours=1)
        self.send()
        self.hold_to_the_promises()

    def hold_to_the_promises(self) -> None:
        """Do what is else done after every step."""
        self.no_request_breaks_a_promise()
        self.nothing_is_tried_more_often_than_is_safe()
        self.what_is_uncertain_was_in_doubt_as_often_as_it_may_be_or_says_why_not()
        self.what_is_skipped_surely_did_not_arrive_and_for_a_reason_there_was()
        self.nothing_arrives_more_often_than_it_was_in_doubt()
        self.nothing_unasked_arrives_at_night()
        self.nothing_is_lost_without_a_reason()

    def _named_rows(self) -> list[tuple[OutboxRow, str]]:
        """Return the rows that the machine queued itself, and what makes each known."""
        if not hasattr(self, "ana"):
            return []
        rows = [(row, named(payload.unpack(row.payload, row.chat_id).text)) for row in self._rows()]
        return [(row, key) for row, key in rows if key in self.queued]

    def _rows(self) -> list[OutboxRow]:
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
