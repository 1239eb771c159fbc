"""What the one job does every few seconds: sweep what is stale, queue what is due, count it.

A patient whose reminders cannot be composed is pushed aside for an hour and reported, so that one
broken row never stops everybody else's.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.outreach import outreach
from scheduler.services import raising, reminding
from scheduler.services.composing import Composer
from scheduler.store import aside, reminders
from scheduler.store.engine import Store

ASIDE = timedelta(hours=1)
ROUNDS = 25
"""The most transactions of reminders in one tick: half a second of work, more than Telegram takes
in the time, so an alarm or a stop never waits for ten thousand reminders that are due at once."""

log = structlog.get_logger()


async def tick(
    store: Store, catalog: Catalog, now: datetime, *, batch: int = 25, crowd: int = 100
) -> Counter[str]:
    """Do one round and say how much there was of everything.

    Args:
        store: The database.
        catalog: The words.
        now: The present instant.
        batch: How many patients one transaction of the outreach looks at.
        crowd: The same for reminders, which are read and written together; what is left after
            `ROUNDS` of them is done in the next tick.

    Returns:
        Counts of rows `queued`, `postponed`, `outlived`, `stale`, `too_many`, `broken`, and of
        `patients`, and those of `scheduler.outreach` and `scheduler.services.raising`.
    """
    counts: Counter[str] = await raising.sweep(store, catalog, now)
    counts["stale"] += await store.tx(reminders.skip_stale, now, 10 * batch)
    counts["outlived"] += await store.tx(reminders.outlived, now, 10 * batch)
    counts["expired"] += await store.tx(aside.expired, now, 10 * batch)
    composer = Composer(catalog, now)
    for _ in range(ROUNDS):
        found = await store.tx(_round, composer, now, crowd)
        counts.update(found)
        if found["patients"] < crowd:
            break
    counts.update(await outreach(store, catalog, now, batch=batch))
    return +counts


def _round(db: Database, composer: Composer, now: datetime, crowd: int) -> Counter[str]:
    due = reminders.due_patients(db, now, crowd)
    counts = Counter(patients=len(due))
    try:
        with db.atomic():
            counts.update(reminding.queue_due(db, composer, due, now))
    except Exception:  # noqa: BLE001  (one of them spoils it: each alone, and it spoils no other)
        for patient_id in due:
            counts.update(_alone(db, composer, patient_id, now))
    return counts


def _alone(db: Database, composer: Composer, patient_id: int, now: datetime) -> Counter[str]:
    try:
        with db.atomic():
            return reminding.queue_due(db, composer, [patient_id], now)
    except Exception:
        reminders.postpone(db, patient_id, now, now + ASIDE)
        log.exception("reminders.pushed_aside", patient=patient_id)
        return Counter(broken=1)
