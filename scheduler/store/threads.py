"""What was said in an escalation, both ways, and which messages in a group show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from scheduler.model import OutboxRow
from scheduler.store import outbox
from scheduler.store.engine import instant, stamp
from scheduler.store.rows import Row, all_rows, changed, one_row

Side = Literal["patient", "clinic"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in an escalation.

    Attributes:
        id: Its key.
        escalation_id: The escalation.
        side: Who said it.
        at: When.
        said: The words; empty for a photo without any.
        media: `photo` or `voice` for what a patient sent, with `file_id` while it is kept.
        file_id: Telegram's name of that file, None once it expired.
        quiet: Whether the group hears of it without a sound.
        user_id: Who of the staff.
        attachment: JSON of what staff sent along.
        outbox_id: The message that carried it to the other side; None if none did yet.
    """

    id: int
    escalation_id: int
    side: Side
    at: datetime
    said: str
    media: Literal["photo", "voice"] | None
    file_id: str | None
    quiet: bool
    user_id: int | None
    attachment: str | None
    outbox_id: int | None


@dataclass(frozen=True, slots=True)
class Post:
    """What a message of the bot in a group is about, so that a reply to it is understood."""

    outbox_id: int
    kind: str
    escalation_id: int | None
    patient_id: int | None
    draft_id: int | None


_TURN = (
    "SELECT turn.*, COALESCE(exchange.said, turn.said) AS words, media.kind AS media,"
    " media.file_id AS file_id FROM turn"
    " LEFT JOIN exchange ON exchange.id = turn.exchange_id"
    " LEFT JOIN media ON media.id = turn.media_id"
)


def add_patient_turn(
    db: Database,
    escalation_id: int,
    now: datetime,
    *,
    exchange_id: int | None = None,
    media_id: int | None = None,
    quiet: bool = False,
) -> bool:
    """Add what a patient said or sent; False if it is in a thread already."""
    return bool(
        changed(
            db,
            "INSERT INTO turn (escalation_id, side, at, exchange_id, media_id, quiet)"
            " VALUES (:escalation, 'patient', :now, :exchange, :media, :quiet)"
            " ON CONFLICT DO NOTHING",
            {
                "escalation": escalation_id,
                "now": stamp(now),
                "exchange": exchange_id,
                "media": media_id,
                "quiet": int(quiet),
            },
        )
    )


def add_clinic_turn(
    db: Database,
    escalation_id: int,
    now: datetime,
    *,
    user_id: int,
    said: str,
    attachment: str | None,
    chat_id: int,
    message_id: int,
) -> int | None:
    """Keep what a person of the clinic wrote; None if that very message was kept before."""
    row = one_row(
        db,
        "INSERT INTO turn (escalation_id, side, at, user_id, said, attachment, chat_id,"
        " message_id) VALUES (:escalation, 'clinic', :now, :user, :said, :attachment, :chat,"
        " :message) ON CONFLICT (chat_id, message_id) DO NOTHING RETURNING id",
        {
            "escalation": escalation_id,
            "now": stamp(now),
            "user": user_id,
            "said": said,
            "attachment": attachment,
            "chat": chat_id,
            "message": message_id,
        },
    )
    return int(row["id"]) if row else None


def turn_of_clinic(db: Database, clinic_id: int, turn_id: int) -> Turn | None:
    """Return a turn, if it is in an escalation of this clinic."""
    row = one_row(
        db,
        f"{_TURN} JOIN escalation ON escalation.id = turn.escalation_id"
        " WHERE turn.id = :id AND escalation.clinic_id = :clinic",
        {"id": turn_id, "clinic": clinic_id},
    )
    return _turn(row) if row else None


def turns(db: Database, escalation_id: int) -> list[Turn]:
    """Return everything said in an escalation, oldest first."""
    rows = all_rows(
        db, f"{_TURN} WHERE turn.escalation_id = :id ORDER BY turn.id", {"id": escalation_id}
    )
    return [_turn(row) for row in rows]


def topics(db: Database, escalation_id: int) -> list[str]:
    """Return the topics that were found in what the patient said in an escalation."""
    rows = all_rows(
        db,
        "SELECT exchange.topics FROM turn JOIN exchange ON exchange.id = turn.exchange_id"
        " WHERE turn.escalation_id = :id ORDER BY turn.id",
        {"id": escalation_id},
    )
    return list(dict.fromkeys(topic for row in rows for topic in json.loads(row["topics"])))


def in_thread(db: Database, exchange_id: int) -> bool:
    """Whether what a patient said is in a thread already."""
    return (
        one_row(db, "SELECT 1 FROM turn WHERE exchange_id = :id", {"id": exchange_id}) is not None
    )


def carried(db: Database, turn_id: int, outbox_id: int) -> None:
    """Note the message that carries a turn to the other side."""
    changed(
        db,
        "UPDATE turn SET outbox_id = :outbox WHERE id = :id",
        {"id": turn_id, "outbox": outbox_id},
    )


def told(db: Database, turn_id: int, outcome: str) -> None:
    """Note that staff were told what became of their answer."""
    changed(
        db, "UPDATE turn SET told = :outcome WHERE id = :id", {"id": turn_id, "outcome": outcome}
    )


def untold(db: Database, before: datetime, limit: int) -> list[Row]:
    """Return id, outcome and clinic of answers whose fate has been known since before an instant.

    Staff have not been told of these: the answer had to wait, or the process ended in between.
    """
    return all_rows(
        db,
        "SELECT turn.id, outbox.state AS outcome, escalation.clinic_id FROM turn"
        " JOIN outbox ON outbox.id = turn.outbox_id"
        " JOIN escalation ON escalation.id = turn.escalation_id"
        " WHERE turn.side = 'clinic' AND turn.told = ''"
        " AND outbox.state NOT IN ('waiting', 'trying') AND outbox.finished_at <= :before"
        " ORDER BY turn.id LIMIT :limit",
        {"before": stamp(before), "limit": limit},
    )


def add_post(
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


def post_at(db: Database, chat_id: int, message_id: int) -> Post | None:
    """Return what a message of the bot in a group is about."""
    row = one_row(
        db,
        "SELECT post.* FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE outbox.chat_id = :chat AND outbox.message_id = :message",
        {"chat": chat_id, "message": message_id},
    )
    if row is None:
        return None
    return Post(
        row["outbox_id"], row["kind"], row["escalation_id"], row["patient_id"], row["draft_id"]
    )


def cards(db: Database, escalation_id: int, chat_id: int, *, last: int = 5) -> list[OutboxRow]:
    """Return the cards of an escalation that a group has, the newest first."""
    rows = all_rows(
        db,
        "SELECT outbox.id FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :id AND post.kind = 'card' AND outbox.chat_id = :chat"
        " AND outbox.message_id IS NOT NULL ORDER BY outbox.id DESC LIMIT :last",
        {"id": escalation_id, "chat": chat_id, "last": last},
    )
    found = [outbox.by_id(db, row["id"]) for row in rows]
    return [row for row in found if row is not None]


def count_posts(db: Database, escalation_id: int) -> int:
    """Return how many messages in groups an escalation has had."""
    row = all_rows(
        db, "SELECT COUNT(*) AS n FROM post WHERE escalation_id = :id", {"id": escalation_id}
    )[0]
    return int(row["n"])


def messages_about(db: Database, patient_id: int) -> list[tuple[int, int]]:
    """Return (chat, message) of everything in groups that shows something of a patient."""
    rows = all_rows(
        db,
        "SELECT outbox.chat_id, outbox.message_id FROM post"
        " JOIN outbox ON outbox.id = post.outbox_id"
        " LEFT JOIN escalation ON escalation.id = post.escalation_id"
        " WHERE outbox.message_id IS NOT NULL"
        " AND (post.patient_id = :patient OR escalation.patient_id = :patient)"
        " ORDER BY outbox.id DESC",
        {"patient": patient_id},
    )
    return [(row["chat_id"], row["message_id"]) for row in rows]


def forget(db: Database, patient_id: int) -> None:
    """Delete what was queued for groups about a patient; her own rows go with her."""
    changed(
        db,
        "DELETE FROM outbox WHERE id IN (SELECT post.outbox_id FROM post"
        " LEFT JOIN escalation ON escalation.id = post.escalation_id"
        " WHERE post.patient_id = :patient OR escalation.patient_id = :patient)",
        {"patient": patient_id},
    )
    changed(
        db,
        "DELETE FROM draft WHERE code_digest IN"
        " (SELECT digest FROM code WHERE patient_id = :patient)",
        {"patient": patient_id},
    )


def _turn(row: Row) -> Turn:
    return Turn(
        id=row["id"],
        escalation_id=row["escalation_id"],
        side=row["side"],
        at=instant(row["at"]),
        said=row["words"],
        media=row["media"],
        file_id=row["file_id"],
        quiet=bool(row["quiet"]),
        user_id=row["user_id"],
        attachment=row["attachment"],
        outbox_id=row["outbox_id"],
    )
