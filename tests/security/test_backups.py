"""Where an erased patient still is: in backups until they rotate out, and beside a restore."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from content.catalog import Catalog
from scheduler.housekeeping import Keeping, keep_house
from scheduler.services import privacy
from scheduler.store.engine import Store
from scheduler.store.files import restore
from tests.fakes.clock import FakeClock
from tests.fakes.people import build_world

KEPT = 3


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "aftercare.db"


def with_her(files: list[Path], ref: str) -> list[str]:
    """Return the names of the databases that a patient is in."""
    found = []
    for path in sorted(files):
        with closing(sqlite3.connect(path)) as opened:
            if opened.execute("SELECT 1 FROM patient WHERE ref = ?", [ref]).fetchone():
                found.append(path.name)
    return found


async def test_an_erased_patient_is_in_the_backups_made_before_and_gone_after_as_many_nights(
    tmp_path: Path, database: Path, catalog: Catalog, clock: FakeClock
) -> None:
    backups = tmp_path / "backups"
    keeping = Keeping(backups, KEPT, words_days=90, patient_days=730)
    clock.at = clock.at.replace(hour=2)
    store = Store(database, durable=False)
    world = build_world(store, catalog, clock())
    ana = world.join(treated_at=clock(), now=clock())
    await keep_house(store, keeping, clock())
    store.run(privacy.erase, ana, actor="patient", now=clock())
    left = [with_her(list(backups.glob("*.db")), ana.ref)]
    for _ in range(KEPT):
        clock.forward(days=1)
        await keep_house(store, keeping, clock())
        left.append(with_her(list(backups.glob("*.db")), ana.ref))
    store.close()
    assert [len(names) for names in left] == [1] * KEPT + [0]
    assert with_her([database], ana.ref) == []


def test_a_restore_keeps_what_was_there_and_brings_back_whom_the_backup_holds(
    tmp_path: Path, database: Path, catalog: Catalog, clock: FakeClock
) -> None:
    by_hand = tmp_path / "by-hand.db"
    store = Store(database, durable=False)
    world = build_world(store, catalog, clock())
    ana = world.join(treated_at=clock(), now=clock())
    store.backup(by_hand)
    store.run(privacy.erase, ana, actor="patient", now=clock())
    store.close()
    erased_in = restore(by_hand, database)
    assert with_her([database], ana.ref) == ["aftercare.db"]
    assert erased_in is not None
    assert with_her([erased_in], ana.ref) == []
    kept = restore(erased_in, database)
    assert kept is not None
    assert "before-restore" in kept.name
    assert with_her([database, kept], ana.ref) == [kept.name]
