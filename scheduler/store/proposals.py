"""Answers of staff that may become templates, for a clinician to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed


def add(
    db: Database,
    *,
    clinic_id: int,
    turn_id: int,
    user_id: int,
    language: str,
    procedure: str,
    topics: Sequence[str],
    said: str,
    now: datetime,
) -> bool:
    """Keep an answer as a draft; False if it is one already."""
    return bool(
        changed(
            db,
            "INSERT INTO proposal (clinic_id, turn_id, user_id, at, language, procedure, topics,"
            " said) VALUES (:clinic, :turn, :user, :now, :language, :procedure, :topics, :said)"
            " ON CONFLICT (turn_id) DO NOTHING",
            {
                "clinic": clinic_id,
                "turn": turn_id,
                "user": user_id,
                "now": stamp(now),
                "language": language,
                "procedure": procedure,
                "topics": json.dumps(list(topics)),
                "said": said,
            },
        )
    )


def listed(db: Database, clinic_id: int | None = None) -> list[Row]:
    """Return the drafts of one clinic, or of all, oldest first; never a patient's words."""
    rows = all_rows(
        db,
        "SELECT proposal.id, clinic.slug AS clinic, proposal.at, proposal.language,"
        " proposal.procedure, proposal.topics, proposal.said AS text FROM proposal"
        " JOIN clinic ON clinic.id = proposal.clinic_id"
        " WHERE :clinic IS NULL OR proposal.clinic_id = :clinic ORDER BY proposal.id",
        {"clinic": clinic_id},
    )
    for row in rows:
        row["topics"] = json.loads(row["topics"])
    return rows
