"""The pauses that Telegram asked for, kept over a restart: since when, how long, and who waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.store import records
from scheduler.store.engine import instant, stamp

BULK, ALL = "delivery.hold", "delivery.hold_all"
"""The facts: what can wait is held, or everything is."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of the pauses.

    Attributes:
        bulk: For how many seconds no reminder and no broadcast may leave.
        everybody: For how many seconds nothing may.
    """

    bulk: float
    everybody: float


def note(db: Database, seconds: float, now: datetime, *, everybody: bool) -> None:
    """Write down that Telegram asked for a pause, unless a longer one of that kind lasts."""
    fact = ALL if everybody else BULK
    if seconds > _left(db, fact, now):
        records.keep(db, fact, f"{stamp(now)} {seconds}")


def left(db: Database, now: datetime) -> Left:
    """Return for how long Telegram still wants a pause: never longer than it asked for, whatever
    became of the clock since.
    """
    everybody = _left(db, ALL, now)
    return Left(max(_left(db, BULK, now), everybody), everybody)


def _left(db: Database, fact: str, now: datetime) -> float:
    noted = records.fact(db, fact)
    if noted is None:
        return 0.0
    since, asked = noted.split()
    seconds = float(asked)
    return max(min(seconds - (now - instant(since)).total_seconds(), seconds), 0.0)
