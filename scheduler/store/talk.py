"""What patients said and tapped, and what of it a person has to see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import Escalation, Level
from scheduler.store.engine import instant, maybe_instant, stamp
from scheduler.store.rows import Row, all_rows, changed, one_row


def add_exchange(
    db: Database,
    *,
    patient_id: int | None,
    chat_id: int,
    message_id: int,
    edition: str,
    said: str,
    route: str,
    topics: Sequence[str],
    signs: Sequence[str],
    now: datetime,
) -> int | None:
    """Write down what was said; None if this message was written down before."""
    row = one_row(
        db,
        "INSERT INTO exchange"
        " (patient_id, chat_id, message_id, edition, at, said, route, topics, signs)"
        " VALUES (:patient, :chat, :message, :edition, :now, :said, :route, :topics, :signs)"
        " ON CONFLICT (chat_id, message_id, edition) DO NOTHING RETURNING id",
        {
            "patient": patient_id,
            "chat": chat_id,
            "message": message_id,
            "edition": edition,
            "now": stamp(now),
            "said": said,
            "route": route,
            "topics": json.dumps(list(topics)),
            "signs": json.dumps(list(signs)),
        },
    )
    return int(row["id"]) if row else None


def exchanges(db: Database, patient_id: int, *, last: int | None = None) -> list[Row]:
    """Return what a patient said, oldest first; only the last few if asked."""
    rows = all_rows(
        db,
        "SELECT id, message_id, at, said, route, topics, signs FROM exchange"
        " WHERE patient_id = :patient ORDER BY id DESC LIMIT :last",
        {"patient": patient_id, "last": -1 if last is None else last},
    )
    return rows[::-1]


def exchange_of(db: Database, patient_id: int, message_id: int) -> int | None:
    """Return the id of what a patient said in one message, if it is hers."""
    row = one_row(
        db,
        "SELECT id FROM exchange WHERE patient_id = :patient AND message_id = :message"
        " ORDER BY id DESC LIMIT 1",
        {"patient": patient_id, "message": message_id},
    )
    return int(row["id"]) if row else None


def open_escalation(
    db: Database,
    *,
    clinic_id: int,
    patient_id: int,
    exchange_id: int | None,
    level: Level,
    context: str,
    now: datetime,
) -> int | None:
    """Put something before the clinic; None if that message was put there before."""
    row = one_row(
        db,
        "INSERT INTO escalation (clinic_id, patient_id, exchange_id, level, context, opened_at)"
        " VALUES (:clinic, :patient, :exchange, :level, :context, :now)"
        " ON CONFLICT (exchange_id) DO NOTHING RETURNING id",
        {
            "clinic": clinic_id,
            "patient": patient_id,
            "exchange": exchange_id,
            "level": level,
            "context": context,
            "now": stamp(now),
        },
    )
    return int(row["id"]) if row else None


def escalations(db: Database, *, patient_id: int) -> list[Escalation]:
    """Return everything that was put before the clinic for a patient, oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM escalation WHERE patient_id = :patient ORDER BY id",
        {"patient": patient_id},
    )
    return [to_escalation(row) for row in rows]


def escalation(db: Database, escalation_id: int) -> Escalation:
    """Return one escalation; raises `LookupError` if there is none."""
    row = one_row(db, "SELECT * FROM escalation WHERE id = :id", {"id": escalation_id})
    if row is None:
        raise LookupError(f"escalation {escalation_id}")
    return to_escalation(row)


def unanswered(db: Database, since: datetime, clinic_id: int | None = None) -> list[str]:
    """Return what patients wrote that had no answer, oldest first, of all clinics or of one."""
    rows = all_rows(
        db,
        "SELECT said FROM exchange JOIN patient ON patient.id = exchange.patient_id"
        " WHERE route = 'unknown' AND at >= :since AND said <> ''"
        " AND (:clinic IS NULL OR patient.clinic_id = :clinic) ORDER BY exchange.id",
        {"since": stamp(since), "clinic": clinic_id},
    )
    return [row["said"] for row in rows]


def open_count(db: Database) -> int:
    """Return how many escalations nobody has closed."""
    return int(all_rows(db, "SELECT COUNT(*) AS n FROM escalation WHERE state <> 'closed'")[0]["n"])


def add_answer(
    db: Database, *, patient_id: int, outbox_id: int, choice: str, now: datetime
) -> bool:
    """Write down a tap on Done or Later; False if that tap is known."""
    return bool(
        changed(
            db,
            "INSERT INTO answer (patient_id, outbox_id, choice, at)"
            " VALUES (:patient, :outbox, :choice, :now)"
            " ON CONFLICT (outbox_id, choice) DO NOTHING",
            {"patient": patient_id, "outbox": outbox_id, "choice": choice, "now": stamp(now)},
        )
    )


def answers(db: Database, patient_id: int) -> list[Row]:
    """Return the taps of a patient: outbox_id, choice, at."""
    return all_rows(
        db,
        "SELECT outbox_id, choice, at FROM answer WHERE patient_id = :patient ORDER BY id",
        {"patient": patient_id},
    )


def to_escalation(row: Row) -> Escalation:
    """Return a row of the table as an escalation."""
    return Escalation(
        id=row["id"],
        clinic_id=row["clinic_id"],
        patient_id=row["patient_id"],
        level=row["level"],
        context=row["context"],
        state=row["state"],
        opened_at=instant(row["opened_at"]),
        taken_at=maybe_instant(row["taken_at"]),
        taken_by=row["taken_by"],
        closed_at=maybe_instant(row["closed_at"]),
        closed_by=row["closed_by"],
        seen_at=maybe_instant(row["seen_at"]),
        raised=row["raised"],
        raise_at=maybe_instant(row["raise_at"]),
        warned_at=maybe_instant(row["warned_at"]),
        card_wanted=bool(row["card_wanted"]),
    )
