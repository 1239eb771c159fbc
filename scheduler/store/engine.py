"""One writer thread that owns the connection; every change is all or nothing on it.

SQLite allows one writer. Giving the connection to one thread turns its lock errors into a queue,
and `BEGIN IMMEDIATE` makes a change that reads first and then writes safe against another
process. What waits in the queue shares one transaction, each change in a savepoint of its own, so
a hundred marks cost one wait for the disk; nobody is told before that wait is over.
sqlite-utils gives the migrations and the tables; SQL stays in this package.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from scheduler.store.migrations import LATEST, MIGRATIONS, applied

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_MS = 10_000
_CHECKED_BYTES = 32 * 1024 * 1024
_TOGETHER = 64  # the most changes in one transaction


class StoreError(Exception):
    """The database cannot be used as it is; the text says why in one sentence."""


class Store:
    """The open database.

    Args:
        path: The file; `:memory:` for a store that lives as long as the object.
        durable: Whether each commit waits for the disk. A mark decides whether a message is
            sent twice, so only throw-away stores may say no.

    Raises:
        StoreError: If the file is not a database of ours, damaged, or from a newer version.
    """

    def __init__(self, path: Path | str, *, durable: bool = True) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._queue: SimpleQueue[_Change] = SimpleQueue()
        try:
            self._db = self._thread.submit(_open, path, durable=durable).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def tx(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` as one change on the writer thread.

        It is committed if `work` returns and undone if it raises, whatever else shares its
        transaction. A caller that is cancelled before its change began has it left out.
        """
        return await asyncio.wrap_future(self._submit(work, *args, **kwargs))

    def run(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same as `tx` for callers that have no event loop, such as the shell."""
        return self._submit(work, *args, **kwargs).result()

    def _submit(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        done: Future[T] = Future()
        self._queue.put(_Change(lambda db: work(db, *args, **kwargs), done))
        self._thread.submit(_settle, self._db, self._queue)
        return done

    def backup(self, target: Path) -> None:
        """Copy the whole database, while it is in use, into a new file readable by its owner."""
        self._thread.submit(_backup, self._db, target).result()

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()


def _open(path: Path | str, *, durable: bool) -> Database:
    memory = str(path) == ":memory:"
    if not memory:
        _refuse_foreign(Path(path))
        Path(path).touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(str(path), isolation_level="DEFERRED")
    try:
        db = Database(connection, strict=True)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        db.execute("PRAGMA foreign_keys = ON")
        if not memory:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
        db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        MIGRATIONS.apply(db)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(f"{path} could not be opened: {error}") from None
    return db


def _refuse_foreign(path: Path) -> None:
    """Look at a file without writing to it, so that what is refused stays untouched."""
    if not path.exists() or path.stat().st_size == 0:
        if not path.parent.is_dir():
            raise StoreError(f"{path} could not be opened: there is no folder {path.parent}")
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            names = applied(connection)
            damage = _damage(connection, path)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is damaged or not a database ({error}); "
            "restore a backup with: aftercare restore"
        ) from None
    if damage:
        raise StoreError(f"{path} is damaged ({damage}); restore a backup with: aftercare restore")
    if names is None:
        raise StoreError(f"{path} is a database, but not one of this program")
    newer = names - LATEST
    if newer:
        raise StoreError(
            f"{path} was written by a newer version of this program "
            f"(it has {', '.join(sorted(newer))}); install that version"
        )


def _damage(connection: sqlite3.Connection, path: Path) -> str | None:
    """Say what is broken, or None. A large file is only measured: a start may not take seconds."""
    pages, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "page_size")
    )
    on_disk = path.stat().st_size
    wal = path.with_name(path.name + "-wal")
    if on_disk < pages * size and not (wal.exists() and wal.stat().st_size):
        return "it is shorter than it says"
    if on_disk > _CHECKED_BYTES:
        return None
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if verdict == "ok" else verdict


class _Change:
    """Work that waits for the writer thread, and where its result goes."""

    __slots__ = ("done", "work")

    def __init__(self, work: Callable[[Database], Any], done: Future[Any]) -> None:
        self.work, self.done = work, done


def _settle(db: Database, queue: SimpleQueue[_Change]) -> None:
    """Do what waits in one transaction; report only after it is on the disk."""
    changes = _waiting(queue)
    if not changes:
        return
    results: list[tuple[_Change, Any, BaseException | None]] = []
    try:
        db.execute("BEGIN IMMEDIATE")
        results.extend(_one(db, change) for change in changes)
        db.conn.commit()
    except BaseException as error:  # noqa: BLE001  (whoever waits has to hear of it)
        if db.conn.in_transaction:
            db.conn.rollback()
        results = [(change, None, error) for change in changes]
    for change, result, failed in results:
        _tell(change.done, result, failed)


def _waiting(queue: SimpleQueue[_Change]) -> list[_Change]:
    changes: list[_Change] = []
    while len(changes) < _TOGETHER:
        try:
            change = queue.get_nowait()
        except Empty:
            break
        if change.done.set_running_or_notify_cancel():
            changes.append(change)
    return changes


def _one(db: Database, change: _Change) -> tuple[_Change, Any, BaseException | None]:
    """Do one change in a savepoint, so that its failure undoes nobody else's."""
    db.execute("SAVEPOINT change")
    try:
        result = change.work(db)
    except BaseException as error:
        if not db.conn.in_transaction:  # a full disk makes SQLite undo the whole of it
            raise
        db.execute("ROLLBACK TO change")
        db.execute("RELEASE change")
        return change, None, error
    db.execute("RELEASE change")
    return change, result, None


def _tell(done: Future[Any], result: Any, failed: BaseException | None) -> None:
    if failed is not None:
        done.set_exception(failed)
    else:
        done.set_result(result)


def _backup(db: Database, target: Path) -> None:
    target.touch(mode=0o600)
    with closing(sqlite3.connect(target)) as copy:
        db.conn.backup(copy)


def restore(source: Path, target: Path) -> None:
    """Put a backup in the place of the database.

    Args:
        source: A file made by `Store.backup`.
        target: The database; what is there is kept beside it with the ending `.before-restore`.

    Raises:
        StoreError: If the backup is not a sound database of this program.
    """
    if not source.is_file():
        raise StoreError(f"{source} is not there")
    _refuse_foreign(source)
    if target.exists():
        shutil.move(target, target.with_name(target.name + ".before-restore"))
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
        target.touch(mode=0o600)
        with closing(sqlite3.connect(target)) as fresh:
            copy.backup(fresh)


def stamp(at: datetime) -> str:
    """Return an instant as the store writes it: UTC, one fixed width, so text order is time order.

    Raises:
        ValueError: If the datetime is naive.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in the store")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    """Return the aware instant that `stamp` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def maybe_instant(text: str | None) -> datetime | None:
    """Return the instant, or None where none is stored."""
    return None if text is None else instant(text)
