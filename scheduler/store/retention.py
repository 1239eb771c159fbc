"""The end of what has been kept long enough, in batches, so that nothing has to wait for it."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from scheduler import payload
from scheduler.store.engine import stamp
from scheduler.store.rows import changed

_ON_OPEN_CARDS = (
    "SELECT post.outbox_id FROM post JOIN escalation ON escalation.id = post.escalation_id"
    " WHERE escalation.state <> 'closed'"
)


def forget_words(db: Database, before: datetime, limit: int) -> int:
    """Empty what patients wrote before an instant; that they wrote, and its topic, stays."""
    return changed(
        db,
        "UPDATE exchange SET said = '' WHERE id IN ("
        " SELECT id FROM exchange WHERE at < :before AND said <> '' LIMIT :limit)",
        {"before": stamp(before), "limit": limit},
    )


def forget_messages(db: Database, before: datetime, limit: int) -> int:
    """Delete messages to staff that were finished before an instant: they quote patients.

    Of what is about an open card only the content goes: a reply to it still has to be understood,
    and what it showed must not count as never shown.
    """
    gone = changed(
        db,
        "DELETE FROM outbox WHERE id IN ("
        " SELECT id FROM outbox WHERE patient_id IS NULL AND finished_at < :before"
        f" AND id NOT IN ({_ON_OPEN_CARDS}) LIMIT :limit)",
        {"before": stamp(before), "limit": limit},
    )
    emptied = changed(
        db,
        "UPDATE outbox SET payload = :nothing WHERE id IN ("
        " SELECT id FROM outbox WHERE patient_id IS NULL AND finished_at < :before"
        f" AND payload <> :nothing AND id IN ({_ON_OPEN_CARDS}) LIMIT :limit)",
        {"before": stamp(before), "limit": limit, "nothing": payload.pack("")},
    )
    return gone + emptied


def forget_patients(db: Database, before: datetime, limit: int) -> int:
    """Delete patients whose last treatment and last word lie before an instant."""
    return changed(
        db,
        "DELETE FROM patient WHERE id IN ("
        " SELECT id FROM patient WHERE invited_at < :before AND NOT EXISTS ("
        "  SELECT 1 FROM treatment"
        "  WHERE treatment.patient_id = patient.id AND treatment.treated_at >= :before)"
        " AND NOT EXISTS ("
        "  SELECT 1 FROM exchange"
        "  WHERE exchange.patient_id = patient.id AND exchange.at >= :before)"
        " LIMIT :limit)",
        {"before": stamp(before), "limit": limit},
    )


def optimise(db: Database) -> None:
    """Let SQLite look after its statistics."""
    db.execute("PRAGMA optimize").fetchall()
