"""Messages in groups that show a patient and are not rows of the outbox, or are not any more.

A page about her that staff opened, and what is older than words are kept: only the number of each
is known, for the day on which she is erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed, id_list


def add(
    db: Database, patient_id: int, clinic_id: int, chat_id: int, message_id: int, now: datetime
) -> None:
    """Note that a message of a group shows a patient; nothing if she is not known any more."""
    changed(
        db,
        "INSERT INTO shown (patient_id, clinic_id, chat_id, message_id, file, posted_at)"
        " SELECT id, :clinic, :chat, :message, 0, :now FROM patient WHERE id = :patient"
        " ON CONFLICT DO NOTHING",
        {
            "patient": patient_id,
            "clinic": clinic_id,
            "chat": chat_id,
            "message": message_id,
            "now": stamp(now),
        },
    )


def remember(db: Database, outbox_ids: Sequence[int]) -> None:
    """Keep the numbers of messages about patients whose rows are about to be deleted."""
    changed(
        db,
        "INSERT INTO shown (patient_id, clinic_id, chat_id, message_id, file, posted_at)"
        " SELECT COALESCE(post.patient_id, escalation.patient_id) AS patient, outbox.clinic_id,"
        " outbox.chat_id, outbox.message_id, post.kind = 'thread' AND EXISTS (SELECT 1 FROM turn"
        "  WHERE turn.outbox_id = outbox.id AND turn.media_id IS NOT NULL), outbox.finished_at"
        " FROM outbox JOIN post ON post.outbox_id = outbox.id"
        " LEFT JOIN escalation ON escalation.id = post.escalation_id"
        f" WHERE outbox.id IN ({id_list(outbox_ids)}) AND outbox.message_id IS NOT NULL"
        " AND outbox.clinic_id IS NOT NULL"
        " AND COALESCE(post.patient_id, escalation.patient_id) IS NOT NULL"
        " ON CONFLICT DO NOTHING",
        {},
    )


def of_patient(db: Database, patient_id: int) -> list[Row]:
    """Return clinic_id, chat_id, message_id, file and posted_at of all that shows a patient."""
    return all_rows(
        db,
        "SELECT clinic_id, chat_id, message_id, file, posted_at FROM shown"
        " WHERE patient_id = :patient ORDER BY posted_at",
        {"patient": patient_id},
    )
