"""The steps of every patient's plan: one row for a treatment and a step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlite_utils import Database

from scheduler.model import Reminder
from scheduler.plan import Plan
from scheduler.store import aside
from scheduler.store.engine import instant, stamp
from scheduler.store.rows import Row, all_rows, changed, id_list, one_row

_VALUES = 7
_stamp = lru_cache(maxsize=1024)(stamp)  # as for the times of the plan, which patients share


def replace_waiting(db: Database, patient_id: int, plan: Plan) -> int:
    """Make the waiting rows of a patient those of the plan; return how many wait.

    What was handed to the outbox stays as it is unless it is to be said again, and what was too
    late unless it is so no more.
    """
    changed(
        db,
        "DELETE FROM reminder WHERE patient_id = :patient AND state = 'waiting'",
        {"patient": patient_id},
    )
    values: list[int | str] = []
    for message in plan.messages:
        at = _stamp(message.at)
        for part in message.parts:
            first, stale, shown = _stamp(part.not_before), _stamp(part.stale_at), int(part.shown)
            values += (patient_id, part.treatment, part.step, at, first, stale, shown)
    if values:
        _add(db, values)
    return len(values) // _VALUES


def _add(db: Database, values: Sequence[int | str]) -> None:
    """Insert rows in one statement: one for each row takes a third longer."""
    rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * (len(values) // _VALUES))
    db.execute(
        "INSERT INTO reminder (patient_id, treatment_id, step, due_at, not_before, stale_at, shown)"
        f" VALUES {rows} ON CONFLICT (treatment_id, step) DO UPDATE SET"
        " due_at = excluded.due_at, not_before = excluded.not_before,"
        " stale_at = excluded.stale_at, shown = excluded.shown, state = 'waiting', reason = ''"
        " WHERE reminder.state = 'skipped' AND (reminder.stale_at <> excluded.stale_at"
        "  OR reminder.reason IN ('too_many', 'said_before'))",
        list(values),
    )


class Handed(NamedTuple):
    """A step that was handed to the outbox and may have arrived.

    Attributes:
        treatment_id: Whose step it is.
        step: Its key.
        said_for: The instant that it was meant for; of the end of a wait, that end.
    """

    treatment_id: int
    step: str
    said_for: datetime


def take_back(db: Database, patient_id: int, now: datetime) -> list[Handed]:
    """Take back what was queued for a patient and has not left: it may be wrong by now.

    What surely was not sent waits again. What may have been is not tried again, also if its try is
    still under way and has no answer.

    Returns:
        All that was handed to the outbox and does not wait again.
    """
    rows = db.execute(
        "SELECT reminder.treatment_id, reminder.step, reminder.not_before, outbox.id,"
        " outbox.state, outbox.attempts FROM reminder"
        " LEFT JOIN outbox ON outbox.id = reminder.outbox_id"
        " WHERE reminder.patient_id = :patient AND reminder.state = 'queued'",
        {"patient": patient_id},
    ).fetchall()
    handed: list[Handed] = []
    for treatment_id, step, said_for, outbox_id, state, attempts in rows:
        if (state, attempts) == ("waiting", 0):
            _let_wait(db, outbox_id)
            continue
        handed.append(Handed(treatment_id, step, instant(said_for)))
        if state == "waiting":
            aside.one(db, outbox_id, now, "planned anew")
        elif state == "trying":
            _worth_nothing(db, outbox_id, now)
    return handed


def say_again(db: Database, treatment_id: int, step: str) -> None:
    """Let a step wait once more if the plan has it, though a message said it; that one stays."""
    changed(
        db,
        "UPDATE reminder SET state = 'skipped', reason = 'said_before'"
        " WHERE treatment_id = :treatment AND step = :step AND state = 'queued'",
        {"treatment": treatment_id, "step": step},
    )
    changed(
        db,
        "UPDATE outbox SET dedupe_key = dedupe_key || ':' || id WHERE dedupe_key = :key",
        {"key": message_key(treatment_id, step)},
    )


def message_key(treatment_id: int, step: str) -> str:
    """Return the key of the message that says a step, alone or as the first of several."""
    return f"reminder:{treatment_id}:{step}"


def _worth_nothing(db: Database, outbox_id: int, now: datetime) -> None:
    """Let a message that is under way not be tried again after that."""
    changed(
        db,
        "UPDATE outbox SET expires_at = MIN(expires_at, :now) WHERE id = :id",
        {"id": outbox_id, "now": stamp(now)},
    )


def outlived(db: Database, now: datetime, limit: int) -> int:
    """Let reminders wait again whose message could not leave before the night; return how many.

    A message is not worth sending once the night begins; what it says may be, the day after.
    """
    rows = all_rows(
        db,
        "SELECT id FROM outbox WHERE state = 'waiting' AND priority = 2 AND due_at <= :now"
        " AND expires_at < :now LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    return sum(outlives(db, row["id"], now) for row in rows)


def outlives(db: Database, outbox_id: int, now: datetime) -> bool:
    """Let the reminders of an expired message wait again if it was never tried and one is fresh."""
    row = one_row(
        db,
        "SELECT 1 FROM reminder JOIN outbox ON outbox.id = reminder.outbox_id"
        " WHERE outbox.id = :id AND attempts = 0 AND stale_at >= :now LIMIT 1",
        {"id": outbox_id, "now": stamp(now)},
    )
    if row is not None:
        _let_wait(db, outbox_id)
    return row is not None


def _let_wait(db: Database, outbox_id: int) -> None:
    """Take a message out of the outbox that was not sent; what it says waits again."""
    changed(
        db,
        "UPDATE reminder SET state = CASE state WHEN 'queued' THEN 'waiting' ELSE state END,"
        " outbox_id = NULL WHERE outbox_id = :id",
        {"id": outbox_id},
    )
    changed(db, "DELETE FROM outbox WHERE id = :id", {"id": outbox_id})


def due_patients(db: Database, now: datetime, limit: int) -> list[int]:
    """Return patients with something due who may be sent it, the longest waiting first.

    A patient who stopped, is blocked or paused is not among them; her rows grow stale.
    """
    rows = db.execute(
        "SELECT id FROM patient WHERE next_due <= :now AND state = 'active'"
        " AND (paused_until IS NULL OR paused_until <= :now) ORDER BY next_due LIMIT :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [patient_id for (patient_id,) in rows]


def due_of(db: Database, patient_ids: Sequence[int], now: datetime) -> dict[int, list[Reminder]]:
    """Return what is due for patients, by patient, in the order of the plan."""
    rows = all_rows(
        db,
        f"SELECT * FROM reminder WHERE patient_id IN ({id_list(patient_ids)})"
        " AND state = 'waiting' AND due_at <= :now ORDER BY due_at, id",
        {"now": stamp(now)},
    )
    found: dict[int, list[Reminder]] = {}
    for row in rows:
        found.setdefault(row["patient_id"], []).append(_reminder(row))
    return found


def skip_stale(db: Database, now: datetime, limit: int) -> int:
    """Put aside what is no longer worth sending, and say why; return how many.

    What became stale because she was not to be written to says so.
    """
    return changed(
        db,
        "UPDATE reminder SET state = 'skipped', reason = COALESCE(("
        " SELECT CASE WHEN patient.state = 'blocked' THEN 'blocked'"
        "  WHEN patient.state = 'stopped' THEN 'opted_out'"
        "  WHEN patient.paused_until > reminder.due_at THEN 'paused' END"
        " FROM patient WHERE patient.id = reminder.patient_id), 'stale') WHERE id IN ("
        " SELECT reminder.id FROM patient CROSS JOIN reminder ON patient_id = patient.id"
        " AND reminder.state = 'waiting' AND due_at <= :now AND stale_at < :now"
        " WHERE next_due <= :now LIMIT :limit)",
        {"now": stamp(now), "limit": limit},
    )


def postpone(db: Database, patient_id: int, now: datetime, until: datetime) -> None:
    """Move what is due for a patient to a later instant."""
    changed(
        db,
        "UPDATE reminder SET due_at = :until"
        " WHERE patient_id = :patient AND state = 'waiting' AND due_at <= :now",
        {"patient": patient_id, "now": stamp(now), "until": stamp(until)},
    )


def skip(db: Database, reminder_id: int, reason: str) -> None:
    """Put one row aside, with the reason."""
    changed(
        db,
        "UPDATE reminder SET state = 'skipped', reason = :reason WHERE id = :id",
        {"id": reminder_id, "reason": reason},
    )


def queued(db: Database, pairs: Sequence[tuple[int, int]]) -> None:
    """Mark rows as handed to the outbox: the id of each, and that of the message that says it."""
    db.conn.executemany(
        "UPDATE reminder SET state = 'queued', outbox_id = ? WHERE id = ?",
        [(outbox_id, reminder_id) for reminder_id, outbox_id in pairs],
    )


def first_of(db: Database, outbox_id: int) -> int | None:
    """Return the id of the first reminder that a message said."""
    row = one_row(
        db,
        "SELECT id FROM reminder WHERE outbox_id = :outbox AND outbox_id IS NOT NULL"
        " ORDER BY id LIMIT 1",
        {"outbox": outbox_id},
    )
    return int(row["id"]) if row else None


def message_of(db: Database, reminder_id: int, patient_id: int) -> int | None:
    """Return the outbox id of the message that said a patient's reminder, if it is hers."""
    row = one_row(
        db,
        "SELECT outbox_id FROM reminder"
        " WHERE id = :id AND patient_id = :patient AND outbox_id IS NOT NULL",
        {"id": reminder_id, "patient": patient_id},
    )
    return int(row["outbox_id"]) if row else None


def upcoming(db: Database, patient_id: int) -> list[Reminder]:
    """Return what still waits for a patient, in order."""
    rows = all_rows(
        db,
        "SELECT * FROM reminder WHERE patient_id = :patient AND state = 'waiting'"
        " ORDER BY due_at, id",
        {"patient": patient_id},
    )
    return [_reminder(row) for row in rows]


def next_due(db: Database) -> datetime | None:
    """Return when the next reminder of anybody is due."""
    row = all_rows(db, "SELECT MIN(next_due) AS due FROM patient")[0]
    return instant(row["due"]) if row["due"] else None


def history(db: Database, patient_id: int) -> list[Row]:
    """Return step, due time, and what became of every row of a patient and of its message."""
    return all_rows(
        db,
        "SELECT reminder.step, reminder.due_at,"
        " COALESCE(outbox.state, reminder.state) AS state,"
        " COALESCE(outbox.detail, reminder.reason) AS reason FROM reminder"
        " LEFT JOIN outbox ON outbox.id = reminder.outbox_id AND reminder.state = 'queued'"
        " WHERE reminder.patient_id = :patient ORDER BY reminder.due_at, reminder.id",
        {"patient": patient_id},
    )


def _reminder(row: Row) -> Reminder:
    return Reminder(
        id=row["id"],
        patient_id=row["patient_id"],
        treatment_id=row["treatment_id"],
        step=row["step"],
        due_at=instant(row["due_at"]),
        not_before=instant(row["not_before"]),
        stale_at=instant(row["stale_at"]),
        shown=bool(row["shown"]),
    )
