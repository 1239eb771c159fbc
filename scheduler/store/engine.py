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
from threading import Event
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from scheduler.store.files import StoreError, backup, keep_private, refuse_foreign, to_read
from scheduler.store.migrations import MIGRATIONS
from scheduler.store.worker import Worker

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_MS = 10_000
_WIDTH = len("2026-11-22T09:00:00.000000")
_WHOLE = len("2026-11-22T09:00:00")
_PASSING = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
)


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
        self._stopping = Event()

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
            self._reader = (
                self._writer
                if self._in_memory
                else Worker(partial(_open_to_read, self.path), "BEGIN", writes=False)
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

        It has a connection of its own, so no change waits for it. A store in memory has but one.

        Raises:
            StoreError: If it could not be copied; no half of a copy is left.
        """
        self._stopping.clear()
        try:
            if self._in_memory:
                self._writer.alone(lambda db: backup(db.conn, target, self._goes_on))
                return
            with closing(to_read(Path(self.path))) as connection:
                connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
                backup(connection, target, self._goes_on)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path} could not be copied to {target}: {error}") from None

    def break_off_backup(self) -> None:
        """Let a backup that is under way end at its next step: the bot is to stop."""
        self._stopping.set()

    def close(self) -> None:
        """Finish what is queued and close the file."""
        if self._reader is not None and self._reader is not self._writer:
            self._reader.close()
        self._writer.close()

    @property
    def _in_memory(self) -> bool:
        return str(self.path) == ":memory:"

    def _goes_on(self) -> bool:
        return not self._stopping.is_set()


def _open(path: Path | str, *, durable: bool) -> Database:
    memory = str(path) == ":memory:"
    if not memory:
        try:
            refuse_foreign(Path(path))
            Path(path).touch(mode=0o600, exist_ok=True)
            keep_private(Path(path))
        except OSError as error:
            raise StoreError(f"{path} could not be opened: {error.strerror}") from None
    connection = sqlite3.connect(str(path), isolation_level="DEFERRED")
    try:
        db = Database(connection, strict=True)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON").fetchall()  # words that went leave no bytes behind
        # What undoes a savepoint would else go to a file: enrolling took 0.3 ms longer for it.
        db.execute("PRAGMA temp_store = MEMORY")
        if not memory:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
        db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        MIGRATIONS.apply(db)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(f"{path} could not be opened: {error}") from None
    return db


def _open_to_read(path: Path | str) -> Database:
    db = Database(to_read(Path(path)), strict=True)
    db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    db.execute("PRAGMA query_only = ON")
    return db


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
    text = in_utc.isoformat()  # to ask it for microseconds takes twice as long
    return text[:_WIDTH] + "Z" if in_utc.microsecond else text[:_WHOLE] + ".000000Z"


def instant(text: str) -> datetime:
    """Return the aware instant that `stamp` wrote."""
    return datetime.fromisoformat(text)


def maybe_instant(text: str | None) -> datetime | None:
    """Return the instant, or None where none is stored."""
    return None if text is None else instant(text)
