"""Updates that have come in: kept before they are confirmed, so that a crash loses none.

A row holds its text only until it has been dealt with; then only the number stays for a while, so
that an update which is delivered twice is dealt with once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import stamp
from scheduler.store.rows import all_rows, changed


def keep(db: Database, updates: Sequence[tuple[int, str]], now: datetime) -> list[int]:
    """Keep updates, each a number and its JSON; return the numbers of those not seen before."""
    at, new = stamp(now), []
    for number, payload in updates:
        kept = db.execute(
            "INSERT INTO incoming (update_id, payload, received_at) VALUES (?, ?, ?)"
            " ON CONFLICT (update_id) DO NOTHING",
            [number, payload, at],
        )
        if kept.rowcount:
            new.append(number)
    return new


def left(db: Database) -> list[str]:
    """Return the JSON of the updates that a crash left, in their order."""
    rows = all_rows(db, "SELECT payload FROM incoming WHERE done = 0 ORDER BY update_id")
    return [row["payload"] for row in rows]


def done(db: Database, numbers: Sequence[int]) -> None:
    """Say that updates have been dealt with; their texts go."""
    db.conn.executemany(
        "UPDATE incoming SET done = 1, payload = '' WHERE update_id = ?",
        [(number,) for number in numbers],
    )


def purge(db: Database, before: datetime) -> int:
    """Delete what came before an instant; return how many."""
    return changed(
        db, "DELETE FROM incoming WHERE received_at < :before", {"before": stamp(before)}
    )
