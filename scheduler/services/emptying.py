"""What groups show of erased patients is emptied; what cannot be, a person is asked to delete.

A bot may change its own message for as long as it stands, and delete it within two days of sending
it (https://core.telegram.org/bots/api#deletemessage). A change leaves a file standing, so a
message with a file is deleted, and of one that is too old for that only the words go.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlite_utils import Database

from content.catalog import Catalog
from content.moments import Moment
from scheduler.messenger import Blocked, Migrated, Rejected, RetryAfter, SendResult, Sent
from scheduler.model import Clinic
from scheduler.services.posting import post
from scheduler.store import clinics
from scheduler.store import emptying as rows
from scheduler.store.emptying import Emptying
from scheduler.store.engine import stamp

LATER = timedelta(minutes=1)
WHILE_OUTSIDE = timedelta(hours=1)
"""A bot that was sent out of a group may be let in again."""

TRIED_FOR = timedelta(days=2)
KEPT_FOR = timedelta(days=30)
"""For so long what a person has to delete waits for a clinic without a group."""

MOST_NAMED = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Named:
    """A message that a person has to delete.

    Attributes:
        at: When it was sent, by the clinic's clock.
        link: Where it is; empty if its group has no links or its number is not known.
    """

    at: Moment
    link: str


def due(
    db: Database, catalog: Catalog, now: datetime, limit: int
) -> list[tuple[Emptying, str]]:  # fmt: skip
    """Return messages that are to be emptied now, each with what it is to say instead."""
    rows.settle_under_way(db)
    return [
        (row, catalog.screen(clinics.by_id(db, row.clinic_id).language, "staff_erased"))
        for row in rows.due(db, now, limit)
    ]


def settle(db: Database, row: Emptying, result: SendResult, now: datetime) -> None:
    """Write down what became of the attempt to empty a message."""
    if isinstance(result, Sent):
        rows.done(db, row.id)
    elif isinstance(result, Rejected | Migrated) or now >= row.since + TRIED_FOR:
        rows.lose(db, row.id)
        log.warning("emptying.lost", emptying=row.id)
    elif isinstance(result, RetryAfter):
        rows.put_off(db, row.id, now + timedelta(seconds=result.seconds))
    else:
        rows.put_off(db, row.id, now + (WHILE_OUTSIDE if isinstance(result, Blocked) else LATER))


def tell(db: Database, catalog: Catalog, now: datetime) -> int:
    """Ask each clinic's group to delete what could not be emptied; return how many messages."""
    of_clinic: dict[int, list[Emptying]] = defaultdict(list)
    for row in rows.lost(db, now):
        of_clinic[row.clinic_id].append(row)
    told = 0
    for clinic_id, lost in of_clinic.items():
        clinic = clinics.by_id(db, clinic_id)
        if clinic.chat_id is not None:
            _post(db, catalog, clinic, lost[:MOST_NAMED], now)
            told += len(lost[:MOST_NAMED])
        for row in lost[:MOST_NAMED] if clinic.chat_id is not None else lost:
            if clinic.chat_id is not None or now >= row.since + KEPT_FOR:
                rows.done(db, row.id)
    return told


def _post(
    db: Database, catalog: Catalog, clinic: Clinic, lost: list[Emptying], now: datetime
) -> None:
    local = now.astimezone(clinic.zone)
    named = [
        Named(Moment(row.posted_at.astimezone(clinic.zone), local), _link(row)) for row in lost
    ]
    text = catalog.screen(clinic.language, "staff_not_erased", {"messages": named})
    key = f"emptying:{clinic.id}:{stamp(now)}:{lost[0].id}"
    post(db, catalog, clinic, "emptying", text, now, key=key)


def _link(row: Emptying) -> str:
    """Return where a message is, which only a supergroup can say."""
    chat = str(row.chat_id)
    if row.message_id is None or not chat.startswith("-100"):
        return ""
    return f"https://t.me/c/{chat.removeprefix('-100')}/{row.message_id}"
