"""What waits in the outbox, clinic by clinic, so that none has to wait for all of another's.

The reminders of a large clinic are due in the same minute, and its broadcasts are long. Each
clinic's rows stand together in the index, so the next of each is found without those before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heapify, heappop, heapreplace
from itertools import islice

from sqlite_utils import Database

from scheduler.model import Priority
from scheduler.store.engine import instant, stamp
from scheduler.store.rows import id_list

Waiting = tuple[int, int, int, int | None, str]
"""Of a row that waits: its id, its chat, its priority, its clinic, and when it is due."""

FEW = 4
"""So many rows of a clinic are read at first where only one is wanted."""

_KIND = "state = 'waiting' AND priority = :priority"


def next_due(
    db: Database, *, without: Sequence[int] = (), pressing: bool = False
) -> datetime | None:
    """Return when the next waiting row that is not in hand may be sent, or the next pressing one.

    A warning and an answer are pressing, a reminder and a broadcast are not.
    """
    urgent = db.execute(
        "SELECT id, due_at FROM outbox WHERE state = 'waiting' AND priority IN (0, 1)"
        " ORDER BY due_at LIMIT :limit",
        {"limit": len(without) + 1},
    )
    in_hand = frozenset(without)
    firsts = [at for row_id, at in urgent if row_id not in in_hand][:1]
    for priority in () if pressing else (Priority.REMINDER, Priority.BROADCAST):
        for clinic in _clinics(db, priority):
            waiting = _waiting_of(db, clinic, priority, page=FEW)
            firsts += islice((row[-1] for row in waiting if row[0] not in in_hand), 1)
    return min(map(instant, firsts), default=None)


def by_turns(
    db: Database, priority: Priority, now: datetime, limit: int, without: Sequence[int]
) -> list[Waiting]:
    """Return the rows of one kind that go next, taken from each clinic in its turn."""
    clinics = _clinics(db, priority) if limit > 0 else []
    until = stamp(now)
    if len(clinics) < 2:  # noqa: PLR2004  (nobody to take turns with)
        return [
            row
            for clinic in clinics
            for row in islice(_waiting_of(db, clinic, priority, until, without, page=limit), limit)
        ]
    held, in_hand = _in_hand(db, priority, without), frozenset(without)
    served, last = Counter(held), (held[-1] or 0) if held else 0
    turns = [(served[clinic], (clinic or 0) <= last, clinic or 0) for clinic in clinics]
    heapify(turns)  # among equals it goes on behind the clinic that was served last
    share = -(-limit // len(clinics))
    queues = {
        clinic or 0: _waiting_of(db, clinic, priority, until, page=share + served[clinic])
        for clinic in clinics
    }
    taken: list[Waiting] = []
    while len(taken) < limit and turns:
        count, before, clinic = turns[0]
        row = next((row for row in queues[clinic] if row[0] not in in_hand), None)
        if row is None:
            heappop(turns)
            continue
        taken.append(row)
        heapreplace(turns, (count + 1, before, clinic))
    return taken


def _waiting_of(
    db: Database,
    clinic: int | None,
    priority: Priority,
    until: str = "9",
    without: Sequence[int] = (),
    *,
    page: int,
) -> Iterator[Waiting]:
    """Yield the waiting rows of one kind of a clinic, the longest due first.

    They are read in pages, as they are asked for. To leave rows out here pays for one clinic; for
    each of many it costs more than to skip them.
    """
    start = 0
    while True:
        rows = db.execute(
            "SELECT id, chat_id, priority, clinic_id, due_at FROM outbox"
            f" WHERE {_KIND} AND clinic_id IS :clinic AND due_at <= :until"
            f" AND id NOT IN ({id_list(without)})"
            " ORDER BY due_at LIMIT :page OFFSET :start",
            {
                "priority": int(priority),
                "clinic": clinic,
                "until": until,
                "page": page,
                "start": start,
            },
        ).fetchall()
        yield from rows
        if len(rows) < page:
            return
        start, page = start + page, 2 * page


def _in_hand(db: Database, priority: Priority, row_ids: Sequence[int]) -> list[int | None]:
    """Return the clinics of the rows of one kind among some, in their order."""
    found = dict(
        db.execute(
            "SELECT id, clinic_id FROM outbox"
            f" WHERE priority = :priority AND id IN ({id_list(row_ids)})",
            {"priority": int(priority)},
        ).fetchall()
    )
    return [found[row_id] for row_id in row_ids if row_id in found]


def _clinics(db: Database, priority: Priority) -> list[int | None]:
    """Return the clinics with rows of one kind that wait, one step of the index for each."""
    rows = db.execute(
        "WITH RECURSIVE turn (clinic) AS ("
        f" SELECT MIN(clinic_id) FROM outbox WHERE {_KIND}"
        " UNION ALL"
        f" SELECT (SELECT MIN(clinic_id) FROM outbox WHERE {_KIND} AND clinic_id > turn.clinic)"
        " FROM turn WHERE turn.clinic IS NOT NULL"
        ") SELECT clinic FROM turn WHERE clinic IS NOT NULL"
        " UNION ALL SELECT NULL WHERE EXISTS ("
        f"  SELECT 1 FROM outbox WHERE {_KIND} AND clinic_id IS NULL)",
        {"priority": int(priority)},
    )
    return [clinic for (clinic,) in rows]
