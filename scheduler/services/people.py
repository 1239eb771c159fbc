"""The people of a clinic: who is let in, who is let out, and what the group calls them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from scheduler.model import Clinic
from scheduler.store import clinics, members, records
from scheduler.store.members import Member

Refusal = Literal["staff_last_owner", "staff_nobody"]


def known(db: Database, clinic_id: int, user_id: int, name: str) -> Member | None:
    """Return a person as the clinic knows them, under the name the group uses now."""
    member = members.find(db, clinic_id, user_id)
    if member is None or member.removed or member.name == name:
        return member
    members.name(db, clinic_id, user_id, name)
    return members.find(db, clinic_id, user_id)


def let_in(db: Database, clinic: Clinic, user_id: int, name: str, now: datetime) -> Member | None:
    """Let a person in who was found to be a member of the clinic's group.

    Somebody who was removed stays removed: only an owner lets them in again.
    """
    if members.admit(db, clinic.id, user_id, name, "staff", now=now):
        _note(db, clinic, "staff.joined", actor=user_id, subject=user_id, now=now)
    return members.find(db, clinic.id, user_id)


def remove(db: Database, clinic: Clinic, by: Member, user_id: int, now: datetime) -> Refusal | None:
    """Take a person's right to act away, at once; return why not, if it stays."""
    target = members.find(db, clinic.id, user_id)
    if target is None or target.removed:
        return "staff_nobody"
    owners = [row for row in clinics.staff(db, clinic.id) if row["role"] == "owner"]
    if target.role == "owner" and len(owners) == 1:
        return "staff_last_owner"
    clinics.remove_staff(db, clinic.id, user_id, now=now)
    _note(db, clinic, "staff.removed", actor=by.user_id, subject=user_id, now=now)
    return None


def let_in_again(
    db: Database, clinic: Clinic, by: Member, user_id: int, now: datetime
) -> Refusal | None:
    """Let a removed person act again, as staff."""
    if not members.readmit(db, clinic.id, user_id):
        return "staff_nobody"
    _note(db, clinic, "staff.readmitted", actor=by.user_id, subject=user_id, now=now)
    return None


def left(db: Database, clinic: Clinic, user_id: int, now: datetime) -> bool:
    """Note that a person left the group or was put out of it; the right to act goes with it."""
    if not clinics.remove_staff(db, clinic.id, user_id, now=now):
        return False
    _note(db, clinic, "staff.left", actor=user_id, subject=user_id, now=now)
    return True


def name_of(db: Database, clinic_id: int, user_id: int | None) -> str:
    """Return what the group calls a person; empty if nobody is meant."""
    if user_id is None:
        return ""
    member = members.find(db, clinic_id, user_id)
    return member.name if member else str(user_id)


def named(db: Database, clinic_id: int) -> list[tuple[int, str]]:
    """Return (user id, name) of everybody who may act."""
    return [
        (row["user_id"], row["name"] or str(row["user_id"])) for row in clinics.staff(db, clinic_id)
    ]


def _note(
    db: Database, clinic: Clinic, action: str, *, actor: int, subject: int, now: datetime
) -> None:
    records.audit(
        db,
        now=now,
        actor=f"user:{actor}",
        action=action,
        subject=f"user:{subject}",
        clinic_id=clinic.id,
    )
