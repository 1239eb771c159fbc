"""Messages in groups that show something of an erased patient: which, and nothing of whose.

They are written down in the change that erases her, so that nothing which comes between, such as
a crash or a lost network, leaves her words standing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler import payload
from scheduler.store import outbox, posts, shown
from scheduler.store.engine import instant, stamp
from scheduler.store.rows import Row, all_rows, changed

_ARRIVED = (
    "SELECT emptying.*, COALESCE(emptying.message_id, outbox.message_id) AS message FROM emptying"
    " LEFT JOIN outbox ON outbox.id = emptying.outbox_id"
)
"""A message whose request was under way at the erasure has its number in its row by now."""


@dataclass(frozen=True, slots=True)
class Emptying:
    """One message that is to be emptied.

    Attributes:
        id: Its key.
        clinic_id: The clinic whose group it stands in.
        chat_id: The group.
        message_id: Its number there; None for one that may have arrived without telling it.
        file: Whether a file goes with it, which an edit would leave standing.
        posted_at: When it was sent.
        since: When the patient was erased.
    """

    id: int
    clinic_id: int
    chat_id: int
    message_id: int | None
    file: bool
    posted_at: datetime
    since: datetime


def note(db: Database, patient_id: int, now: datetime) -> int:
    """Write down what groups show of a patient who is about to be erased; return how much.

    What is on its way to a group keeps its row, without content, until its number is known.
    """
    noted = 0
    for row in posts.about(db, patient_id):
        sent = outbox.by_id(db, row["outbox_id"])
        if sent is None or sent.clinic_id is None:
            continue
        under_way = sent.state == "trying"
        if sent.message_id is None and not under_way:
            continue
        if under_way:
            outbox.hush(db, sent.id, payload.pack(""), now)
        file = payload.unpack(sent.payload, sent.chat_id).attachment is not None
        noted += _add(
            db,
            now,
            {
                "clinic_id": sent.clinic_id,
                "chat_id": sent.chat_id,
                "message_id": sent.message_id,
                "outbox_id": sent.id if under_way else None,
                "file": int(file or bool(row["media"])),
                "posted_at": stamp(sent.finished_at or now),
            },
        )
    for row in shown.of_patient(db, patient_id):
        noted += _add(db, now, {**row, "outbox_id": None})
    return noted


def _add(db: Database, now: datetime, message: Row) -> int:
    return changed(
        db,
        "INSERT INTO emptying"
        " (clinic_id, chat_id, message_id, outbox_id, file, posted_at, since, due_at)"
        " VALUES (:clinic_id, :chat_id, :message_id, :outbox_id, :file, :posted_at, :now, :now)"
        " ON CONFLICT DO NOTHING",
        {**message, "now": stamp(now)},
    )


def due(db: Database, now: datetime, limit: int) -> list[Emptying]:
    """Return messages that are to be emptied now, the longest due first."""
    rows = all_rows(
        db,
        f"{_ARRIVED} WHERE emptying.lost = 0 AND emptying.due_at <= :now"
        " AND COALESCE(emptying.message_id, outbox.message_id) IS NOT NULL"
        " ORDER BY emptying.due_at, emptying.id LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [_emptying(row) for row in rows]


def settle_under_way(db: Database) -> int:
    """Let go of messages that never arrived; one that may have arrived is lost. Return how many."""
    ended = "SELECT id FROM outbox WHERE message_id IS NULL AND state"
    lost = changed(
        db,
        "UPDATE emptying SET lost = 1 WHERE lost = 0 AND message_id IS NULL"
        f" AND outbox_id IN ({ended} = 'uncertain' AND id IN (SELECT outbox_id FROM emptying))",
        {},
    )
    gone = changed(
        db,
        f"DELETE FROM outbox WHERE id IN ({ended} IN ('failed', 'skipped', 'blocked')"
        " AND id IN (SELECT outbox_id FROM emptying))",
        {},
    )
    return lost + gone


def done(db: Database, emptying_id: int) -> None:
    """Forget a message: it is empty or gone, or the clinic has been told of it."""
    changed(
        db,
        "DELETE FROM outbox WHERE id = (SELECT outbox_id FROM emptying WHERE id = :id)",
        {"id": emptying_id},
    )
    changed(db, "DELETE FROM emptying WHERE id = :id", {"id": emptying_id})


def put_off(db: Database, emptying_id: int, until: datetime) -> None:
    """Empty a message later."""
    changed(
        db,
        "UPDATE emptying SET due_at = :until WHERE id = :id",
        {"id": emptying_id, "until": stamp(until)},
    )


def lose(db: Database, emptying_id: int) -> None:
    """Try no more to empty a message: a person has to."""
    changed(db, "UPDATE emptying SET lost = 1 WHERE id = :id", {"id": emptying_id})


def lost(db: Database, now: datetime) -> list[Emptying]:
    """Return what a person has to delete, oldest first, of clinics at which nothing is due now.

    So what fails in the same minute is told of together.
    """
    rows = all_rows(
        db,
        f"{_ARRIVED} WHERE emptying.lost = 1 AND NOT EXISTS ("
        "  SELECT 1 FROM emptying other WHERE other.clinic_id = emptying.clinic_id"
        "  AND other.lost = 0 AND other.due_at <= :now)"
        " ORDER BY emptying.clinic_id, emptying.posted_at, emptying.id",
        {"now": stamp(now)},
    )
    return [_emptying(row) for row in rows]


def _emptying(row: Row) -> Emptying:
    return Emptying(
        id=row["id"],
        clinic_id=row["clinic_id"],
        chat_id=row["chat_id"],
        message_id=row["message"],
        file=bool(row["file"]),
        posted_at=instant(row["posted_at"]),
        since=instant(row["since"]),
    )
