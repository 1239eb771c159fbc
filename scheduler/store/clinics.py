"""Clinics and their staff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from scheduler.model import Clinic
from scheduler.store import aside
from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed, inserted, one_row

SETTABLE = frozenset(
    {
        "name", "timezone", "language", "phone", "emergency_number", "crisis_line", "opens",
        "closes", "open_days", "waits", "sunscreen_from_start", "self_enrol", "raise_minutes",
        "raise_closed", "weekly_cap", "care_counts", "weekly_report",
    }
)  # fmt: skip


def add(db: Database, *, slug: str, now: datetime, **values: str) -> Clinic:
    """Insert a clinic; `values` are its name, timezone, language, phone and emergency number."""
    inserted(
        db,
        "INSERT INTO clinic (slug, name, timezone, language, phone, emergency_number, created_at)"
        " VALUES (:slug, :name, :timezone, :language, :phone, :emergency_number, :now)"
        " RETURNING id",
        {"slug": slug, "now": stamp(now), **values},
    )
    clinic = by_slug(db, slug)
    if clinic is None:
        raise LookupError(slug)
    return clinic


def change(db: Database, clinic_id: int, values: Mapping[str, Any]) -> None:
    """Set some of the columns named in `SETTABLE`; raises `KeyError` for any other."""
    for column, value in values.items():
        if column not in SETTABLE:
            raise KeyError(column)
        if isinstance(value, Mapping):
            value = json.dumps(value, sort_keys=True)  # noqa: PLW2901
        changed(
            db,
            f"UPDATE clinic SET {column} = :value WHERE id = :id",
            {"value": value, "id": clinic_id},
        )


def by_id(db: Database, clinic_id: int) -> Clinic:
    """Return a clinic; raises `LookupError` if there is none."""
    row = one_row(db, "SELECT * FROM clinic WHERE id = :id", {"id": clinic_id})
    if row is None:
        raise LookupError(f"clinic {clinic_id}")
    return _clinic(row)


def by_slug(db: Database, slug: str) -> Clinic | None:
    """Return the clinic of that slug."""
    row = one_row(db, "SELECT * FROM clinic WHERE slug = :slug", {"slug": slug})
    return _clinic(row) if row else None


def by_chat(db: Database, chat_id: int) -> Clinic | None:
    """Return the clinic whose staff group this is."""
    row = one_row(db, "SELECT * FROM clinic WHERE chat_id = :chat", {"chat": chat_id})
    return _clinic(row) if row else None


def listed(db: Database) -> list[Clinic]:
    """Return every clinic, by slug."""
    return [_clinic(row) for row in all_rows(db, "SELECT * FROM clinic ORDER BY slug")]


def open_to_all(db: Database) -> list[Clinic]:
    """Return the clinics that let patients enrol themselves."""
    rows = all_rows(db, "SELECT * FROM clinic WHERE self_enrol = 1 ORDER BY name")
    return [_clinic(row) for row in rows]


def bind(db: Database, clinic_id: int, chat_id: int) -> None:
    """Make a group this clinic's staff group; it stops being any other clinic's."""
    changed(db, "UPDATE clinic SET chat_id = NULL WHERE chat_id = :chat", {"chat": chat_id})
    changed(
        db, "UPDATE clinic SET chat_id = :chat WHERE id = :id", {"chat": chat_id, "id": clinic_id}
    )


def unbind(db: Database, chat_id: int, *, now: datetime) -> Clinic | None:
    """Note that a group is gone: its clinic is not connected; return the clinic, if it was one's.

    What waited for the group is marked as blocked, or as uncertain if it may have arrived; open
    escalations are posted anew once the clinic has a group again.
    """
    clinic = by_chat(db, chat_id)
    if clinic is None:
        return None
    changed(db, "UPDATE clinic SET chat_id = NULL WHERE id = :id", {"id": clinic.id})
    aside.let_go(
        db,
        "chat_id = :chat AND clinic_id = :clinic AND state = 'waiting'",
        {"chat": chat_id, "clinic": clinic.id},
        now,
        "the group is gone",
        state="blocked",
    )
    return clinic


def move_chat(db: Database, old: int, new: int) -> None:
    """Follow a chat that lives on under another id, for clinics, patients and what waits."""
    for table in ("clinic", "patient", "outbox"):
        state = " AND state = 'waiting'" if table == "outbox" else ""
        changed(
            db,
            f"UPDATE {table} SET chat_id = :new WHERE chat_id = :old{state}",
            {"new": new, "old": old},
        )


def add_staff(db: Database, clinic_id: int, user_id: int, role: str, *, now: datetime) -> None:
    """Let a person act for a clinic; somebody removed before is let in again."""
    db.execute(
        "INSERT INTO staff (clinic_id, user_id, role, added_at)"
        " VALUES (:clinic, :user, :role, :now)"
        " ON CONFLICT (clinic_id, user_id) DO UPDATE SET removed_at = NULL, role = excluded.role",
        {"clinic": clinic_id, "user": user_id, "role": role, "now": stamp(now)},
    )


def remove_staff(db: Database, clinic_id: int, user_id: int, *, now: datetime) -> bool:
    """Take a person's right to act away; False if they had none."""
    return bool(
        changed(
            db,
            "UPDATE staff SET removed_at = :now"
            " WHERE clinic_id = :clinic AND user_id = :user AND removed_at IS NULL",
            {"clinic": clinic_id, "user": user_id, "now": stamp(now)},
        )
    )


def staff(db: Database, clinic_id: int) -> list[Row]:
    """Return the user id, name, role and date of everybody who may act for a clinic."""
    return all_rows(
        db,
        "SELECT user_id, name, role, added_at FROM staff"
        " WHERE clinic_id = :clinic AND removed_at IS NULL ORDER BY added_at, user_id",
        {"clinic": clinic_id},
    )


def _clinic(row: Row) -> Clinic:
    return _of(tuple(row.items()))


@lru_cache(maxsize=256)  # every message asks for its clinic, and a clinic seldom changes
def _of(values: tuple[tuple[str, Any], ...]) -> Clinic:
    row = dict(values)
    return Clinic(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        timezone=row["timezone"],
        language=row["language"],
        phone=row["phone"],
        emergency_number=row["emergency_number"],
        crisis_line=row["crisis_line"],
        opens=time.fromisoformat(row["opens"]),
        closes=time.fromisoformat(row["closes"]),
        open_days=row["open_days"],
        waits=json.loads(row["waits"]),
        sunscreen_from_start=bool(row["sunscreen_from_start"]),
        self_enrol=bool(row["self_enrol"]),
        raise_minutes=tuple(int(part) for part in row["raise_minutes"].split(",") if part),
        raise_closed=row["raise_closed"],
        weekly_cap=row["weekly_cap"],
        care_counts=bool(row["care_counts"]),
        weekly_report=bool(row["weekly_report"]),
        chat_id=row["chat_id"],
    )
