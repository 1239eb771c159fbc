"""The store keeps what it said it kept: full disks, damaged files, backups, two processes."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlite_utils import Database

from scheduler.store import files, records
from scheduler.store.engine import Store, instant, maybe_instant, stamp
from scheduler.store.files import StoreError, restore

Opener = Callable[[], Store]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aftercare.db"


@pytest.fixture
def opener(path: Path) -> Iterator[Opener]:
    opened: list[Store] = []

    def again() -> Store:
        opened.append(Store(path))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


def filled(path: Path, **facts: str) -> None:
    """Make a database that holds these facts, and close it."""
    store = Store(path)
    for name, value in facts.items():
        store.run(records.keep, name, value)
    store.close()


def fact(path: Path, name: str) -> str | None:
    store = Store(path)
    try:
        return store.run(records.fact, name)
    finally:
        store.close()


def test_a_new_database_is_for_its_owner_alone(opener: Opener, path: Path) -> None:
    opener()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_kept_is_there_after_a_restart(path: Path) -> None:
    filled(path, greeting="hello")
    assert fact(path, "greeting") == "hello"


def test_a_change_that_fails_leaves_nothing_behind(store: Store) -> None:
    def half(db: Database) -> None:
        records.keep(db, "half", "done")
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        store.run(half)
    assert store.run(records.fact, "half") is None


async def test_one_bad_change_does_not_undo_its_neighbours(store: Store) -> None:
    def bad(db: Database) -> None:
        db.execute("INSERT INTO fact (name, value) VALUES ('bad', NULL)")

    results = await asyncio.gather(
        store.tx(records.keep, "one", "1"),
        store.tx(bad),
        store.tx(records.keep, "two", "2"),
        return_exceptions=True,
    )
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert await store.tx(records.fact, "one") == "1"
    assert await store.tx(records.fact, "two") == "2"
    assert await store.tx(records.fact, "bad") is None


async def test_many_changes_at_once_are_all_kept(store: Store) -> None:
    await asyncio.gather(*(store.tx(records.keep, f"n{n}", str(n)) for n in range(300)))
    found = store.run(lambda db: db.execute("SELECT COUNT(*) FROM fact").fetchone()[0])
    assert found == 300


async def test_a_change_given_up_before_its_turn_is_left_out(store: Store) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(db: Database) -> None:
        loop.call_soon_threadsafe(reached.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    first = asyncio.create_task(store.tx(slow))
    await reached.wait()
    second = asyncio.create_task(store.tx(records.keep, "given_up", "1"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    go_on.set()
    await first
    assert await store.tx(records.fact, "given_up") is None


def test_a_full_disk_is_told_and_loses_nothing(opener: Opener, path: Path) -> None:
    store = opener()
    store.run(records.keep, "before", "kept")
    pages = store.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    store._writer.alone(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    with pytest.raises(StoreError, match="full"):
        store.run(records.keep, "too_much", "x" * 1_000_000)
    assert store.run(records.fact, "before") == "kept"
    assert store.run(records.fact, "too_much") is None
    store._writer.alone(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchall())
    store.run(records.keep, "after", "room again")
    assert store.run(records.fact, "after") == "room again"


def test_a_backup_that_finds_no_room_leaves_no_half_of_a_copy(
    opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opener()

    def no_room(_: float) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=no_room))
    target = path.with_name("copy.db")
    with pytest.raises(StoreError, match="could not be copied"):
        store.backup(target)
    assert [one for one in path.parent.iterdir() if one.name.startswith("copy")] == []


async def test_who_shared_a_transaction_with_a_full_disk_is_told_too(
    opener: Opener, path: Path
) -> None:
    store = opener()
    pages = store.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    store._writer.alone(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    results = await asyncio.gather(
        store.tx(records.keep, "small", "1"),
        store.tx(records.keep, "big", "x" * 1_000_000),
        return_exceptions=True,
    )
    kept = await store.tx(records.fact, "small")
    assert isinstance(results[1], sqlite3.OperationalError)
    assert (kept == "1") == (results[0] is None)


def untouched(path: Path) -> Callable[[], bool]:
    """Return what says whether a file is byte for byte what it is now."""
    before = path.read_bytes(), path.stat().st_mtime_ns
    return lambda: (path.read_bytes(), path.stat().st_mtime_ns) == before


def newer(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('aftercare', 'm9999_tomorrow', '2030-01-01')"
        )


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE recipe (id INTEGER)")


def foreign_with_migrations(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT)")
        db.execute("INSERT INTO _sqlite_migrations VALUES ('recipes', 'm0001')")


def not_a_database(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)


def cut_short(path: Path) -> None:
    filled(path)
    path.write_bytes(path.read_bytes()[:-4096])


def a_little_short(path: Path) -> None:
    filled(path, greeting="hello " * 2000)  # the last page is one of its own
    path.write_bytes(path.read_bytes()[:-100])


def scribbled(path: Path) -> None:
    filled(path)
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 6] = b"\x00" * (4096 * 4)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (newer, r"written by a newer version of this program \(it has m9999_tomorrow\)"),
        (foreign, "is a database, but not one of this program"),
        (foreign_with_migrations, "is a database, but not one of this program"),
        (not_a_database, "is damaged or not a database .* aftercare restore"),
        (cut_short, "is damaged .* restore a backup with: aftercare restore"),
        (a_little_short, "is damaged .it is shorter than it says.; restore a backup"),
        (scribbled, "is damaged .* restore a backup with: aftercare restore"),
    ],
)
def test_a_file_that_is_not_ours_to_use_is_refused_and_left_untouched(
    path: Path, make: Callable[[Path], None], told: str
) -> None:
    make(path)
    same = untouched(path)
    with pytest.raises(StoreError, match=told):
        Store(path)
    assert same()


def test_a_damaged_file_is_found_by_its_length_even_when_large(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_little_short(path)
    monkeypatch.setattr("scheduler.store.files._CHECKED_BYTES", 0)
    with pytest.raises(StoreError, match="shorter than it says"):
        Store(path)


def test_a_large_sound_file_opens_without_being_read_through(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path, greeting="hello")
    monkeypatch.setattr("scheduler.store.files._CHECKED_BYTES", 0)
    assert fact(path, "greeting") == "hello"


def test_a_database_in_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        Store(tmp_path / "nowhere" / "aftercare.db")
    with pytest.raises(StoreError, match="it is a folder"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="could not be opened: File name too long"):
        Store(tmp_path / ("x" * 300))


def test_a_backup_is_taken_while_the_bot_writes(opener: Opener, path: Path, tmp_path: Path) -> None:
    store = opener()
    store.run(records.keep, "before", "1")
    store.backup(tmp_path / "copy.db")
    store.run(records.keep, "after", "1")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert not (tmp_path / "copy.db-wal").exists()
    assert fact(tmp_path / "copy.db", "before") == "1"
    assert fact(tmp_path / "copy.db", "after") is None


def test_a_backup_comes_back_and_what_was_there_is_kept_beside_it(
    path: Path, tmp_path: Path
) -> None:
    filled(path, day="monday")
    store = Store(path)
    store.backup(tmp_path / "copy.db")
    store.run(records.keep, "day", "tuesday")
    store.close()
    restore(tmp_path / "copy.db", path)
    assert fact(path, "day") == "monday"
    assert fact(path.with_name("aftercare.db.before-restore"), "day") == "tuesday"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_restore_keeps_also_what_a_crash_left_in_the_log(path: Path, tmp_path: Path) -> None:
    filled(path, day="monday")
    live = Store(path)
    live.backup(tmp_path / "copy.db")
    live.run(records.keep, "day", "tuesday")
    crashed = tmp_path / "crashed.db"
    for suffix in ("", "-wal"):  # as they lie there after a kill
        crashed.with_name(crashed.name + suffix).write_bytes(
            path.with_name(path.name + suffix).read_bytes()
        )
    live.close()
    restore(tmp_path / "copy.db", crashed)
    assert fact(crashed, "day") == "monday"
    assert fact(crashed.with_name("crashed.db.before-restore"), "day") == "tuesday"


def test_a_second_restore_does_not_lose_what_the_first_kept(path: Path, tmp_path: Path) -> None:
    filled(tmp_path / "copy.db", day="monday")
    filled(path, day="tuesday")
    restore(tmp_path / "copy.db", path)
    restore(tmp_path / "copy.db", path)
    kept = [fact(found, "day") for found in tmp_path.glob("aftercare.db.before-restore*")
            if not found.name.endswith(("-wal", "-shm"))]  # fmt: skip
    assert sorted(filter(None, kept)) == ["monday", "tuesday"]


@pytest.mark.parametrize("make", [newer, foreign, not_a_database, cut_short])
def test_what_is_no_sound_backup_is_refused_and_the_database_stays(
    path: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    filled(path, day="tuesday")
    make(tmp_path / "copy.db")
    with pytest.raises(StoreError):
        restore(tmp_path / "copy.db", path)
    assert fact(path, "day") == "tuesday"
    assert not list(tmp_path.glob("*.before-restore*"))


def test_a_backup_that_is_not_there_or_is_empty_or_the_database_itself_changes_nothing(
    path: Path, tmp_path: Path
) -> None:
    filled(path, day="tuesday")
    (tmp_path / "empty.db").touch()
    for source in (tmp_path / "nowhere.db", tmp_path / "empty.db", path):
        with pytest.raises(StoreError):
            restore(source, path)
    assert fact(path, "day") == "tuesday"


def test_a_copy_that_cannot_be_made_leaves_the_database_as_it_was(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "copy.db", day="monday")
    filled(path, day="tuesday")
    (tmp_path / "aftercare.db.restoring").mkdir()
    with pytest.raises(StoreError, match="could not be copied"):
        restore(tmp_path / "copy.db", path)
    (tmp_path / "aftercare.db.restoring").rmdir()

    def full(_: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("scheduler.store.files._put_aside", full)
    with pytest.raises(StoreError, match="no space left on device"):
        restore(tmp_path / "copy.db", path)
    assert fact(path, "day") == "tuesday"
    assert not list(tmp_path.glob("*.restoring")) + list(tmp_path.glob("*.before-restore"))


def test_a_restore_on_a_new_machine_needs_nothing_there_before(path: Path, tmp_path: Path) -> None:
    filled(tmp_path / "copy.db", day="monday")
    restore(tmp_path / "copy.db", path)
    assert fact(path, "day") == "monday"


def test_time_is_kept_in_one_form_whatever_zone_it_comes_in() -> None:
    at = datetime(2026, 11, 24, 15, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert stamp(at) == "2026-11-24T10:00:00.000000Z"
    assert instant(stamp(at)) == at
    assert instant(stamp(at)).tzinfo is UTC
    assert maybe_instant(None) is None
    assert maybe_instant(stamp(at)) == at


def test_a_time_without_a_zone_has_no_place_in_the_store() -> None:
    with pytest.raises(ValueError, match="naive"):
        stamp(datetime(2026, 11, 24, 15, 30))  # noqa: DTZ001


async def test_what_only_reads_sees_what_was_written_and_can_write_nothing(
    opener: Opener, path: Path
) -> None:
    store = opener()
    await store.tx(records.keep, "city", "Leeds")
    assert await store.look(records.fact, "city") == "Leeds"
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.look(records.keep, "city", "York")
    assert await store.look(records.fact, "city") == "Leeds"


async def test_who_reads_does_not_wait_for_who_writes(opener: Opener, path: Path) -> None:
    store = opener()
    await store.tx(records.keep, "city", "Leeds")
    loop, writing, read = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def slow(db: Database) -> None:
        records.keep(db, "city", "York")
        loop.call_soon_threadsafe(writing.set)
        asyncio.run_coroutine_threadsafe(read.wait(), loop).result()

    change = asyncio.create_task(store.tx(slow))
    await writing.wait()
    assert await store.look(records.fact, "city") == "Leeds"
    read.set()
    await change
    assert await store.look(records.fact, "city") == "York"


async def test_a_store_in_memory_is_read_by_the_one_connection_it_has(store: Store) -> None:
    await store.tx(records.keep, "city", "Leeds")
    assert await store.look(records.fact, "city") == "Leeds"
