"""Her data: a copy of all of it, and an erasure that leaves no row in any table."""

from __future__ import annotations

import json

import pytest
from sqlite_utils import Database

from content.catalog import Catalog
from content.understand import Finding, Route, Understanding
from scheduler.delivery import Delivery
from scheduler.model import Patient
from scheduler.services import asking, privacy, raising, sessions, sharing
from scheduler.store import outbox, records, reminders, roster, talk
from scheduler.store.engine import Store
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, ROSA, World

SECRET = "there is pus under my left eye"
SECRET = "there is pus under my left eye"
PUS = Understanding(Route.URGENT, findings=(Finding("pus", Route.URGENT, SECRET),))


@pytest.fixture
async def ana(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
) -> Patient:
    """A patient about whom there is something in every table that can hold something."""
    ana = world.join(treated_at=clock(), now=clock())
    store.run(
        asking.hear, ana, chat_id=ANA_CHAT, message_id=11, said=SECRET, understood=PUS, now=clock()
    )
    store.run(
        sharing.receive, ana, kind="photo", file_id="photo-file", message_id=12, album="",
        now=clock(),
    )  # fmt: skip
    store.run(sharing.decide, ana, yes=True, now=clock())
    store.run(roster.add_note, ana.id, ROSA, "prefers mornings", clock())
    store.run(
        sessions.book, ana, clock.forward(days=1).replace(month=12), source="shell", actor="shell",
        now=clock(),
    )  # fmt: skip
    clock.at = clock().replace(hour=9)
    await tick(store, catalog, clock())
    await raising.sweep(store, catalog, clock())
    await Delivery(store, messenger, NoPacer(), clock).drain()
    sent = [row for row in store.run(outbox.of_patient, ana.id) if row.kind == "reminder"]
    store.run(talk.add_answer, patient_id=ana.id, outbox_id=sent[0].id, choice="done", now=clock())
    (escalation,) = store.run(talk.escalations, patient_id=ana.id)
    assert escalation.level == "urgent"
    return ana


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    def read(db: Database) -> dict[str, list[tuple[object, ...]]]:
        return {
            table: db.execute(f"SELECT * FROM {table}").fetchall()
            for table in db.table_names()
            if not table.startswith("_sqlite")
        }

    return store.run(read)


def test_the_copy_holds_what_she_wrote_was_sent_and_tapped(store: Store, ana: Patient) -> None:
    kept = store.run(privacy.export, ana)
    json.dumps(kept)
    assert kept["patient"] == ana.ref
    assert kept["clinic"] == "Riverside Skin"
    assert SECRET in [row["text"] for row in kept["messages_from_you"]]
    assert kept["messages_from_you"][0]["warning_signs"] == ["pus"]
    assert {"care", "marketing", "media"} <= {row["kind"] for row in kept["consents"]}
    assert any("Day 1" in row["text"] for row in kept["messages_to_you"])
    assert kept["treatments"][0]["procedure"] == "microneedling"
    assert kept["passed_to_the_clinic"][0]["level"] == "urgent"
    assert kept["taps"][0]["choice"] == "done"
    assert kept["quiet_hours"] == "21:00-08:00"
    assert {row["state"] for row in kept["reminders"]} >= {"waiting", "sent"}


def test_an_erased_patient_leaves_no_row_in_any_table(
    world: World, store: Store, ana: Patient, clock: FakeClock
) -> None:
    bea = world.join(treated_at=clock(), now=clock(), chat_id=102)
    before = rows(store)
    store.run(privacy.erase, ana, actor="patient", now=clock())
    after = rows(store)
    for table in ("exchange", "escalation", "turn", "media", "consent", "note", "answer",
                  "treatment", "reminder", "session"):  # fmt: skip
        assert before[table], f"the story puts nothing into {table}"
    for table, found in after.items():
        text = "\n".join(map(str, found))
        assert SECRET not in text, table
        assert "photo-file" not in text, table
        assert "prefers mornings" not in text, table
        if table != "audit":
            assert ana.ref not in text, table
            assert not any(ANA_CHAT in row for row in found), table
    assert world.patient(102) == bea
    assert store.run(reminders.upcoming, bea.id)


def test_that_something_was_erased_is_kept_without_whom(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    store.run(privacy.erase, ana, actor="patient", now=clock())
    (row,) = store.run(records.audited, "erased")
    assert (row["actor"], row["action"]) == ("patient", "patient.erased")
