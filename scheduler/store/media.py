"""What patients sent besides words: Telegram's name of the file, until it expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler import payload
from scheduler.messenger import FileKind
from scheduler.model import OutboxRow
from scheduler.store import outbox
from scheduler.store.engine import stamp
from scheduler.store.rows import all_rows, changed, one_row


@dataclass(frozen=True, slots=True)
class Media:
    """One photo, voice note or other file.

    Attributes:
        id: Its key.
        kind: Which it is.
        message_id: The message in the patient's chat.
        album: What binds photos that were sent together; empty for a single one.
    """

    id: int
    kind: FileKind
    message_id: int
    album: str


def add(
    db: Database,
    patient_id: int,
    *,
    kind: FileKind,
    file_id: str,
    message_id: int,
    album: str,
    now: datetime,
    expires_at: datetime,
) -> int | None:
    """Keep a file's name; None if that message's is kept already."""
    row = one_row(
        db,
        "INSERT INTO media (patient_id, message_id, album, kind, file_id, at, expires_at)"
        " VALUES (:patient, :message, :album, :kind, :file, :now, :expires)"
        " ON CONFLICT (patient_id, message_id) DO NOTHING RETURNING id",
        {
            "patient": patient_id,
            "message": message_id,
            "album": album,
            "kind": kind,
            "file": file_id,
            "now": stamp(now),
            "expires": stamp(expires_at),
        },
    )
    return int(row["id"]) if row else None


def held(db: Database, patient_id: int) -> list[Media]:
    """Return what a patient sent and nobody was shown, because she has not agreed to it yet."""
    rows = all_rows(
        db,
        "SELECT media.id, media.kind, media.message_id, media.album FROM media"
        " LEFT JOIN turn ON turn.media_id = media.id"
        " WHERE media.patient_id = :patient AND turn.id IS NULL AND media.file_id IS NOT NULL"
        " ORDER BY media.id",
        {"patient": patient_id},
    )
    return [Media(row["id"], row["kind"], row["message_id"], row["album"]) for row in rows]


def album_known(db: Database, patient_id: int, album: str, besides: int) -> bool:
    """Whether another photo of the same album came before."""
    if not album:
        return False
    row = one_row(
        db,
        "SELECT 1 FROM media WHERE patient_id = :patient AND album = :album AND id < :besides",
        {"patient": patient_id, "album": album, "besides": besides},
    )
    return row is not None


def drop(db: Database, patient_id: int) -> int:
    """Forget what is held; return how many."""
    ids = [row.id for row in held(db, patient_id)]
    for media_id in ids:
        changed(db, "DELETE FROM media WHERE id = :id", {"id": media_id})
    return len(ids)


def forget_expired(db: Database, now: datetime, limit: int) -> int:
    """Forget the names of files whose time is up, also in what was sent; return how many."""
    rows = all_rows(
        db,
        "SELECT media.id, media.file_id, turn.escalation_id FROM media"
        " LEFT JOIN turn ON turn.media_id = media.id"
        " WHERE media.file_id IS NOT NULL AND media.expires_at <= :now LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    for row in rows:
        changed(db, "UPDATE media SET file_id = NULL WHERE id = :id", {"id": row["id"]})
        for sent in _shown(db, row["escalation_id"], row["file_id"]):
            said = payload.unpack(sent.payload, sent.chat_id)
            outbox.rewrite(db, sent.id, payload.pack(said.text, said.buttons))
    return len(rows)


def _shown(db: Database, escalation_id: int | None, file_id: str) -> list[OutboxRow]:
    """Return every message that showed a file to a group; a card that was lost shows it again."""
    rows = all_rows(
        db,
        "SELECT post.outbox_id AS id FROM post JOIN outbox ON outbox.id = post.outbox_id"
        " WHERE post.escalation_id = :escalation AND outbox.payload LIKE :naming",
        {"escalation": escalation_id, "naming": f"%{file_id}%"},
    )
    found = [outbox.by_id(db, row["id"]) for row in rows]
    return [sent for sent in found if sent is not None and file_id in sent.payload]
