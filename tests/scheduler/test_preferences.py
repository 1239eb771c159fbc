"""What a patient sets takes effect at once, and saying it twice is saying it once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from content.catalog import Catalog
from scheduler.model import Patient, Priority
from scheduler.services import preferences
from scheduler.store import outbox, records, reminders
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock(), now=clock())


def queue(store: Store, ana: Patient, clock: FakeClock, priority: Priority) -> int:
    row = store.run(
        outbox.add,
        dedupe_key=priority.name, clinic_id=ana.clinic_id, patient_id=ana.id, chat_id=ANA_CHAT,
        priority=priority, payload="{}", content_version="", now=clock(),
        expires_at=clock() + timedelta(hours=1),
    )  # fmt: skip
    assert row is not None
    return row


def state(store: Store, row_id: int) -> tuple[str, str]:
    row = store.run(outbox.by_id, row_id)
    assert row is not None
    return row.state, row.detail


def test_stopping_empties_the_plan_and_what_waits_but_no_answer(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, ana: Patient
) -> None:
    rows = {kind: queue(store, ana, clock, kind) for kind in Priority}
    assert store.run(preferences.stop, catalog, ana, clock()) == "changed"
    assert world.patient().state == "stopped"
    assert store.run(reminders.upcoming, ana.id) == []
    assert state(store, rows[Priority.REMINDER]) == ("skipped", "opted_out")
    assert state(store, rows[Priority.BROADCAST]) == ("skipped", "opted_out")
    assert state(store, rows[Priority.REPLY])[0] == "waiting"
    assert store.run(preferences.stop, catalog, world.patient(), clock()) == "unchanged"
    actions = [row["action"] for row in store.run(records.audited, ana.ref)]
    assert actions.count("patient.stopped") == 1


def test_coming_back_brings_the_plan_back(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, ana: Patient
) -> None:
    before = [row.step for row in store.run(reminders.upcoming, ana.id)]
    store.run(preferences.stop, catalog, ana, clock())
    assert store.run(preferences.resume, catalog, world.patient(), clock()) == "changed"
    assert [row.step for row in store.run(reminders.upcoming, ana.id)] == before
    assert store.run(preferences.resume, catalog, world.patient(), clock()) == "unchanged"


def test_a_pause_lasts_a_day_and_ends_sooner_if_she_likes(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, ana: Patient
) -> None:
    row = queue(store, ana, clock, Priority.REMINDER)
    until = store.run(preferences.pause, ana, clock())
    assert until == clock() + timedelta(days=1)
    assert state(store, row) == ("skipped", "paused")
    assert store.run(reminders.due_patients, clock() + timedelta(hours=20), 10) == []
    assert store.run(preferences.resume, catalog, world.patient(), clock()) == "changed"
    assert store.run(reminders.due_patients, clock() + timedelta(hours=20), 10) == [ana.id]


def test_a_pause_that_is_over_needs_no_resume(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, ana: Patient
) -> None:
    store.run(preferences.pause, ana, clock())
    clock.forward(days=2)
    assert store.run(preferences.resume, catalog, world.patient(), clock()) == "unchanged"


def test_another_language_and_another_clock(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, ana: Patient
) -> None:
    store.run(preferences.set_language, ana, "es")
    store.run(preferences.set_timezone, catalog, ana, "Asia/Kolkata", clock())
    now = world.patient()
    assert (now.language, now.timezone, now.asked) == ("es", "Asia/Kolkata", None)
