"""The file of a database: whether it is ours and sound, copying it, putting a copy in its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from scheduler.store.migrations import LATEST, applied

_CHECKED_BYTES = 32 * 1024 * 1024


class StoreError(Exception):
    """The database cannot be used as it is; the text says why in one sentence."""


def refuse_foreign(path: Path) -> None:
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


def backup(db: Database, target: Path) -> None:
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
    refuse_foreign(source)
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
