"""Messages that Telegram refused for what they are, until their clinic has been told."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed

TOLD = "refusal:"
"""How the key of a post begins that tells of refusals; of such a post's own nobody is told."""


def note(db: Database, outbox_id: int, now: datetime) -> None:
    """Note a message that was refused, unless its clinic hears of it anyway.

    A broadcast has its report, an answer of the clinic and a patient's file have their card.
    """
    changed(
        db,
        "INSERT INTO refusal (outbox_id, clinic_id, at)"
        " SELECT id, clinic_id, :now FROM outbox WHERE id = :id AND state = 'failed'"
        " AND clinic_id IS NOT NULL AND kind <> 'broadcast' AND dedupe_key NOT LIKE :told"
        " AND NOT EXISTS (SELECT 1 FROM answer_part WHERE answer_part.outbox_id = outbox.id)"
        " AND NOT EXISTS (SELECT 1 FROM turn JOIN post ON post.outbox_id = turn.outbox_id"
        "  WHERE turn.outbox_id = outbox.id AND turn.media_id IS NOT NULL"
        "  AND post.kind = 'thread')"
        " ON CONFLICT DO NOTHING",
        {"id": outbox_id, "now": stamp(now), "told": f"{TOLD}%"},
    )


def clinics(db: Database, before: datetime) -> list[int]:
    """Return the clinics with a refusal from before an instant that they were not told of."""
    rows = all_rows(
        db,
        "SELECT clinic_id FROM refusal GROUP BY clinic_id HAVING MIN(at) <= :before"
        " ORDER BY clinic_id",
        {"before": stamp(before)},
    )
    return [int(row["clinic_id"]) for row in rows]


def of_clinic(db: Database, clinic_id: int) -> list[Row]:
    """Return why, whether it was for the group (here), and the patient, oldest first.

    The patient is the one whom it was for or about, as staff call her; None if there is none.
    """
    return all_rows(
        db,
        "SELECT outbox.detail AS why, outbox.patient_id IS NULL AS here,"
        " COALESCE(NULLIF(patient.reference, ''), patient.ref) AS patient FROM refusal"
        " JOIN outbox ON outbox.id = refusal.outbox_id"
        " LEFT JOIN post ON post.outbox_id = outbox.id"
        " LEFT JOIN escalation ON escalation.id = post.escalation_id"
        " LEFT JOIN patient ON patient.id ="
        "  COALESCE(outbox.patient_id, post.patient_id, escalation.patient_id)"
        " WHERE refusal.clinic_id = :clinic ORDER BY refusal.at, refusal.outbox_id",
        {"clinic": clinic_id},
    )


def settled(db: Database, clinic_id: int, until: datetime) -> None:
    """Forget the refusals of a clinic up to an instant: it was told, or it is too late for that."""
    changed(
        db,
        "DELETE FROM refusal WHERE clinic_id = :clinic AND at <= :until",
        {"clinic": clinic_id, "until": stamp(until)},
    )
