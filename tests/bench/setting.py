"""What every experiment is given: how much to measure, where to keep files, whom to send to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from content.catalog import Catalog
from scheduler.store.engine import Store
from tests.bench.patients import NOW, fill, open_clinic, queue
from tests.bench.process import Loopback, call

ROUND_TRIP = 0.06
GROUP = "pip install --group bench"


@dataclass(frozen=True, slots=True)
class Setting:
    """One run of the benchmark.

    Attributes:
        folder: For databases; it is deleted at the end.
        api: The Bot API.
        rounds: How often each measure is taken.
        quick: Whether small sizes will do.
    """

    folder: Path
    api: Loopback
    rounds: int
    quick: bool

    def size(self, whole: int, quick: int) -> int:
        """Return how much to measure."""
        return quick if self.quick else whole

    def each(self, function: Callable[..., Any], **arguments: Any) -> list[Any]:
        """Return the results of every round, each in a process of its own."""
        return [call(function, **arguments) for _ in range(self.rounds)]

    def database(
        self,
        name: str,
        patients: int,
        *,
        pending: int = 0,
        due: int = 0,
        queued: int = 0,
        now: datetime = NOW,
    ) -> str:
        """Make a database of that many patients, once; return its path."""
        path = self.folder / f"{name}.db"
        if not path.exists():
            store = open_clinic(path, Catalog())
            try:
                fill(store, patients, pending=pending, due=due, now=now)
                if queued:
                    queue(store, queued)
            finally:
                store.close()
        return str(path)

    def copies(self, path: str) -> list[str]:
        """Return a copy of a database for each round, since a round changes it."""
        return [str(shutil.copy(path, f"{path}.{number}")) for number in range(self.rounds)]


def opened(path: str) -> Store:
    """Return a database as the bot opens it: every commit waits for the disk."""
    return Store(Path(path))


def missing(*modules: str) -> str:
    """Say which of these a peer needs and this Python has not; empty if none."""
    absent = [name for name in modules if find_spec(name) is None]
    return f"skipped: no {', '.join(absent)}; {GROUP}" if absent else ""
