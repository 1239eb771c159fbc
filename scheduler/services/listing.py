"""Where a broadcast stands, in numbers that always add up to its recipients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Broadcast, BroadcastState
from scheduler.services import audience
from scheduler.store import clinics, recipients
from scheduler.store.engine import stamp


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a broadcast is.

    Attributes:
        state: Where it stands.
        outcomes: Way of ending -> how many recipients.
    """

    state: BroadcastState
    outcomes: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many it is for."""
        return sum(self.outcomes.values())

    @property
    def ended(self) -> int:
        """How many wait no longer."""
        return self.total - self.outcomes["waiting"]


def standing(
    db: Database,
    catalog: Catalog,
    broadcast: Broadcast,
    now: datetime,
    before: Standing | None = None,
) -> Standing:
    """Return how far a broadcast is; what was looked at `before` spares counting everybody anew."""
    if broadcast.gathered_at is not None or broadcast.state == "cancelled":
        return Standing(broadcast.state, recipients.outcomes(db, broadcast))
    if before is not None:
        return Standing(broadcast.state, before.outcomes)
    return Standing(broadcast.state, outcomes(db, catalog, broadcast, now))


def outcomes(db: Database, catalog: Catalog, broadcast: Broadcast, now: datetime) -> dict[str, int]:
    """Return how many recipients each way of ending has; before sending, all of them wait."""
    counts = recipients.outcomes(db, broadcast)
    if broadcast.gathered_at is None and broadcast.state != "cancelled":
        counts["waiting"] = audience.count(db, catalog, broadcast, now).recipients
    return counts


def skipped(db: Database, catalog: Catalog, broadcast: Broadcast, now: datetime) -> dict[str, int]:
    """Return reason -> how many were left out when recipients were gathered, or would be now."""
    if broadcast.gathered_at is None and broadcast.state != "cancelled":
        return dict(audience.count(db, catalog, broadcast, now).skipped)
    return dict(broadcast.skipped)


def shown(db: Database, catalog: Catalog, broadcast: Broadcast, now: datetime) -> dict[str, Any]:
    """Return everything about a broadcast as plain values fit for JSON."""
    counts = outcomes(db, catalog, broadcast, now)
    return {
        "broadcast": broadcast.id,
        "clinic": clinics.by_id(db, broadcast.clinic_id).slug,
        "state": broadcast.state,
        "template": broadcast.template,
        "text": broadcast.text,
        "segments": list(broadcast.segments),
        "marketing": broadcast.marketing,
        "at": stamp(broadcast.at) if broadcast.at else None,
        "created_at": stamp(broadcast.created_at),
        "started_at": stamp(broadcast.started_at) if broadcast.started_at else None,
        "finished_at": stamp(broadcast.finished_at) if broadcast.finished_at else None,
        "recipients": sum(counts.values()),
        "skipped": skipped(db, catalog, broadcast, now),
        "outcomes": counts,
        "skipped_on_the_way": recipients.reasons(db, broadcast),
        "uncertain": [row["ref"] for row in recipients.uncertain(db, broadcast.id)],
    }
