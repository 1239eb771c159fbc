"""A clinic's patients with what decides whether a broadcast is for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Patient
from scheduler.store import patients
from scheduler.store.engine import maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, one_row
from scheduler.store.sessions import TO_COME


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient of the clinic, with what decides whether a broadcast is for her.

    Attributes:
        patient: Who it is.
        procedure: Her latest treatment's procedure; empty if she has none.
        area: Its area.
        treated_at: When it was.
        next_session: When her next appointment begins, if one is booked.
        recent: How many unasked messages she has had, or is about to have, lately.
        marketing: Whether she agreed to marketing.
    """

    patient: Patient
    procedure: str
    area: str
    treated_at: datetime | None
    next_session: datetime | None
    recent: int
    marketing: bool


def page(
    db: Database, clinic_id: int, *, after: int, limit: int, now: datetime, since: datetime
) -> list[Candidate]:
    """Return a page of a clinic's patients.

    Args:
        db: The database.
        clinic_id: The clinic.
        after: Only patients with a higher id.
        limit: The most to return.
        now: From when on an appointment is to come.
        since: From when on messages count as recent.
    """
    rows = all_rows(
        db,
        f"{_CANDIDATE} WHERE patient.clinic_id = :clinic AND patient.id > :after"
        " ORDER BY patient.id LIMIT :limit",
        {
            "clinic": clinic_id,
            "after": after,
            "limit": limit,
            "now": stamp(now),
            "since": stamp(since),
        },
    )
    return [_candidate(row) for row in rows]


def of_patient(
    db: Database, patient_id: int, *, now: datetime, since: datetime
) -> Candidate | None:
    """Return one patient as `page` does."""
    row = one_row(
        db,
        f"{_CANDIDATE} WHERE patient.id = :patient",
        {"patient": patient_id, "now": stamp(now), "since": stamp(since)},
    )
    return _candidate(row) if row else None


def names(db: Database, clinic_id: int) -> set[str]:
    """Return everything that a list may call the patients of a clinic: refs and references."""
    rows = all_rows(
        db,
        "SELECT ref, reference FROM patient WHERE clinic_id = :clinic",
        {"clinic": clinic_id},
    )
    return {name for row in rows for name in (row["ref"], row["reference"]) if name}


_CANDIDATE = f"""
SELECT patient.*, treatment.procedure, treatment.area, treatment.treated_at,
 (SELECT MIN(starts_at) FROM session WHERE session.patient_id = patient.id
   AND session.starts_at >= :now AND session.state IN {TO_COME}) AS next_session,
 (SELECT COUNT(*) FROM outbox WHERE outbox.patient_id = patient.id
   AND outbox.kind IN ('reminder', 'broadcast') AND outbox.created_at >= :since
   AND outbox.state IN ('waiting', 'trying', 'sent', 'uncertain')) AS recent,
 (SELECT given FROM consent WHERE consent.patient_id = patient.id
   AND consent.kind = 'marketing' ORDER BY consent.id DESC LIMIT 1) AS marketing
FROM patient LEFT JOIN treatment ON treatment.id = (
 SELECT id FROM treatment WHERE treatment.patient_id = patient.id AND treatment.state = 'active'
 ORDER BY treatment.treated_at DESC, treatment.id DESC LIMIT 1)"""


def _candidate(row: Row) -> Candidate:
    return Candidate(
        patient=patients.of_row(row),
        procedure=row["procedure"] or "",
        area=row["area"] or "",
        treated_at=maybe_instant(row["treated_at"]),
        next_session=maybe_instant(row["next_session"]),
        recent=row["recent"],
        marketing=bool(row["marketing"]),
    )
