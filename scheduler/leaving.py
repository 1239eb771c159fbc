"""The moment at which a request is written, for whoever counts what leaves within a second.

A message that may go may have to wait for a connection, which takes a tenth of a second to make. Of
several that do, all could be written in the same moment as those for which one was open already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

_told: ContextVar[Callable[[], None] | None] = ContextVar("told_when_written", default=None)


def when_written(tell: Callable[[], None]) -> None:
    """Have the next request that this task makes told of, as it is written."""
    _told.set(tell)


def written() -> None:
    """Say that this task writes its request now."""
    tell = _told.get()
    if tell is not None:
        _told.set(None)
        tell()
