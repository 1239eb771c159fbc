"""A clinic is told of the messages that Telegram refused: which patients, and why.

What is refused is refused for what it is, so it is not tried again: only a person can do something.
Many fail for one reason, so they are gathered, and told of once an hour at most.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.catalog import Catalog
from scheduler.model import Clinic
from scheduler.services.posting import WORTH, post
from scheduler.store import clinics, records
from scheduler.store import refusals as rows
from scheduler.store.engine import instant, stamp

GATHERED = timedelta(minutes=1)
AT_MOST_EVERY = timedelta(hours=1)
MOST_NAMED = 20
MOST_LETTERS = 120

_OTHER = "other"
_SIGNS = {
    "could not be sent as it is": "broken",
    "too long": "too_long",
    "too_long": "too_long",
    "is empty": "empty",
    "non-empty": "empty",
    "rights": "rights",
    "forbidden": "rights",
    "button": "button",
    "entities": "markup",
    "file": "file",
    "photo": "file",
    "document": "file",
}
"""What a reason of Telegram's says, and the name of the words for it; the first that fits."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Messages that were refused for one reason.

    Attributes:
        why: The reason in the clinic's words.
        quoted: Telegram's own, where there are no better words; else empty.
        here: Whether they were for the group itself.
        count: How many.
        patients: Whom they were for or about, as staff call them; the first few.
        more: How many more patients there are.
    """

    why: str
    quoted: str
    here: bool
    count: int
    patients: tuple[str, ...]
    more: int


def tell(db: Database, catalog: Catalog, now: datetime) -> int:
    """Tell the groups of what was refused; return of how many messages."""
    told = 0
    for clinic_id in rows.clinics(db, now - GATHERED):
        clinic = clinics.by_id(db, clinic_id)
        if clinic.chat_id is None:
            rows.settled(db, clinic_id, now - WORTH)
        elif _may_tell(db, clinic_id, now):
            told += _post(db, catalog, clinic, now)
            rows.settled(db, clinic_id, now)
            records.keep(db, _fact(clinic_id), stamp(now))
    return told


def _may_tell(db: Database, clinic_id: int, now: datetime) -> bool:
    last = records.fact(db, _fact(clinic_id))
    return last is None or not timedelta() <= now - instant(last) < AT_MOST_EVERY


def _fact(clinic_id: int) -> str:
    return f"refusals.told:{clinic_id}"


def _post(db: Database, catalog: Catalog, clinic: Clinic, now: datetime) -> int:
    words = catalog.words(clinic.language)
    counts: defaultdict[tuple[str, str, bool], int] = defaultdict(int)
    named: defaultdict[tuple[str, str, bool], dict[str, None]] = defaultdict(dict)
    for row in rows.of_clinic(db, clinic.id):
        kind = _kind(row["why"])
        quoted = row["why"][:MOST_LETTERS] if kind == _OTHER else ""
        about = words("refusal", kind), quoted, bool(row["here"])
        counts[about] += 1
        if row["patient"]:
            named[about][row["patient"]] = None
    refused = [
        Refused(
            *about,
            count=count,
            patients=tuple(named[about])[:MOST_NAMED],
            more=max(len(named[about]) - MOST_NAMED, 0),
        )
        for about, count in counts.items()
    ]
    total = sum(counts.values())
    text = catalog.screen(clinic.language, "staff_refused", {"refused": refused, "count": total})
    post(db, catalog, clinic, "refused", text, now, key=f"{rows.TOLD}{clinic.id}:{stamp(now)}")
    return total


def _kind(why: str) -> str:
    said = why.casefold()
    return next((name for sign, name in _SIGNS.items() if sign in said), _OTHER)
