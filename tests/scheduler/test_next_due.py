"""When a patient is next looked at: the due time of her first reminder that waits, always."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.services import care, preferences
from scheduler.store import patients, reminders
from scheduler.store.engine import Store, stamp
from scheduler.store.migrations import MIGRATIONS
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, build_world

CATALOG = Catalog()
BEA_CHAT = ANA_CHAT + 1
Event = Literal["hours", "round", "pause", "resume", "stop", "agree", "postpone", "away", "erase"]
EVENTS: tuple[Event, ...] = Event.__args__  # type: ignore[attr-defined]


def make_active(db: Database, patient_id: int) -> None:
    patients.change(db, patient_id, state="active")


CHANGES: dict[Event, list[tuple[Any, ...]]] = {
    "pause": [(preferences.pause, "patient", "now")],
    "resume": [(preferences.resume, "catalog", "patient", "now")],
    "stop": [(preferences.stop, "catalog", "patient", "now")],
    "agree": [(make_active, "id"), (care.replan, "catalog", "id", "now")],
    "postpone": [(reminders.postpone, "id", "now", "later")],
    "away": [(reminders.take_back, "id", "now")],
    "erase": [(patients.erase, "id")],
}


def apart(db: Database) -> list[tuple[int, str | None, str | None]]:
    """Return patients whose next due time is not that of the first reminder that waits."""
    return db.execute(
        "SELECT id, next_due, (SELECT MIN(due_at) FROM reminder"
        " WHERE patient_id = patient.id AND state = 'waiting') AS first"
        " FROM patient WHERE next_due IS NOT first"
    ).fetchall()


def first_due(db: Database, patient_id: int) -> list[tuple[str | None]]:
    return db.execute("SELECT next_due FROM patient WHERE id = ?", [patient_id]).fetchall()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 1)), max_size=25))
def test_whatever_happens_to_her_plan_she_is_looked_at_when_its_first_reminder_is_due(
    events: list[tuple[Event, int]],
) -> None:
    store, clock = Store(":memory:", durable=False), FakeClock()
    try:
        world = build_world(store, CATALOG, clock())
        for chat in (ANA_CHAT, BEA_CHAT):
            world.join(treated_at=clock() - timedelta(hours=2), now=clock(), chat_id=chat)
        for event, whose in events:
            happen(event, store, clock, (ANA_CHAT, BEA_CHAT)[whose])
            assert store.run(apart) == []
    finally:
        store.close()


def happen(event: Event, store: Store, clock: FakeClock, chat_id: int) -> None:
    patient = store.run(patients.by_chat, chat_id)
    now, later = clock(), clock() + timedelta(hours=5)
    if event == "hours":
        clock.forward(hours=9)
    elif event == "round":
        asyncio.run(tick(store, CATALOG, now))
    elif patient is not None:
        for work, *told in CHANGES[event]:
            given_ = {"catalog": CATALOG, "patient": patient, "now": now, "later": later}
            store.run(work, *(given_.get(name, patient.id) for name in told))


def test_the_reminders_of_an_older_database_are_sent_when_they_are_due(
    tmp_path: Path, clock: FakeClock
) -> None:
    path, at = tmp_path / "old.db", stamp(clock())
    due = [stamp(clock() + timedelta(hours=hours)) for hours in (30, 6, 18)]
    db = Database(path, strict=True)
    MIGRATIONS.apply(db, stop_before="m0008_due")
    db.conn.executescript(f"""
        INSERT INTO clinic (slug, name, timezone, language, phone, emergency_number, created_at)
            VALUES ('old', 'Old', 'UTC', 'en', '1', '112', '{at}');
        INSERT INTO patient (ref, clinic_id, chat_id, state, language, timezone, invited_at)
            SELECT column1, 1, column2, 'active', 'en', 'UTC', '{at}'
            FROM (VALUES ('R1', 1), ('R2', 2));
        INSERT INTO treatment (patient_id, procedure, treated_at, created_at)
            VALUES (1, 'microneedling', '{at}', '{at}');
        INSERT INTO reminder (patient_id, treatment_id, step, due_at, not_before, stale_at, state)
            VALUES (1, 1, 'a', '{due[0]}', '{at}', '{due[0]}', 'waiting'),
                (1, 1, 'b', '{due[1]}', '{at}', '{due[1]}', 'queued'),
                (1, 1, 'c', '{due[2]}', '{at}', '{due[2]}', 'waiting');
    """)
    db.close()
    store = Store(path)
    try:
        assert store.run(apart) == []
        assert store.run(first_due, 1) == [(due[2],)]
        assert store.run(first_due, 2) == [(None,)]
        assert store.run(reminders.due_patients, clock() + timedelta(hours=17), 5) == []
        assert store.run(reminders.due_patients, clock() + timedelta(hours=18), 5) == [1]
    finally:
        store.close()


def test_who_waits_longest_is_looked_at_first(store: Store, clock: FakeClock) -> None:
    world = build_world(store, CATALOG, clock())
    late = world.join(treated_at=clock(), now=clock(), chat_id=1)
    early = world.join(treated_at=clock() - timedelta(days=2), now=clock(), chat_id=2)
    store.run(patients.change, late.id, timezone="America/Los_Angeles")
    store.run(care.replan, CATALOG, late.id, clock())
    tomorrow = clock() + timedelta(days=2)
    assert store.run(reminders.due_patients, tomorrow, 5) == [early.id, late.id]
    assert store.run(reminders.due_patients, tomorrow, 1) == [early.id]
