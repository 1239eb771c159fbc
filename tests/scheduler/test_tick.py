"""The week as the schedule lives it: due, queued, sent once, put off, put aside, corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import Outgoing, Unreachable
from scheduler.model import Patient, Priority
from scheduler.services import care, enrolment, preferences, reminding
from scheduler.services.composing import Composer
from scheduler.services.enrolment import Opened
from scheduler.store import outbox, patients, reminders
from scheduler.store.engine import Store
from scheduler.tick import ASIDE, tick
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, World


class Days:
    """Lets time pass and the bot do its rounds."""

    def __init__(
        self, world: World, store: Store, catalog: Catalog, clock: FakeClock,
        messenger: FakeMessenger,
    ) -> None:  # fmt: skip
        self.world, self.store, self.catalog, self.clock = world, store, catalog, clock
        self.messenger = messenger
        self.delivery = Delivery(store, messenger, NoPacer(), clock)

    async def round(self, crowd: int = 100) -> Counter[str]:
        """Do one tick and send what is due."""
        counts = await tick(self.store, self.catalog, self.clock(), crowd=crowd)
        await self.delivery.drain()
        return counts

    async def pass_by(self, *, minutes: int = 30, **delta: float) -> list[Outgoing]:
        """Let time pass, with a round every so many minutes; return what was sent meanwhile."""
        before = len(self.messenger.sent)
        end = self.clock() + timedelta(**delta)
        while self.clock() < end:
            self.clock.forward(minutes=minutes)
            await self.round()
        return self.messenger.sent[before:]

    def waiting(self, patient: Patient) -> dict[str, datetime]:
        """Return what waits for a patient, and until when."""
        rows = self.store.run(reminders.upcoming, patient.id)
        return {row.step: row.due_at for row in rows}

    def history(self, patient: Patient) -> dict[str, tuple[str, str]]:
        """Return what became of each step."""
        rows = self.store.run(reminders.history, patient.id)
        return {row["step"]: (row["state"], row["reason"]) for row in rows}


@pytest.fixture
def days(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
) -> Days:
    return Days(world, store, catalog, clock, messenger)


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock(), now=clock())


@contextmanager
def logged() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as lines:
        yield lines  # type: ignore[misc]


async def test_a_week_brings_each_message_once_and_none_at_night(days: Days, ana: Patient) -> None:
    sent = await days.pass_by(days=8)
    rows = days.store.run(outbox.of_patient, ana.id)
    assert len(sent) == len(rows) == len({row.dedupe_key for row in rows})
    assert {row.state for row in rows} == {"sent"}
    hours = {row.created_at.astimezone(ana.zone).hour for row in rows}
    assert min(hours) >= 8
    assert max(hours) < 21
    per_day = Counter(row.created_at.astimezone(ana.zone).date() for row in rows)
    assert max(per_day.values()) <= 3
    assert sum("wear makeup" in message.text for message in sent) >= 1


async def test_makeup_never_comes_before_its_wait_is_over(days: Days, ana: Patient) -> None:
    (treatment,) = days.store.run(patients.treatments, ana.id)
    await days.pass_by(days=3, minutes=10)
    (said,) = [
        row for row in days.store.run(outbox.of_patient, ana.id) if "wear makeup" in row.payload
    ]
    assert said.created_at >= treatment.treated_at + timedelta(hours=24)


async def test_a_second_round_at_the_same_instant_sends_nothing_twice(
    days: Days, ana: Patient
) -> None:
    days.clock.forward(hours=6)
    first = await days.round()
    assert first["queued"] >= 1
    assert (await days.round())["queued"] == 0
    assert len(days.messenger.sent) == 1


async def test_joining_on_day_three_brings_nothing_stale(
    world: World, days: Days, clock: FakeClock
) -> None:
    treated = clock()
    late = clock.forward(days=3)
    ana = world.join(treated_at=treated, now=late)
    assert not {"first_wash", "day1_morning", "makeup", "day2_morning"} & set(days.waiting(ana))
    sent = await days.pass_by(days=1)
    assert all("Day 1" not in message.text for message in sent)
    assert sent


async def test_a_night_without_the_bot_brings_in_the_morning_what_is_still_worth_it(
    days: Days, ana: Patient
) -> None:
    days.clock.forward(days=1, hours=20)  # ten in the morning, two days on
    counts = await days.round()
    states = days.history(ana)
    assert states["day1_morning"] == ("skipped", "stale")
    assert states["day2_morning"][0] == "sent"
    assert counts["stale"] >= 1


async def test_what_falls_into_the_night_waits_for_the_morning(days: Days, ana: Patient) -> None:
    days.store.run(
        lambda db: db.execute("UPDATE reminder SET stale_at = '2026-11-26T00:00:00.000000Z'")
    )
    days.clock.at = datetime.fromisoformat("2026-11-24T23:30+00:00")
    counts = await days.round()
    assert counts["postponed"] >= 1
    assert not days.messenger.sent
    soonest = min(days.waiting(ana).values())
    assert soonest == datetime.fromisoformat("2026-11-25T08:00+00:00")


async def test_the_limit_of_the_day_holds_even_when_ticks_come_late(
    days: Days, ana: Patient
) -> None:
    def queue(db: Database) -> None:
        for number in range(3):
            outbox.add(
                db, dedupe_key=f"r{number}", clinic_id=ana.clinic_id, patient_id=ana.id,
                chat_id=ANA_CHAT, priority=Priority.REMINDER, payload="{}",
                content_version="", now=days.clock(), expires_at=days.clock(),
            )  # fmt: skip

    days.clock.forward(hours=6)
    days.store.run(queue)
    counts = await tick(days.store, days.catalog, days.clock())
    assert counts["too_many"] >= 1
    assert ("skipped", "too_many") in days.history(ana).values()


async def test_a_patient_who_paused_hears_nothing_and_then_only_what_is_fresh(
    days: Days, ana: Patient
) -> None:
    days.store.run(preferences.pause, ana, days.clock())
    assert await days.pass_by(hours=23) == []
    assert await days.pass_by(hours=24)


async def test_a_patient_who_stopped_hears_nothing_more(days: Days, ana: Patient) -> None:
    days.store.run(preferences.stop, days.catalog, ana, days.clock())
    assert await days.pass_by(days=3, minutes=120) == []


async def test_who_blocked_the_bot_is_left_alone_and_taken_up_on_return(
    days: Days, ana: Patient
) -> None:
    days.store.run(patients.mark_blocked, ana.id)
    assert await days.pass_by(days=2, minutes=120) == []
    days.store.run(patients.mark_returned, ANA_CHAT)
    sent = await days.pass_by(days=1)
    assert sent
    assert all("Day 1" not in message.text for message in sent)


async def test_a_corrected_wait_moves_what_waits_and_leaves_what_was_sent(
    days: Days, ana: Patient
) -> None:
    await days.pass_by(hours=8)
    sent = len(days.messenger.sent)
    (treatment,) = days.store.run(patients.treatments, ana.id)
    before = days.waiting(ana)["makeup"]
    days.store.run(patients.correct_treatment, treatment.id, waits={"makeup": 72})
    days.store.run(care.replan, days.catalog, ana.id, days.clock())
    assert days.waiting(ana)["makeup"] >= before + timedelta(hours=44)
    assert days.history(ana)["first_wash"][0] == "sent"
    assert len(days.messenger.sent) == sent


async def test_a_message_that_could_not_leave_yet_follows_a_correction_too(
    days: Days, ana: Patient
) -> None:
    days.messenger.results.extend([Unreachable("no network")] * 50)
    await days.pass_by(hours=24, minutes=60)
    stuck = [row for row in days.store.run(outbox.of_patient, ana.id) if row.state == "waiting"]
    assert any("wear makeup" in row.payload for row in stuck)
    (treatment,) = days.store.run(patients.treatments, ana.id)
    days.store.run(patients.correct_treatment, treatment.id, waits={"makeup": 72})
    days.store.run(care.replan, days.catalog, ana.id, days.clock())
    days.messenger.results.clear()
    days.messenger.sent.clear()
    soon = await days.pass_by(hours=5)
    assert not any("can wear makeup" in message.text for message in soon)
    later = await days.pass_by(hours=48)
    assert any("can wear makeup again" in message.text for message in later)


async def test_two_treatments_make_one_message_and_the_stricter_wait(
    world: World, days: Days, ana: Patient
) -> None:
    now = days.clock.forward(minutes=30)
    code = world.invite(treated_at=now, now=now, waits={"makeup": 72.0})
    opened = days.store.run(enrolment.open_code, code, chat_id=ANA_CHAT, language="en", now=now)
    assert isinstance(opened, Opened)
    days.store.run(enrolment.join_again, days.catalog, ana.id, now)
    sent = await days.pass_by(days=4)
    rows = days.store.run(outbox.of_patient, ana.id)
    per_day = Counter(row.created_at.astimezone(ana.zone).date() for row in rows)
    assert max(per_day.values()) <= 3
    allowed = [row.created_at for row in rows if "can wear makeup again" in row.payload]
    assert allowed
    assert min(allowed) >= now + timedelta(hours=72)
    assert sum("<b>Day 2" in message.text for message in sent) == 2  # morning and evening


async def test_one_broken_patient_does_not_stop_the_others(
    world: World, days: Days, ana: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bea = world.join(treated_at=days.clock(), now=days.clock(), chat_id=102)
    queue_due = reminding.queue_due

    def breaks_for_ana(
        db: Database, composer: Composer, patient_ids: Sequence[int], now: datetime
    ) -> Counter[str]:
        queued = queue_due(db, composer, patient_ids, now)
        if ana.id in patient_ids:
            raise KeyError("a template that is gone")
        return queued

    monkeypatch.setattr(reminding, "queue_due", breaks_for_ana)
    days.clock.forward(hours=6)
    with logged() as lines:
        counts = await days.round()
    assert counts["broken"] == 1
    assert [message.chat_id for message in days.messenger.sent] == [102]
    (told,) = [line for line in lines if line["event"] == "reminders.pushed_aside"]
    assert told["patient"] == ana.id
    assert days.history(bea)["first_wash"][0] == "sent"
    assert min(days.waiting(ana).values()) == days.clock() + ASIDE


async def test_a_crowd_is_dealt_with_in_batches_within_one_round(
    world: World, days: Days, clock: FakeClock
) -> None:
    for chat_id in range(501, 508):
        world.join(treated_at=clock(), now=clock(), chat_id=chat_id)
    clock.forward(hours=6)
    counts = await days.round(crowd=3)
    assert counts["patients"] == 7
    assert {message.chat_id for message in days.messenger.sent} == set(range(501, 508))


async def test_a_step_whose_message_was_said_before_does_not_stay_due_for_ever(
    days: Days, ana: Patient
) -> None:
    days.clock.forward(hours=6)
    await days.round()
    days.store.run(
        lambda db: db.execute("UPDATE reminder SET state = 'waiting' WHERE state = 'queued'")
    )
    counts = await days.round(crowd=1)
    assert counts["queued"] == 0
    assert days.history(ana)["first_wash"] == ("skipped", "said_before")


async def test_a_message_is_worthless_once_the_night_begins(days: Days, ana: Patient) -> None:
    days.clock.at = datetime.fromisoformat("2026-11-25T19:30+00:00")
    await tick(days.store, days.catalog, days.clock())
    (row,) = days.store.run(outbox.of_patient, ana.id)
    assert row.expires_at <= datetime.fromisoformat("2026-11-25T21:00+00:00")


async def test_later_comes_two_hours_on_and_carries_no_second_later(
    days: Days, ana: Patient
) -> None:
    days.clock.at = datetime.fromisoformat("2026-11-25T09:00+00:00")
    await days.round()
    (row,) = days.store.run(outbox.of_patient, ana.id)
    at = days.store.run(reminding.remind_later, days.catalog, ana, row.id, days.clock())
    assert at == days.clock() + timedelta(hours=2)
    again = days.store.run(reminding.remind_later, days.catalog, ana, row.id, days.clock())
    assert again == at
    sent = await days.pass_by(hours=3, minutes=20)
    assert sent[0].text == payload.unpack(row.payload, ANA_CHAT).text
    assert len([message for message in sent if message.text == sent[0].text]) == 1
    assert len(sent[0].buttons[0]) == 1


async def test_a_message_that_came_later_is_not_put_off_again(days: Days, ana: Patient) -> None:
    days.clock.at = datetime.fromisoformat("2026-11-25T09:00+00:00")
    await days.round()
    (first,) = days.store.run(outbox.of_patient, ana.id)
    days.store.run(reminding.remind_later, days.catalog, ana, first.id, days.clock())
    (_, again) = days.store.run(outbox.of_patient, ana.id)
    assert days.store.run(reminding.remind_later, days.catalog, ana, again.id, days.clock()) is None


async def test_later_in_the_evening_is_too_late_and_of_nobodys_message_is_refused(
    world: World, days: Days, ana: Patient
) -> None:
    days.clock.at = datetime.fromisoformat("2026-11-25T19:30+00:00")
    await days.round()
    (row,) = days.store.run(outbox.of_patient, ana.id)
    assert days.store.run(reminding.remind_later, days.catalog, ana, row.id, days.clock()) is None
    bea = world.join(treated_at=days.clock(), now=days.clock(), chat_id=102)
    for stranger, number in ((bea, row.id), (ana, 9999)):
        with pytest.raises(LookupError):
            days.store.run(reminding.remind_later, days.catalog, stranger, number, days.clock())


async def test_spanish_patients_are_reminded_in_spanish(
    world: World, days: Days, clock: FakeClock
) -> None:
    world.join(treated_at=clock(), now=clock(), language="es")
    (message, *_) = await days.pass_by(hours=7)
    labels = [button.text for row in message.buttons for button in row]
    assert "Hecho" in labels


def test_nothing_is_queued_for_somebody_who_is_not_there(
    store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    assert not +store.run(reminding.queue_due, Composer(catalog, clock()), [99], clock())


async def test_one_tick_ends_though_very_much_is_due_and_the_next_goes_on(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.tick.ROUNDS", 2)
    for number in range(5):
        days.world.join(treated_at=days.clock(), now=days.clock(), chat_id=700 + number)
    days.clock.forward(days=1)
    looked_at = [(await days.round(crowd=1))["patients"] for _ in range(4)]
    assert looked_at == [2, 2, 1, 0]
    assert len(days.messenger.sent) == 5
