"""What the one job does every few seconds: sweep what is stale, queue what is due, count it.

A patient whose reminders cannot be composed is pushed aside for an hour and reported, so that one
broken row never stops everybody else's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.outreach import outreach
from scheduler.services import raising, reminding
from scheduler.store import outbox, reminders
from scheduler.store.engine import Store

ASIDE = timedelta(hours=1)
ROUNDS = 40
"""The most transactions of reminders in one tick: about a second of work, more than Telegram takes
in the time, so an alarm or a stop never waits for ten thousand reminders that are due at once."""

log = structlog.get_logger()


async def tick(store: Store, catalog: Catalog, now: datetime, *, batch: int = 25) -> Counter[str]:
    """Do one round and say how much there was of everything.

    Args:
        store: The database.
        catalog: The words.
        now: The present instant.
        batch: How many patients one transaction looks at; what is left after `ROUNDS` of them
            is done in the next tick.

    Returns:
        Counts of rows `queued`, `postponed`, `outlived`, `stale`, `too_many`, `broken`, and of
        `patients`, and those of `scheduler.outreach` and `scheduler.services.raising`.
    """
    counts: Counter[str] = await raising.sweep(store, catalog, now)
    counts["stale"] += await store.tx(reminders.skip_stale, now, 10 * batch)
    counts["outlived"] += await store.tx(reminders.outlived, now, 10 * batch)
    counts["expired"] += await store.tx(outbox.expire, now, 10 * batch)
    for _ in range(ROUNDS):
        found = await store.tx(_round, catalog, now, batch)
        counts.update(found)
        if found["patients"] < batch:
            break
    counts.update(await outreach(store, catalog, now, batch=batch))
    return +counts


def _round(db: Database, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for patient_id in reminders.due_patients(db, now, batch):
        counts["patients"] += 1
        try:
            with db.atomic():
                counts.update(asdict(reminding.queue_due(db, catalog, patient_id, now)))
        except Exception:
            counts["broken"] += 1
            reminders.postpone(db, patient_id, now, now + ASIDE)
            log.exception("reminders.pushed_aside", patient=patient_id)
    return counts
