"""What became of what a patient was to be sent, whether it ever reached the outbox or not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import instant
from scheduler.store.rows import Row, all_rows

COVERED, MERGED = "covered", "merged"


@dataclass(frozen=True, slots=True)
class Past:
    """One step, or a message that is none.

    Attributes:
        at: When it ended; when it was due if it has not, or never reached the outbox.
        step: The step of the plan, `session_` and which notice of an appointment, `session_gap`,
            `later`, `broadcast`, or `reply` for an answer that had to wait.
        state: What became of it, as in the outbox.
        reason: Why, if it was not simply sent: `covered` if another text said it as well, `merged`
            if it came with another one.
    """

    at: datetime
    step: str
    state: str
    reason: str


def of_patient(db: Database, patient_id: int, *, last: int = -1) -> list[Past]:
    """Return what became of everything, the newest first; only the last few if asked."""
    rows = all_rows(
        db,
        "SELECT COALESCE(outbox.finished_at, outbox.due_at) AS at, outbox.dedupe_key AS key,"
        " outbox.kind, outbox.state, outbox.detail AS reason, reminder.step, reminder.shown,"
        " (SELECT MIN(first.id) FROM reminder AS first WHERE first.outbox_id = outbox.id"
        "  AND first.shown = 1) AS first, reminder.id AS reminder, session_notice.stage"
        " FROM outbox"
        " LEFT JOIN reminder ON reminder.outbox_id = outbox.id AND reminder.state = 'queued'"
        " LEFT JOIN session_notice ON session_notice.outbox_id = outbox.id"
        " WHERE outbox.patient_id = :patient"
        " UNION ALL SELECT due_at, '', 'reminder', state, reason, step, 1, id, id, NULL"
        " FROM reminder WHERE patient_id = :patient AND state = 'skipped'"
        " UNION ALL SELECT due_at, '', 'reminder', session_notice.state, reason, NULL, 1, 0, 0,"
        " stage FROM session_notice JOIN session ON session.id = session_notice.session_id"
        " WHERE session.patient_id = :patient AND session_notice.state = 'skipped'"
        " ORDER BY at DESC LIMIT :last",
        {"patient": patient_id, "last": last},
    )
    return [Past(instant(row["at"]), _step(row), row["state"], _reason(row)) for row in rows]


def skipped(db: Database) -> dict[str, int]:
    """Return reason -> how many messages and steps of all patients were left out for it."""
    rows = all_rows(
        db,
        "SELECT detail AS reason, COUNT(*) AS n FROM outbox WHERE state = 'skipped' GROUP BY detail"
        " UNION ALL SELECT reason, COUNT(*) FROM reminder WHERE state = 'skipped' GROUP BY reason"
        " UNION ALL SELECT reason, COUNT(*) FROM session_notice WHERE state = 'skipped'"
        " GROUP BY reason",
    )
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["reason"]] += row["n"]
    return dict(sorted(counts.items()))


def _step(row: Row) -> str:
    if row["step"]:
        return str(row["step"])
    if row["stage"]:
        return f"session_{row['stage']}"
    if row["kind"] == "reminder":
        kind, *rest = str(row["key"]).split(":")
        return rest[1] if kind == "reminder" and len(rest) > 1 else kind
    return "broadcast" if row["kind"] == "broadcast" else "reply"


def _reason(row: Row) -> str:
    if row["reason"] or not row["step"]:
        return str(row["reason"])
    if not row["shown"]:
        return COVERED
    return "" if row["reminder"] == row["first"] else MERGED
