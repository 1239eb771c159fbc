"""The end of what has been kept long enough, in batches, so that nothing has to wait for it."""

from __future__ import annotations

import json
from datetime import datetime

from sqlite_utils import Database

from scheduler import payload
from scheduler.store import outbox, shown
from scheduler.store.engine import stamp
from scheduler.store.rows import all_rows, changed, id_list

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

    Where each stands in its group stays known, so that it is emptied if the patient is erased.
    Of what is about an open card only the content goes: a reply to it still has to be understood,
    and what it showed must not count as never shown.
    """
    rows = all_rows(
        db,
        "SELECT id FROM outbox WHERE patient_id IS NULL AND finished_at < :before"
        f" AND id NOT IN ({_ON_OPEN_CARDS}) LIMIT :limit",
        {"before": stamp(before), "limit": limit},
    )
    old = [row["id"] for row in rows]
    shown.remember(db, old)
    gone = changed(db, f"DELETE FROM outbox WHERE id IN ({id_list(old)})", {})
    emptied = changed(
        db,
        "UPDATE outbox SET payload = :nothing WHERE id IN ("
        " SELECT id FROM outbox WHERE patient_id IS NULL AND finished_at < :before"
        f" AND payload <> :nothing AND id IN ({_ON_OPEN_CARDS}) LIMIT :limit)",
        {"before": stamp(before), "limit": limit, "nothing": payload.pack("")},
    )
    return gone + emptied


def forget_answers(db: Database, before: datetime, limit: int) -> int:
    """Empty what waited to be told to patients and was finished before an instant: it quotes them.

    What a person of the clinic wrote stays with the patient, as it does in its turn.
    """
    return changed(
        db,
        "UPDATE outbox SET payload = :nothing WHERE id IN ("
        " SELECT id FROM outbox WHERE kind = 'reply' AND payload <> '{\"text\": \"\"}'"
        " AND patient_id IS NOT NULL AND finished_at < :before AND NOT EXISTS ("
        "  SELECT 1 FROM answer_part WHERE answer_part.outbox_id = outbox.id) LIMIT :limit)",
        {"before": stamp(before), "limit": limit, "nothing": payload.pack("")},
    )


def forget_files(db: Database, limit: int) -> int:
    """Take files out of messages that are finished, such as a patient's copy of her data."""
    rows = all_rows(
        db,
        'SELECT id, payload FROM outbox WHERE payload LIKE \'%"content": "%\''
        " AND state NOT IN ('waiting', 'trying') LIMIT :limit",
        {"limit": limit},
    )
    for row in rows:
        outbox.rewrite(db, row["id"], payload.without_content(row["payload"]))
    return len(rows)


def forget_quotes(db: Database, before: datetime, limit: int) -> int:
    """Empty the words in which signs were found, of cards opened before an instant.

    Which signs, and how pressing each is, stays. An old card that is still open quotes nothing of
    what came later either: her words themselves stand below it.
    """
    rows = all_rows(
        db,
        "SELECT id, context FROM escalation WHERE opened_at < :before"
        " AND REPLACE(context, '\"matched\": \"\"', '') LIKE '%\"matched\": %' LIMIT :limit",
        {"before": stamp(before), "limit": limit},
    )
    for row in rows:
        context = json.loads(row["context"])
        context["signs"] = [{**sign, "matched": ""} for sign in context["signs"]]
        changed(
            db,
            "UPDATE escalation SET context = :context WHERE id = :id",
            {"id": row["id"], "context": json.dumps(context, sort_keys=True)},
        )
    return len(rows)


def forget_patients(db: Database, before: datetime, limit: int) -> int:
    """Delete patients whose last treatment and last word lie before an instant.

    What groups were to be told of them goes too.
    """
    rows = all_rows(
        db,
        "SELECT id FROM patient WHERE invited_at < :before AND NOT EXISTS ("
        " SELECT 1 FROM treatment"
        " WHERE treatment.patient_id = patient.id AND treatment.treated_at >= :before)"
        " AND NOT EXISTS ("
        "  SELECT 1 FROM exchange"
        "  WHERE exchange.patient_id = patient.id AND exchange.at >= :before)"
        " LIMIT :limit",
        {"before": stamp(before), "limit": limit},
    )
    gone = id_list([row["id"] for row in rows])
    changed(
        db,
        "DELETE FROM outbox WHERE id IN ("
        f" SELECT outbox_id FROM post WHERE patient_id IN ({gone})"
        " UNION SELECT post.outbox_id FROM escalation"
        "  JOIN post ON post.escalation_id = escalation.id"
        f"  WHERE escalation.patient_id IN ({gone}))",
        {},
    )
    return changed(db, f"DELETE FROM patient WHERE id IN ({gone})", {})


def forget_drafts(db: Database, before: datetime, limit: int) -> int:
    """Delete enrolments begun before an instant that lead to nobody, or to nobody any more."""
    return changed(
        db,
        "DELETE FROM draft WHERE id IN (SELECT id FROM draft"
        " WHERE started_at < :before AND code_digest IS NULL LIMIT :limit)",
        {"before": stamp(before), "limit": limit},
    )


def optimise(db: Database) -> None:
    """Let SQLite look after its statistics."""
    db.execute("PRAGMA optimize").fetchall()
