"""What is done once a night: a backup with rotation, and the end of what has been kept long enough.

Retention is a promise to patients, so it is counted and logged like any other work.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from scheduler.store import incoming, records, retention
from scheduler.store.engine import Store, instant, stamp

DONE = "housekeeping.done_at"
EVERY = timedelta(hours=20)
HOUR = 2  # UTC; a quiet hour, but any later one will do after a night of downtime
UPDATES_KEPT = timedelta(days=2)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Keeping:
    """What an operator sets.

    Attributes:
        backups: Where backups go; None for none.
        backups_kept: How many are kept.
        words_days: For how many days a patient's words are kept.
        patient_days: For how many days after her last treatment a patient is kept.
    """

    backups: Path | None
    backups_kept: int
    words_days: int
    patient_days: int


async def keep_house(store: Store, keeping: Keeping, now: datetime) -> Counter[str]:
    """Do the night's work if it is time for it.

    Args:
        store: The database.
        keeping: What the operator set.
        now: The present instant.

    Returns:
        Counts of `backups`, `words`, `patients`, `updates` and `media`; empty if it was not time.
    """
    if not await store.tx(_is_time, now):
        return Counter()
    counts: Counter[str] = Counter()
    if keeping.backups is not None:
        await asyncio.to_thread(_back_up, store, keeping.backups, keeping.backups_kept, now)
        counts["backups"] += 1
    words = now - timedelta(days=keeping.words_days)
    gone = now - timedelta(days=keeping.patient_days)
    for name, work, before in (
        ("words", retention.forget_words, words),
        ("messages", retention.forget_messages, words),
        ("patients", retention.forget_patients, gone),
    ):
        while done := await store.tx(work, before, BATCH):
            counts[name] += done
    counts["updates"] += await store.tx(incoming.purge, now - UPDATES_KEPT)
    await store.tx(retention.optimise)
    await store.tx(records.keep, DONE, stamp(now))
    return +counts


def _is_time(db: Database, now: datetime) -> bool:
    noted = records.fact(db, DONE)
    if noted is None:
        return now.hour == HOUR
    past = now - instant(noted)
    return past >= EVERY and (now.hour == HOUR or past >= timedelta(days=1))


def _back_up(store: Store, folder: Path, kept: int, now: datetime) -> None:
    """Copy the database into a dated file and delete all but the newest ones."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"aftercare-{now:%Y%m%d-%H%M%S}.db"
    if not target.exists():
        store.backup(target)
    for old in sorted(folder.glob("aftercare-????????-??????.db"))[:-kept]:
        old.unlink()
