"""One writer thread that owns the connection; every change is all or nothing on it.

SQLite allows one writer. Giving the connection to one thread turns its lock errors into a queue,
and `BEGIN IMMEDIATE` makes a change that reads first and then writes safe against another
process. What waits in the queue shares one transaction, each change in a savepoint of its own, so
a hundred marks cost one wait for the disk; nobody is told before that wait is over.
sqlite-utils gives the migrations and the tables; SQL stays in this package.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from scheduler.store.migrations import LATEST, MIGRATIONS, applied
from scheduler.store.worker import Worker

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_MS = 10_000
_CHECKED_BYTES = 32 * 1024 * 1024
_WIDTH = len("2026-11-22T09:00:00.000000")
_PASSING = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
)


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
        self._writer = Worker(partial(_open, path, durable=durable), "BEGIN IMMEDIATE")
        self._reader: Worker | None = None

    async def tx(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` as one change on the writer thread.

        It is committed if `work` returns and undone if it raises, whatever else shares its
        transaction. A caller that is cancelled before its change began has it left out.
        """
        return await self._writer.do(work, *args, **kwargs)

    async def look(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` that only reads, beside the writer, so it never waits for the disk.

        It sees everything that was committed before. A store in memory has one connection only.
        """
        if self._reader is None:
            memory = str(self.path) == ":memory:"
            self._reader = (
                self._writer if memory else Worker(partial(_open_to_read, self.path), "BEGIN")
            )
        return await self._reader.do(work, *args, **kwargs)

    def run(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same as `tx` for callers that have no event loop, such as the shell.

        Raises:
            StoreError: If there is no room, or the disk fails; nothing was changed then.
        """
        try:
            return self._writer.do_and_wait(work, *args, **kwargs)
        except sqlite3.Error as error:
            if passing(error):
                raise StoreError(f"{self.path} could not be written: {error}") from None
            raise

    def backup(self, target: Path) -> None:
        """Copy the whole database, while it is in use, into a new file readable by its owner.

        Raises:
            StoreError: If it could not be copied; no half of a copy is left.
        """
        try:
            self._writer.alone(_backup, target)
        except (sqlite3.Error, OSError) as error:
            target.unlink(missing_ok=True)
            raise StoreError(f"{self.path} could not be copied to {target}: {error}") from None

    def close(self) -> None:
        """Finish what is queued and close the file."""
        if self._reader is not None and self._reader is not self._writer:
            self._reader.close()
        self._writer.close()


def _open(path: Path | str, *, durable: bool) -> Database:
    memory = str(path) == ":memory:"
    if not memory:
        try:
            _refuse_foreign(Path(path))
            Path(path).touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path} could not be opened: {error.strerror}") from None
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


def _open_to_read(path: Path | str) -> Database:
    address = f"{Path(path).absolute().as_uri()}?mode=ro"
    db = Database(sqlite3.connect(address, uri=True, isolation_level="DEFERRED"), strict=True)
    db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    db.execute("PRAGMA query_only = ON")
    return db


def _refuse_foreign(path: Path) -> None:
    """Look at a file without writing to it, so that what is refused stays untouched."""
    if path.is_dir():
        raise StoreError(f"{path} could not be opened: it is a folder")
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


def _backup(db: Database, target: Path) -> None:
    target.touch(mode=0o600)
    with closing(sqlite3.connect(target)) as copy:
        db.conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it


def restore(source: Path, target: Path) -> Path | None:
    """Put a backup in the place of the database.

    The copy is made first, so whatever fails leaves the database as it was.

    Args:
        source: A file made by `Store.backup`.
        target: The database; what is there is kept beside it with the ending `.before-restore`.

    Returns:
        Where the database that was there is kept; None if there was none.

    Raises:
        StoreError: If the backup is not a sound database of this program, or cannot be copied.
    """
    if not source.is_file() or not source.stat().st_size:
        raise StoreError(f"{source} is not there or empty; expected a file made by a backup")
    if target.exists() and source.samefile(target):
        raise StoreError(f"{source} is the database itself; name a backup")
    _refuse_foreign(source)
    fresh = target.with_name(target.name + ".restoring")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy,
            closing(sqlite3.connect(fresh)) as opened,
        ):
            copy.backup(opened)
        kept = _put_aside(target)
        fresh.replace(target)
    except (OSError, sqlite3.Error) as error:
        if fresh.is_file():
            fresh.unlink()
        raise StoreError(f"{source} could not be copied to {target}: {error}") from None
    return kept


def _put_aside(target: Path) -> Path | None:
    """Move the database, and the log that a crash may have left beside it, out of the way."""
    if not target.exists():
        return None
    kept = target.with_name(target.name + ".before-restore")
    number = 1
    while kept.exists():
        number += 1
        kept = target.with_name(f"{target.name}.before-restore-{number}")
    for suffix in ("", "-wal"):
        part = target.with_name(target.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    target.with_name(target.name + "-shm").unlink(missing_ok=True)
    return kept


def passing(error: BaseException | None) -> bool:
    """Whether a change failed for want of room or of the disk, so that it may be made later."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _PASSING  # the rest of it tells which kind


def stamp(at: datetime) -> str:
    """Return an instant as the store writes it: UTC, one fixed width, so text order is time order.

    Raises:
        ValueError: If the datetime is naive.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in the store")
    in_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[:_WIDTH] + "Z"


def instant(text: str) -> datetime:
    """Return the aware instant that `stamp` wrote."""
    return datetime.fromisoformat(text)


def maybe_instant(text: str | None) -> datetime | None:
    """Return the instant, or None where none is stored."""
    return None if text is None else instant(text)
