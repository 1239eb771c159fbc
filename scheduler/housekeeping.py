"""What is done once a night: the end of what has been kept long enough, then a backup.

Retention is a promise to patients: it comes first, each part of it by itself, and it is counted
and logged like any other work. A backup that fails holds up nothing and is tried again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlite_utils import Database

from scheduler.store import incoming, records, retention
from scheduler.store.engine import Store, instant, stamp
from scheduler.store.files import PART, StoreError, remove_part

DONE = "housekeeping.done_at"
BACKED_UP = "backup.done_at"
TRIED = "backup.tried_at"
EVERY = timedelta(hours=20)
TRY_AGAIN = timedelta(hours=1)
HOUR = 2  # UTC; a quiet hour, but any later one will do after a night of downtime
UPDATES_KEPT = timedelta(days=2)
BATCH = 500
FILES_BATCH = 50
_NAMED = "aftercare-????????-??????.db"

log = structlog.get_logger()


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
        Counts of what went: `words`, `answers`, `quotes`, `messages`, `files`, `patients`,
        `drafts` and `updates`; of `backups`; and of parts that `failed`. Empty if it
        was not time.
    """
    counts: Counter[str] = Counter()
    if await store.look(_is_time, DONE, now):
        counts += await _forget(store, keeping, now)
        if not counts["failed"]:
            await store.tx(retention.optimise)
            await store.tx(records.keep, DONE, stamp(now))
    if keeping.backups is not None and await store.look(_is_time_to_back_up, now):
        counts += await _back_up(store, keeping.backups, keeping.backups_kept, now)
    return +counts


def backup_age(db: Database, now: datetime) -> timedelta | None:
    """Return how old the last good backup of a night is; None if there is none."""
    return _past(db, BACKED_UP, now)


async def _forget(store: Store, keeping: Keeping, now: datetime) -> Counter[str]:
    """End what has been kept long enough; a part that fails keeps no other from its work."""
    words = now - timedelta(days=keeping.words_days)
    gone = now - timedelta(days=keeping.patient_days)
    parts: dict[str, Callable[[], Awaitable[int]]] = {
        "words": partial(store.tx, retention.forget_words, words, BATCH),
        "answers": partial(store.tx, retention.forget_answers, words, BATCH),
        "quotes": partial(store.tx, retention.forget_quotes, words, BATCH),
        "messages": partial(store.tx, retention.forget_messages, words, BATCH),
        "files": partial(store.tx, retention.forget_files, FILES_BATCH),
        "patients": partial(store.tx, retention.forget_patients, gone, BATCH),
        "drafts": partial(store.tx, retention.forget_drafts, gone, BATCH),
        "updates": partial(store.tx, incoming.purge, now - UPDATES_KEPT),
    }
    counts: Counter[str] = Counter()
    for name, work in parts.items():
        try:
            while done := await work():
                counts[name] += done
        except Exception:
            counts["failed"] += 1
            log.exception("housekeeping.failed", part=name)
    return counts


async def _back_up(store: Store, folder: Path, kept: int, now: datetime) -> Counter[str]:
    await store.tx(records.keep, TRIED, stamp(now))
    try:
        await asyncio.to_thread(_copy, store, folder, kept, now)
    except (StoreError, OSError) as error:  # neither tells more than a place and a reason
        log.error("backup.failed", folder=str(folder), reason=str(error))  # noqa: TRY400
        return Counter(failed=1)
    await store.tx(records.keep, BACKED_UP, stamp(now))
    return Counter(backups=1)


def _is_time(db: Database, name: str, now: datetime) -> bool:
    past = _past(db, name, now)
    if past is None:
        return now.hour == HOUR
    return past >= EVERY and (now.hour == HOUR or past >= timedelta(days=1))


def _is_time_to_back_up(db: Database, now: datetime) -> bool:
    """Whether it is time for a backup; one that failed is tried again in an hour, at any hour."""
    tried = _past(db, TRIED, now)
    if tried is None:
        return _is_time(db, BACKED_UP, now)
    if tried < TRY_AGAIN:
        return False
    made = _past(db, BACKED_UP, now)
    return made is None or made > tried or _is_time(db, BACKED_UP, now)


def _past(db: Database, name: str, now: datetime) -> timedelta | None:
    """Return how long ago something was done; None for never, and for a clock that was ahead."""
    noted = records.fact(db, name)
    past = now - instant(noted) if noted else None
    return past if past is not None and past >= timedelta() else None


def _copy(store: Store, folder: Path, kept: int, now: datetime) -> None:
    """Copy the database into a dated file and delete all but the newest ones.

    One that bears a date to come was made under a wrong clock: it is the first to go.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(_NAMED + PART):
        remove_part(left)
    target = folder / f"aftercare-{now:%Y%m%d-%H%M%S}.db"
    if not target.exists():
        store.backup(target)
    made = sorted(folder.glob(_NAMED), key=lambda path: (path.name <= target.name, path.name))
    for old in made[:-kept]:
        old.unlink()
