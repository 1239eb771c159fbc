"""The part of a tick that is about appointments and broadcasts: short transactions, one by one.

Between any two of them the writer thread is free, so an answer to a patient never waits for a
broadcast to ten thousand.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from content.catalog import Catalog
from scheduler.services import dispatch, gaps, noticing
from scheduler.store.engine import Store

STEPS = 1000
"""The most steps in one tick; what is left is done in the next."""


async def outreach(
    store: Store,
    catalog: Catalog,
    now: datetime,
    *,
    batch: int = 25,
    ahead: int = dispatch.AHEAD,
) -> Counter[str]:
    """Do what is due and say how much there was of everything.

    Args:
        store: The database.
        catalog: The words.
        now: The present instant.
        batch: How many patients one transaction looks at.
        ahead: How many messages of one broadcast wait in the outbox at most.

    Returns:
        Counts that begin with `session` or `broadcast`.
    """
    counts: Counter[str] = Counter()
    while True:
        found = await store.tx(noticing.sweep, catalog, now, batch)
        counts.update(found)
        if found["sessions"] < batch:
            break
    counts.update(await _gaps(store, catalog, now, batch))
    for _ in range(STEPS):
        found = await store.tx(dispatch.advance, catalog, now, batch=batch, ahead=ahead)
        counts.update(found)
        if not found["more"]:
            break
    del counts["more"]
    return +counts


async def _gaps(store: Store, catalog: Catalog, now: datetime, batch: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    after: int | None = 0 if await store.tx(gaps.round_due, now) else None
    while after is not None:
        found, after = await store.tx(gaps.notes, catalog, now, after, batch)
        counts.update(found)
    return counts
