"""Which messages in a group show what, so that a reply to one is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Escalation, OutboxRow
from scheduler.store import outbox
from scheduler.store.engine import maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, one_row

_ABOUT = (
    "SELECT outbox_id FROM post WHERE patient_id = :patient"
    " UNION SELECT outbox_id FROM post WHERE escalation_id IN"
    " (SELECT id FROM escalation WHERE patient_id = :patient)"
)

PLACES = 5
"""So many of the newest cards of an escalation say how it stands; older ones stay as they are."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a message of the bot in a group is about, so that a reply to it is understood.

    Attributes:
        outbox_id: The message.
        kind: What it is: `card`, `said` for words of a patient, `files` for the number of those
            that are not shown, `thread` for the rest below a card, or what its handler is called.
        escalation_id: The escalation it shows something of.
        patient_id: The patient, if there is no escalation.
        draft_id: The enrolment in the making.
        edition: How often it was to be changed.
        edited_at: When it was last changed.
    """

    outbox_id: int
    kind: str
    escalation_id: int | None
    patient_id: int | None
    draft_id: int | None
    edition: int
    edited_at: datetime | None


def add(
    db: Database,
    outbox_id: int,
    kind: str,
    *,
    escalation_id: int | None = None,
    patient_id: int | None = None,
    draft_id: int | None = None,
) -> None:
    """Note what a message to a group is about."""
    db.execute(
        "INSERT INTO post (outbox_id, kind, escalation_id, patient_id, draft_id)"
        " VALUES (:outbox, :kind, :escalation, :patient, :draft)",
        {
            "outbox": outbox_id,
            "kind": kind,
            "escalation": escalation_id,
            "patient": patient_id,
            "draft": draft_id,
        },
    )


def by_id(db: Database, outbox_id: int) -> Post | None:
    """Return what a message to a group is about, by its row in the outbox."""
    row = one_row(db, "SELECT * FROM post WHERE outbox_id = :id", {"id": outbox_id})
    return to_post(row) if row else None


def at(db: Database, chat_id: int, message_id: int) -> Post | None:
    """Return what a message of the bot in a group is about."""
    row = one_row(
        db,
        "SELECT post.* FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE outbox.chat_id = :chat AND outbox.message_id = :message",
        {"chat": chat_id, "message": message_id},
    )
    return to_post(row) if row else None


def cards(db: Database, escalation_id: int, chat_id: int, *, last: int = PLACES) -> list[OutboxRow]:
    """Return the cards of an escalation that a group has, the newest first."""
    return _rows(
        db,
        "SELECT outbox.id FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :id AND post.kind = 'card' AND outbox.chat_id = :chat"
        " AND outbox.message_id IS NOT NULL ORDER BY outbox.id DESC LIMIT :last",
        {"id": escalation_id, "chat": chat_id, "last": last},
    )


def said_since(db: Database, escalation_id: int, chat_id: int, since: datetime) -> list[OutboxRow]:
    """Return the posts with a patient's words that a group was given from an instant on."""
    return _rows(
        db,
        "SELECT outbox.id FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :id AND post.kind = 'said' AND outbox.chat_id = :chat"
        " AND outbox.state IN ('waiting', 'trying', 'sent') AND outbox.created_at >= :since"
        " ORDER BY outbox.id DESC",
        {"id": escalation_id, "chat": chat_id, "since": stamp(since)},
    )


def counting(db: Database, escalation_id: int, chat_id: int) -> int | None:
    """Return the newest post that counts files in a group if nothing was posted below it."""
    row = one_row(
        db,
        "SELECT outbox.id, post.kind FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :id AND outbox.chat_id = :chat"
        " AND outbox.state IN ('waiting', 'trying', 'sent') ORDER BY outbox.id DESC LIMIT 1",
        {"id": escalation_id, "chat": chat_id},
    )
    return int(row["id"]) if row and row["kind"] == "files" else None


def key(db: Database, row: Escalation) -> str:
    """Return what makes the next message of an escalation unique.

    It is counted on the escalation itself, as messages of a long open one are deleted in time.
    """
    counted = all_rows(
        db, "UPDATE escalation SET posts = posts + 1 WHERE id = :id RETURNING posts", {"id": row.id}
    )[0]
    return f"post:{row.id}:{stamp(row.opened_at)}:{counted['posts']}"


def about(db: Database, patient_id: int) -> list[Row]:
    """Return (outbox id, whether it shows a file of hers) of all that groups have of a patient."""
    return all_rows(
        db,
        "SELECT post.outbox_id, post.kind = 'thread' AND EXISTS (SELECT 1 FROM turn"
        "  WHERE turn.outbox_id = post.outbox_id AND turn.media_id IS NOT NULL) AS media"
        f" FROM post WHERE post.outbox_id IN ({_ABOUT}) ORDER BY post.outbox_id DESC",
        {"patient": patient_id},
    )


def forget(db: Database, patient_id: int) -> None:
    """Delete what was queued for groups about a patient; her own rows go with her.

    What is on its way at this moment stays, for its number is not known yet (`store.emptying`).
    """
    changed(
        db,
        f"DELETE FROM outbox WHERE id IN ({_ABOUT}) AND state <> 'trying'",
        {"patient": patient_id},
    )
    changed(
        db,
        "DELETE FROM draft WHERE code_digest IN"
        " (SELECT digest FROM code WHERE patient_id = :patient)",
        {"patient": patient_id},
    )


def _rows(db: Database, sql: str, values: dict[str, int | str]) -> list[OutboxRow]:
    found = [outbox.by_id(db, row["id"]) for row in all_rows(db, sql, values)]
    return [row for row in found if row is not None]


def to_post(row: Row) -> Post:
    """Return a row of the table as a post."""
    return Post(
        outbox_id=row["outbox_id"],
        kind=row["kind"],
        escalation_id=row["escalation_id"],
        patient_id=row["patient_id"],
        draft_id=row["draft_id"],
        edition=row["edition"],
        edited_at=maybe_instant(row["edited_at"]),
    )
