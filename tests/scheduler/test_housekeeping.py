"""The night's work: backups with rotation, and words and patients that are kept no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from content.understand import Route, Understanding
from scheduler.housekeeping import Keeping, keep_house
from scheduler.model import Patient, Priority
from scheduler.services import asking
from scheduler.store import incoming, outbox, patients, talk
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP, World

NIGHT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
NO_BACKUPS = Keeping(None, 1, words_days=90, patient_days=730)
ROUTINE = Understanding(Route.ROUTINE, answered=("makeup",))


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock(), now=clock())


def says(store: Store, ana: Patient, now: datetime, text: str, number: int = 1) -> None:
    store.run(
        asking.hear, ana, chat_id=ANA_CHAT, message_id=number, said=text, understood=ROUTINE,
        now=now,
    )  # fmt: skip


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_by_day_nothing_is_done_and_by_night_once(store: Store, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, 3, 90, 730)
    assert await keep_house(store, keeping, NIGHT.replace(hour=14)) == {}
    assert (await keep_house(store, keeping, NIGHT))["backups"] == 1
    assert await keep_house(store, keeping, NIGHT + timedelta(minutes=10)) == {}
    assert await keep_house(store, keeping, NIGHT + timedelta(hours=20)) == {}
    assert (await keep_house(store, keeping, NIGHT + timedelta(days=1)))["backups"] == 1


async def test_a_night_that_was_missed_is_made_up_for_by_day(store: Store, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path, 3, 90, 730)
    await keep_house(store, keeping, NIGHT)
    missed = await keep_house(store, keeping, NIGHT + timedelta(days=1, hours=8))
    assert missed["backups"] == 1


async def test_only_the_newest_backups_are_kept_and_each_opens(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    keeping = Keeping(tmp_path, 2, 90, 730)
    for night in range(4):
        await keep_house(store, keeping, NIGHT + timedelta(days=night))
    names = names_in(tmp_path)
    assert names == [
        "aftercare-20261127-023000.db", "aftercare-20261128-023000.db", "notes.txt",
    ]  # fmt: skip
    Store(tmp_path / names[0]).close()


async def test_a_patients_words_go_after_the_time_that_was_promised(
    store: Store, ana: Patient, clock: FakeClock
) -> None:
    says(store, ana, clock(), "can I wear makeup")
    late = clock() + timedelta(days=80)
    says(store, ana, late, "and now?", number=2)
    night = NIGHT + timedelta(days=91)
    assert (await keep_house(store, NO_BACKUPS, night))["words"] == 1
    kept = [(row["said"], row["topics"]) for row in store.run(talk.exchanges, ana.id)]
    assert kept == [("", '["makeup"]'), ("and now?", '["makeup"]')]


async def test_messages_to_staff_that_quote_patients_go_too(
    world: World, store: Store, ana: Patient, clock: FakeClock
) -> None:
    def queue(key: str, patient_id: int | None, chat_id: int) -> int:
        row = store.run(
            outbox.add,
            dedupe_key=key, clinic_id=ana.clinic_id, patient_id=patient_id, chat_id=chat_id,
            priority=Priority.ESCALATION, payload="{}", content_version="", now=clock(),
            expires_at=clock() + timedelta(hours=1),
        )  # fmt: skip
        assert row is not None
        return row

    card, hers = queue("card", None, RIVERSIDE_GROUP), queue("hers", ana.id, ANA_CHAT)
    waiting = queue("waits", None, RIVERSIDE_GROUP)
    for row in (card, hers):
        store.run(outbox.finish, row, "sent", clock())
    assert (await keep_house(store, NO_BACKUPS, NIGHT + timedelta(days=91)))["messages"] == 1
    assert store.run(outbox.by_id, card) is None
    assert store.run(outbox.by_id, hers) is not None
    assert store.run(outbox.by_id, waiting) is not None


async def test_a_patient_goes_when_neither_treatment_nor_word_is_recent(
    world: World, store: Store, ana: Patient, clock: FakeClock
) -> None:
    bea = world.join(treated_at=clock(), now=clock(), chat_id=102)
    says(store, bea, clock() + timedelta(days=100), "hello")
    keeping = Keeping(None, 1, words_days=3650, patient_days=100)
    assert (await keep_house(store, keeping, NIGHT + timedelta(days=101)))["patients"] == 1
    assert store.run(patients.by_id, ana.id) is None
    assert store.run(patients.by_id, bea.id) is not None


async def test_numbers_of_old_updates_go(store: Store) -> None:
    store.run(incoming.keep, [(1, "{}")], NIGHT - timedelta(days=3))
    assert (await keep_house(store, NO_BACKUPS, NIGHT))["updates"] == 1
