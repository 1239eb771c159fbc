"""Broadcasts: what each says, to whom, where it stands and which message of the group shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.model import Broadcast, OutboxRow
from scheduler.store import aside, recipients
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, inserted, one_row

_CHANGEABLE = frozenset(
    {
        "template", "text", "segments", "marketing", "state", "at", "skipped", "looked_to",
        "started_at", "gathered_at", "finished_at", "progress_message", "progress_shown",
        "progress_at",
    }
)  # fmt: skip


def add(
    db: Database,
    *,
    clinic_id: int,
    template: str,
    text: str,
    segments: Sequence[str],
    marketing: bool,
    at: datetime | None,
    created_by: str,
    now: datetime,
) -> int:
    """Insert a draft and return its id."""
    return inserted(
        db,
        "INSERT INTO broadcast (clinic_id, template, text, segments, marketing, at, created_by,"
        " created_at) VALUES (:clinic, :template, :text, :segments, :marketing, :at, :by, :now)"
        " RETURNING id",
        {
            "clinic": clinic_id,
            "template": template,
            "text": text,
            "segments": json.dumps(list(segments)),
            "marketing": int(marketing),
            "at": stamp(at) if at else None,
            "by": created_by,
            "now": stamp(now),
        },
    )


def change(db: Database, broadcast_id: int, /, **values: Any) -> None:
    """Set some columns; raises `KeyError` for a fixed one."""
    for column, value in values.items():
        if column not in _CHANGEABLE:
            raise KeyError(column)
        changed(
            db,
            f"UPDATE broadcast SET {column} = :value WHERE id = :id",
            {"value": _stored(value), "id": broadcast_id},
        )


def by_id(db: Database, broadcast_id: int) -> Broadcast | None:
    """Return a broadcast."""
    row = one_row(db, "SELECT * FROM broadcast WHERE id = :id", {"id": broadcast_id})
    return _broadcast(row) if row else None


def of_clinic(db: Database, clinic_id: int, broadcast_id: int) -> Broadcast | None:
    """Return a broadcast, if it is this clinic's."""
    broadcast = by_id(db, broadcast_id)
    return broadcast if broadcast is not None and broadcast.clinic_id == clinic_id else None


def ask(db: Database, broadcast_id: int, outbox_id: int) -> None:
    """Note that a message to the group asks about a broadcast; a reply to it is the answer."""
    changed(
        db,
        "UPDATE post SET broadcast_id = :broadcast WHERE outbox_id = :outbox",
        {"broadcast": broadcast_id, "outbox": outbox_id},
    )


def asked(db: Database, clinic_id: int, outbox_id: int) -> Broadcast | None:
    """Return the broadcast that a message asked about, if it is this clinic's."""
    row = one_row(
        db,
        "SELECT broadcast.* FROM broadcast JOIN post ON post.broadcast_id = broadcast.id"
        " WHERE post.outbox_id = :outbox AND broadcast.clinic_id = :clinic",
        {"outbox": outbox_id, "clinic": clinic_id},
    )
    return _broadcast(row) if row else None


def listed(db: Database, clinic_id: int | None = None, *, limit: int = -1) -> list[Broadcast]:
    """Return broadcasts, or those of one clinic, the newest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE :clinic IS NULL OR clinic_id = :clinic"
        " ORDER BY id DESC LIMIT :limit",
        {"clinic": clinic_id, "limit": limit},
    )
    return [_broadcast(row) for row in rows]


def live(db: Database) -> list[Broadcast]:
    """Return what is scheduled, being sent or paused, the oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE state IN ('scheduled', 'sending', 'paused') ORDER BY id",
    )
    return [_broadcast(row) for row in rows]


def under_way(db: Database, clinic_id: int) -> list[Broadcast]:
    """Return what of a clinic is scheduled, being sent or paused, the next to begin first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE clinic_id = :clinic"
        " AND state IN ('scheduled', 'sending', 'paused') ORDER BY at, id",
        {"clinic": clinic_id},
    )
    return [_broadcast(row) for row in rows]


def unshown(db: Database) -> list[Broadcast]:
    """Return broadcasts whose message in the group may have to change, the oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM broadcast WHERE started_at IS NOT NULL AND"
        " (state IN ('sending', 'paused') OR progress_shown NOT LIKE state || ' %') ORDER BY id",
    )
    return [_broadcast(row) for row in rows]


def may_go(db: Database, row: OutboxRow, now: datetime) -> bool:
    """Whether a row of a broadcast may be sent at this very moment; if not, it is put where it
    belongs: back among the recipients of a paused one, or aside.
    """
    found = one_row(
        db,
        "SELECT broadcast.id, broadcast.state FROM outbox"
        " JOIN broadcast ON broadcast.id = outbox.broadcast_id WHERE outbox.id = :id",
        {"id": row.id},
    )
    if found is None or found["state"] == "sending":
        return True
    if found["state"] == "paused":
        recipients.take_back(db, found["id"], row.id)
    else:
        aside.one(db, row.id, now, "stopped")
    return False


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), sort_keys=True)
    if isinstance(value, tuple | list):
        return json.dumps(list(value))
    return value


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        clinic_id=row["clinic_id"],
        template=row["template"],
        text=row["text"],
        segments=tuple(json.loads(row["segments"])),
        marketing=bool(row["marketing"]),
        state=row["state"],
        at=maybe_instant(row["at"]),
        skipped=json.loads(row["skipped"]),
        looked_to=row["looked_to"],
        created_by=row["created_by"],
        created_at=instant(row["created_at"]),
        started_at=maybe_instant(row["started_at"]),
        gathered_at=maybe_instant(row["gathered_at"]),
        finished_at=maybe_instant(row["finished_at"]),
        progress_message=row["progress_message"],
        progress_shown=row["progress_shown"],
        progress_at=maybe_instant(row["progress_at"]),
    )
