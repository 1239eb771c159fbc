"""What was said in an escalation, by the patient and by the people of her clinic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from scheduler.messenger import FileKind
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
        said: The words; empty for a file without any.
        media: What a patient sent if it was not words, with `file_id` while it is kept.
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
    media: FileKind | None
    file_id: str | None
    quiet: bool
    user_id: int | None
    attachment: str | None
    outbox_id: int | None


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


def of_clinic(db: Database, clinic_id: int, turn_id: int) -> Turn | None:
    """Return a turn, if it is in an escalation of this clinic."""
    row = one_row(
        db,
        f"{_TURN} JOIN escalation ON escalation.id = turn.escalation_id"
        " WHERE turn.id = :id AND escalation.clinic_id = :clinic",
        {"id": turn_id, "clinic": clinic_id},
    )
    return _turn(row) if row else None


def listed(db: Database, escalation_id: int, side: Side | None = None) -> list[Turn]:
    """Return everything said in an escalation, or by one side of it, oldest first."""
    rows = all_rows(
        db,
        f"{_TURN} WHERE turn.escalation_id = :id AND (:side IS NULL OR turn.side = :side)"
        " ORDER BY turn.id",
        {"id": escalation_id, "side": side},
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


def carried_by(db: Database, outbox_id: int) -> list[Turn]:
    """Return what a message carries, oldest first."""
    rows = all_rows(
        db, f"{_TURN} WHERE turn.outbox_id = :outbox ORDER BY turn.id", {"outbox": outbox_id}
    )
    return [_turn(row) for row in rows]


def last_of_clinic(db: Database, escalation_id: int) -> int:
    """Return the id of the last thing the clinic said in an escalation; 0 if it said nothing."""
    row = all_rows(
        db,
        "SELECT COALESCE(MAX(id), 0) AS id FROM turn WHERE escalation_id = :id AND side = 'clinic'",
        {"id": escalation_id},
    )[0]
    return int(row["id"])


def files_shown(db: Database, escalation_id: int, after: int, since: datetime) -> int:
    """Return how many files, of turns after one, a group was shown from an instant on."""
    row = all_rows(
        db,
        "SELECT COUNT(*) AS n FROM turn JOIN outbox ON outbox.id = turn.outbox_id"
        " JOIN post ON post.outbox_id = outbox.id WHERE turn.escalation_id = :id"
        " AND turn.id > :after AND turn.media_id IS NOT NULL AND post.kind = 'thread'"
        " AND outbox.created_at >= :since",
        {"id": escalation_id, "after": after, "since": stamp(since)},
    )[0]
    return int(row["n"])


def not_shown(db: Database, escalation_id: int) -> list[Turn]:
    """Return the files of an escalation that are kept and that no group sees, oldest first."""
    rows = all_rows(
        db,
        f"{_TURN} LEFT JOIN post ON post.outbox_id = turn.outbox_id"
        " WHERE turn.escalation_id = :id AND turn.side = 'patient' AND media.file_id IS NOT NULL"
        " AND (turn.outbox_id IS NULL OR post.kind = 'files') ORDER BY turn.id",
        {"id": escalation_id},
    )
    return [_turn(row) for row in rows]


def let_go(db: Database, outbox_id: int) -> None:
    """Let what a message carried be carried anew, as that message is gone."""
    changed(db, "UPDATE turn SET outbox_id = NULL WHERE outbox_id = :outbox", {"outbox": outbox_id})


def told(db: Database, turn_id: int, outcome: str) -> None:
    """Note that people were told what became of a turn."""
    changed(
        db, "UPDATE turn SET told = :outcome WHERE id = :id", {"id": turn_id, "outcome": outcome}
    )


def not_passed(db: Database, limit: int) -> list[Row]:
    """Return id and clinic of files of patients that Telegram refused, and nobody was told."""
    return all_rows(
        db,
        "SELECT turn.id, escalation.clinic_id FROM turn"
        " JOIN outbox ON outbox.id = turn.outbox_id"
        " JOIN post ON post.outbox_id = outbox.id AND post.kind = 'thread'"
        " JOIN escalation ON escalation.id = turn.escalation_id"
        " WHERE turn.side = 'patient' AND turn.media_id IS NOT NULL AND turn.told = ''"
        " AND outbox.state = 'failed' ORDER BY turn.id LIMIT :limit",
        {"limit": limit},
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
