"""The file of a database: whether it is ours and sound, copying it, putting a copy in its place."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from scheduler import private
from scheduler.store.migrations import LATEST, applied

PART = ".part"
"""The ending of a copy that is not whole yet."""

_CHECKED_BYTES = 32 * 1024 * 1024
_STEP_PAGES = 1000
_STEP_PAUSE = 0.005
_CHECKED_BETWEEN = 100_000  # instructions of SQLite between two questions whether to go on
_BESIDE = ("", "-wal", "-shm")


class StoreError(Exception):
    """The database cannot be used as it is; the text says why in one sentence."""


def to_read(path: Path) -> sqlite3.Connection:
    """Open a database that nothing is written to, whatever its folder is called."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def keep_private(path: Path) -> bool:
    """Let nobody but its owner read a database; False if others can and it is not ours."""
    path = path.resolve()
    shut = [private.shut(path.with_name(path.name + suffix)) for suffix in _BESIDE]
    return all(shut)


def refuse_missing(path: Path) -> None:
    """Raise `StoreError` if there is no database, for whatever only reads or changes one."""
    if not path.exists() or path.stat().st_size == 0:
        raise StoreError(
            f"there is no database {path.absolute()}; set AFTERCARE_DATABASE to the file, "
            "or begin one with: aftercare clinic add"
        )


def refuse_foreign(path: Path) -> None:
    """Look at a file without writing to it, so that what is refused stays untouched."""
    if path.is_dir():
        raise StoreError(f"{path} could not be opened: it is a folder")
    if not path.exists() or path.stat().st_size == 0:
        if not path.parent.is_dir():
            raise StoreError(f"{path} could not be opened: there is no folder {path.parent}")
        return
    try:
        with closing(to_read(path)) as connection:
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
    real = path.resolve()  # a log lies beside the file itself, not beside a link to it
    wal = real.with_name(real.name + "-wal")
    if on_disk < pages * size and not (wal.exists() and wal.stat().st_size):
        return "it is shorter than it says"
    if on_disk > _CHECKED_BYTES:
        return None
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if verdict == "ok" else verdict


def backup(source: sqlite3.Connection, target: Path, wanted: Callable[[], bool]) -> None:
    """Copy a whole database, also while others write to it, and check the copy.

    One transaction is held that only reads: without it the copy would begin anew with each change.
    It goes by steps with a pause, so that the disk is left to those who write. The copy has its
    name only once it is whole and sound.

    Args:
        source: A connection of its own, outside any transaction.
        target: A file that is not there yet.
        wanted: Whether to go on; asked at each step.

    Raises:
        StoreError: If the copy is not sound, or not wanted any more.
    """

    def pause(*_: int) -> None:
        if not wanted():
            raise StoreError(f"the copy to {target} was broken off")
        time.sleep(_STEP_PAUSE)

    part = target.with_name(target.name + PART)
    remove_part(part)
    private.begin(part)
    try:
        source.execute("BEGIN")
        source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(part)) as copy:
            source.backup(copy, pages=_STEP_PAGES, progress=pause)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
            copy.set_progress_handler(lambda: int(not wanted()), _CHECKED_BETWEEN)
            verdict = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise StoreError(f"the copy to {target} is damaged ({verdict})")
        part.replace(target)
    finally:
        source.rollback()
        remove_part(part)


def remove_part(part: Path) -> None:
    """Remove a copy that was never finished, and the journal that lies beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


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
    refuse_foreign(source)
    target = target.resolve()  # a link goes on to lead to the database
    fresh = target.with_name(target.name + ".restoring")
    try:
        fresh.unlink(missing_ok=True)
        private.begin(fresh)
        with (
            closing(to_read(source)) as copy,
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
    keep_private(target)
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
