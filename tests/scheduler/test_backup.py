"""A backup while patients write: nobody waits for it, and it is whole or not there."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from sqlite_utils import Database

from scheduler.store import files, records
from scheduler.store.engine import Store
from scheduler.store.files import StoreError

STEPS = 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "aftercare.db", durable=False)
    opened.run(fill, STEPS * files._STEP_PAGES)
    yield opened
    opened.close()


def fill(db: Database, pages: int) -> None:
    """Make the database so long that a copy of it takes several steps."""
    size = db.execute("PRAGMA page_size").fetchone()[0]
    records.keep(db, "long", "x" * (pages * size))


def copies(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("copy")]


class Steps:
    """Stands for the pause after each step of a copy; the copy waits there until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on, self.taken = Event(), Event(), 0
        monkeypatch.setattr(files, "time", SimpleNamespace(sleep=self._pause))

    def _pause(self, _: float) -> None:
        self.taken += 1
        self.reached.set()
        assert self.go_on.wait(timeout=10)

    async def begun(self) -> None:
        """Wait until the copy is under way."""
        assert await asyncio.to_thread(self.reached.wait, 10)


async def test_what_is_written_meanwhile_does_not_wait_and_is_not_in_the_copy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, target = Steps(monkeypatch), tmp_path / "copy.db"
    copying = asyncio.create_task(asyncio.to_thread(store.backup, target))
    await steps.begun()
    for number in range(50):
        await asyncio.wait_for(store.tx(records.keep, f"late-{number}", "1"), timeout=10)
    assert not copying.done()
    assert not target.exists(), "half of a copy has not its name"
    steps.go_on.set()
    await copying
    assert steps.taken == pytest.approx(STEPS, abs=1), "no change let it begin anew"
    copy = Store(target)
    assert copy.run(records.fact, "late-49") is None
    assert len(copy.run(records.fact, "long") or "") > 0
    copy.close()
    assert await store.tx(records.fact, "late-49") == "1"


async def test_a_stop_breaks_it_off_and_leaves_nothing_of_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, target = Steps(monkeypatch), tmp_path / "copy.db"
    copying = asyncio.create_task(asyncio.to_thread(store.backup, target))
    await steps.begun()
    store.break_off_backup()
    steps.go_on.set()
    with pytest.raises(StoreError, match="broken off"):
        await copying
    assert copies(tmp_path) == []
    store.backup(target)
    assert target.exists(), "and the next one is made"


def test_half_of_a_copy_is_read_by_its_owner_alone_too(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: set[int] = set()

    def look(_: float) -> None:
        modes.update(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("copy*"))

    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=look))
    before = os.umask(0o022)
    try:
        store.backup(tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_copy_that_is_not_sound_gets_no_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    part = target.with_name(target.name + files.PART)

    def spoil(_: float) -> None:
        with part.open("r+b") as file:
            file.seek(0)
            file.write(b"no header of a database")

    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=spoil))
    with pytest.raises(StoreError, match=r"could not be copied|damaged"):
        store.backup(target)
    assert not target.exists()
    assert not part.exists()
