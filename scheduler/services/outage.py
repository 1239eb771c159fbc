"""When the bot was down or cut off: what that meant for each clinic, told to its group once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from content.moments import Moment
from scheduler import payload
from scheduler.model import Clinic, Priority
from scheduler.store import clinics, outages, outbox, records
from scheduler.store.engine import instant, stamp

REACHED = "telegram.reached_at"
WORTH_TELLING = timedelta(minutes=10)
NOTED_EVERY = timedelta(seconds=30)
WORTH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outage:
    """What a time without Telegram meant for one clinic.

    Attributes:
        late: Messages that go out now, later than planned.
        skipped: Messages that were no longer worth sending.
        uncertain: Messages of which nobody can know whether they arrived.
    """

    late: int
    skipped: int
    uncertain: int


def reached(db: Database, catalog: Catalog, now: datetime) -> int:
    """Note that Telegram is reached; after a longer gap, tell the clinics what it meant.

    Args:
        db: The database.
        catalog: The words.
        now: The present instant.

    Returns:
        How many clinics were told.
    """
    noted = records.fact(db, REACHED)
    since = instant(noted) if noted else now
    if noted and timedelta() <= now - since < NOTED_EVERY:  # a clock set back is noted anew
        return 0
    records.keep(db, REACHED, stamp(now))
    if now - since < WORTH_TELLING:
        return 0
    return sum(_tell(db, catalog, clinic, since, now) for clinic in clinics.listed(db))


def meant(db: Database, clinic: Clinic, since: datetime, now: datetime) -> Outage:
    """Count what became of a clinic's messages that fell due from `since` to `now`."""
    return Outage(
        late=outages.late(db, clinic.id, since, now),
        skipped=outages.skipped(db, clinic.id, since, now),
        uncertain=outages.uncertain(db, clinic.id, since, now),
    )


def _tell(db: Database, catalog: Catalog, clinic: Clinic, since: datetime, now: datetime) -> int:
    if clinic.chat_id is None:
        return 0
    local = now.astimezone(clinic.zone)
    text = catalog.screen(
        clinic.language,
        "staff_was_down",
        {
            "since": Moment(since.astimezone(clinic.zone), local),
            "until": Moment(local, local),
            "outage": meant(db, clinic, since, now),
        },
    )
    queued = outbox.add(
        db,
        dedupe_key=f"outage:{clinic.id}:{stamp(since)}",
        clinic_id=clinic.id,
        patient_id=None,
        chat_id=clinic.chat_id,
        priority=Priority.REPLY,
        payload=payload.pack(text),
        content_version=catalog.version,
        now=now,
        expires_at=now + WORTH,
    )
    return int(queued is not None)
