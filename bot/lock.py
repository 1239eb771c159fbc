"""One bot on one database: a second process is refused before it can send anything twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler.store.files import StoreError


@contextmanager
def only_one(database: Path) -> Iterator[None]:
    """Hold the lock of a database while the bot runs.

    It is the lock of the file itself, by whatever link it is named. The kernel lets go of it when
    the process ends, however it ends.

    Raises:
        StoreError: If another process holds it.
    """
    real = database.resolve()
    path = real.with_name(real.name + ".lock")
    try:
        handle = open(path, "w", opener=_mine)  # noqa: SIM115  (only this takes an opener)
    except OSError as error:
        raise StoreError(f"{path} could not be opened: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"another bot is running on {database}; stop it first") from None
        yield


def _mine(path: str, flags: int) -> int:
    """Make the file readable by its owner alone, like the database beside it."""
    return os.open(path, flags, 0o600)
