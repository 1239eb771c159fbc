"""One-time codes: only a digest is kept, so a stolen database opens no door."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from scheduler.store.engine import instant, stamp
from scheduler.store.rows import Row, changed, one_row

Purpose = Literal["enrol", "connect"]


def digest(code: str) -> str:
    """Return what is stored of a code; 128 random bits need no salt."""
    return hashlib.sha256(code.encode()).hexdigest()


def add(
    db: Database,
    code: str,
    *,
    purpose: Purpose,
    clinic_id: int,
    patient_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new code until it is used or expires."""
    db.execute(
        "INSERT INTO code (digest, purpose, clinic_id, patient_id, created_at, expires_at)"
        " VALUES (:digest, :purpose, :clinic, :patient, :now, :expires)",
        {
            "digest": digest(code),
            "purpose": purpose,
            "clinic": clinic_id,
            "patient": patient_id,
            "now": stamp(now),
            "expires": stamp(expires_at),
        },
    )


def find(db: Database, code: str, purpose: Purpose) -> Row | None:
    """Return clinic_id, patient_id, expires_at, used_at and used_by of a code that exists."""
    row = one_row(
        db,
        "SELECT clinic_id, patient_id, expires_at, used_at, used_by FROM code"
        " WHERE digest = :digest AND purpose = :purpose",
        {"digest": digest(code), "purpose": purpose},
    )
    if row is not None:
        row["expires_at"] = instant(row["expires_at"])
    return row


def use(db: Database, code: str, *, by: int, now: datetime) -> bool:
    """Use a code up; False if somebody did before."""
    return bool(
        changed(
            db,
            "UPDATE code SET used_at = :now, used_by = :by"
            " WHERE digest = :digest AND used_at IS NULL",
            {"now": stamp(now), "by": by, "digest": digest(code)},
        )
    )


def hand_over(db: Database, *, from_patient: int, to_patient: int) -> None:
    """Let the codes of one patient's entry stand for another's."""
    changed(
        db,
        "UPDATE code SET patient_id = :new WHERE patient_id = :old",
        {"old": from_patient, "new": to_patient},
    )
