"""The audit log, which only grows, and single facts that outlive a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, one_row


def audit(
    db: Database,
    *,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    clinic_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down who did what to whom; `detail` holds no words of a patient."""
    db.execute(
        "INSERT INTO audit (at, clinic_id, actor, action, subject, detail)"
        " VALUES (:now, :clinic, :actor, :action, :subject, :detail)",
        {
            "now": stamp(now),
            "clinic": clinic_id,
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": json.dumps(dict(detail or {}), sort_keys=True),
        },
    )


def audited(db: Database, subject: str) -> list[Row]:
    """Return what was done to a subject, oldest first."""
    return all_rows(
        db,
        "SELECT at, actor, action, detail FROM audit WHERE subject = :subject ORDER BY id",
        {"subject": subject},
    )


def audit_of(db: Database, clinic_id: int) -> list[Row]:
    """Return everything done at a clinic, oldest first, with the names that its group uses."""
    rows = all_rows(
        db,
        "SELECT at, actor, COALESCE(staff.name, '') AS name, action, subject, detail FROM audit"
        " LEFT JOIN staff ON staff.clinic_id = audit.clinic_id"
        " AND audit.actor = 'user:' || staff.user_id"
        " WHERE audit.clinic_id = :clinic ORDER BY audit.id",
        {"clinic": clinic_id},
    )
    for row in rows:
        row["detail"] = json.loads(row["detail"])
    return rows


def fact(db: Database, name: str) -> str | None:
    """Return a single stored value, such as when sending may go on after a 429."""
    row = one_row(db, "SELECT value FROM fact WHERE name = :name", {"name": name})
    return str(row["value"]) if row else None


def keep(db: Database, name: str, value: str) -> None:
    """Store a single value under a name."""
    db.execute(
        "INSERT INTO fact (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": name, "value": value},
    )
