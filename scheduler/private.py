"""A file that only its owner may read: for whatever holds a patient's data, or opens a door."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PRIVATE = 0o600
_OTHERS = 0o077


def begin(path: Path) -> None:
    """Make an empty file that only its owner may read, whatever the umask.

    Raises:
        FileExistsError: If there is one already.
        OSError: If it cannot be made.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE)
    try:
        os.fchmod(handle, PRIVATE)
    finally:
        os.close(handle)


def write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; it is there whole, or as it was before.

    A link is followed, and what is no file, such as a terminal, is written to as it is.

    Raises:
        OSError: If it cannot be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, PRIVATE)
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def shut(path: Path) -> bool:
    """Take from others the right to read a file; False if they have it and it is not ours."""
    try:
        if path.stat().st_mode & _OTHERS:
            path.chmod(PRIVATE)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
