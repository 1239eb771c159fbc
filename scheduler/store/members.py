"""Who may act for a clinic, looked up at every tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Role
from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed, one_row


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a clinic.

    Attributes:
        user_id: The person's number at Telegram.
        name: What the group calls the person.
        role: What the person may do; an owner also lets people in and out.
        removed: Whether the right to act was taken away.
    """

    user_id: int
    name: str
    role: Role
    removed: bool = False

    @property
    def actor(self) -> str:
        """Who the audit log says acted."""
        return f"user:{self.user_id}"


def find(db: Database, clinic_id: int, user_id: int) -> Member | None:
    """Return a person of a clinic, also one who was removed; None for a stranger."""
    row = one_row(
        db,
        "SELECT user_id, name, role, removed_at FROM staff"
        " WHERE clinic_id = :clinic AND user_id = :user",
        {"clinic": clinic_id, "user": user_id},
    )
    return _member(row) if row else None


def admit(
    db: Database, clinic_id: int, user_id: int, name: str, role: Role, *, now: datetime
) -> bool:
    """Let a person in for the first time; False for one who is known, removed or not."""
    return bool(
        changed(
            db,
            "INSERT INTO staff (clinic_id, user_id, name, role, added_at)"
            " VALUES (:clinic, :user, :name, :role, :now)"
            " ON CONFLICT (clinic_id, user_id) DO NOTHING",
            {
                "clinic": clinic_id,
                "user": user_id,
                "name": name,
                "role": role,
                "now": stamp(now),
            },
        )
    )


def name(db: Database, clinic_id: int, user_id: int, called: str) -> None:
    """Note what the group calls a person now."""
    changed(
        db,
        "UPDATE staff SET name = :name WHERE clinic_id = :clinic AND user_id = :user",
        {"name": called, "clinic": clinic_id, "user": user_id},
    )


def readmit(db: Database, clinic_id: int, user_id: int) -> bool:
    """Let a removed person act again as staff; False if nobody was removed."""
    return bool(
        changed(
            db,
            "UPDATE staff SET removed_at = NULL, role = 'staff'"
            " WHERE clinic_id = :clinic AND user_id = :user AND removed_at IS NOT NULL",
            {"clinic": clinic_id, "user": user_id},
        )
    )


def removed(db: Database, clinic_id: int) -> list[Member]:
    """Return the people whose right was taken away."""
    rows = all_rows(
        db,
        "SELECT user_id, name, role, removed_at FROM staff"
        " WHERE clinic_id = :clinic AND removed_at IS NOT NULL ORDER BY removed_at, user_id",
        {"clinic": clinic_id},
    )
    return [_member(row) for row in rows]


def _member(row: Row) -> Member:
    return Member(
        user_id=row["user_id"],
        name=row["name"] or str(row["user_id"]),
        role=row["role"],
        removed=row["removed_at"] is not None,
    )
