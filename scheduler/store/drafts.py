"""What staff have chosen so far for a patient they are enrolling: a row, not memory.

So a restart in the middle loses nothing, and two people enrolling at once do not mix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, inserted, one_row

_CHANGEABLE = frozenset(
    {
        "message_id", "procedure", "area", "treated_at", "next_at", "waits", "reference",
        "code_digest", "made_at", "joined_at",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A patient who is being enrolled.

    Attributes:
        id: Its key.
        clinic_id: The clinic.
        user_id: Who began.
        chat_id: The group in which it is done.
        message_id: The card that shows it.
        started_at: When it was begun.
        procedure: What was done, once chosen.
        area: Where, once chosen.
        treated_at: When, once chosen.
        next_at: The next session, if known.
        waits: Rule -> hours set for this treatment.
        reference: The clinic's own reference, if any.
        made_at: When the code was made; the draft is finished then.
        joined_at: When the patient agreed.
    """

    id: int
    clinic_id: int
    user_id: int
    chat_id: int
    message_id: int | None
    started_at: datetime
    procedure: str
    area: str
    treated_at: datetime | None
    next_at: datetime | None
    waits: Mapping[str, float]
    reference: str
    made_at: datetime | None
    joined_at: datetime | None


def add(db: Database, clinic_id: int, user_id: int, chat_id: int, now: datetime) -> Draft:
    """Begin a draft."""
    draft_id = inserted(
        db,
        "INSERT INTO draft (clinic_id, user_id, chat_id, started_at)"
        " VALUES (:clinic, :user, :chat, :now) RETURNING id",
        {"clinic": clinic_id, "user": user_id, "chat": chat_id, "now": stamp(now)},
    )
    draft = of_clinic(db, clinic_id, draft_id)
    if draft is None:
        raise LookupError(f"draft {draft_id}")
    return draft


def change(db: Database, draft_id: int, /, **values: Any) -> None:
    """Set some columns; datetimes are stored in UTC. Raises `KeyError` for a fixed column."""
    for column, value in values.items():
        if column not in _CHANGEABLE:
            raise KeyError(column)
        stored = value
        if isinstance(value, datetime):
            stored = stamp(value)
        elif isinstance(value, Mapping):
            stored = json.dumps(dict(value), sort_keys=True)
        changed(
            db,
            f"UPDATE draft SET {column} = :value WHERE id = :id",
            {"value": stored, "id": draft_id},
        )


def of_clinic(db: Database, clinic_id: int, draft_id: int) -> Draft | None:
    """Return a draft, if it is this clinic's."""
    row = one_row(
        db,
        "SELECT * FROM draft WHERE id = :id AND clinic_id = :clinic",
        {"id": draft_id, "clinic": clinic_id},
    )
    return _draft(row) if row else None


def of_patient(db: Database, patient_id: int) -> list[Draft]:
    """Return the drafts whose codes stand for a patient and whose card does not say so yet."""
    rows = all_rows(
        db,
        "SELECT draft.* FROM draft JOIN code ON code.digest = draft.code_digest"
        " WHERE code.patient_id = :patient AND draft.joined_at IS NULL ORDER BY draft.id",
        {"patient": patient_id},
    )
    return [_draft(row) for row in rows]


def patient_of(db: Database, draft_id: int) -> int | None:
    """Return the patient whom a finished draft let in."""
    row = one_row(
        db,
        "SELECT code.patient_id AS id FROM draft JOIN code ON code.digest = draft.code_digest"
        " WHERE draft.id = :id",
        {"id": draft_id},
    )
    return int(row["id"]) if row and row["id"] is not None else None


def _draft(row: Row) -> Draft:
    return Draft(
        id=row["id"],
        clinic_id=row["clinic_id"],
        user_id=row["user_id"],
        chat_id=row["chat_id"],
        message_id=row["message_id"],
        started_at=instant(row["started_at"]),
        procedure=row["procedure"],
        area=row["area"],
        treated_at=maybe_instant(row["treated_at"]),
        next_at=maybe_instant(row["next_at"]),
        waits=json.loads(row["waits"]),
        reference=row["reference"],
        made_at=maybe_instant(row["made_at"]),
        joined_at=maybe_instant(row["joined_at"]),
    )
