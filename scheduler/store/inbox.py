"""Escalations as the clinic's desk works on them: taken, raised, closed, posted.

Every change names what it expects to find, so two people who tap together cannot both have it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.model import Escalation, Level
from scheduler.store.aside import NOT_AGAIN
from scheduler.store.engine import stamp
from scheduler.store.rows import all_rows, changed, one_row
from scheduler.store.talk import to_escalation

LONGEST_CLOSED = timedelta(days=14)
TRY_AGAIN = timedelta(minutes=10)
"""After so long a card that could not be sent is posted once more. One that may have come, but was
put aside before all its tries, is posted anew: a card twice does no harm, a lost one would."""

_LIVE_CARD = (
    "SELECT 1 FROM post JOIN outbox ON outbox.id = post.outbox_id"
    " WHERE post.escalation_id = escalation.id AND post.kind = 'card'"
    " AND outbox.chat_id = clinic.chat_id"
    " AND (outbox.state IN ('waiting', 'trying', 'sent')"
    f" OR (outbox.state = 'uncertain' AND outbox.detail NOT LIKE '{NOT_AGAIN}%')"
    " OR (outbox.state IN ('failed', 'skipped') AND outbox.finished_at > :before))"
)


def of_clinic(db: Database, clinic_id: int, escalation_id: int) -> Escalation | None:
    """Return an escalation, if it is this clinic's."""
    row = one_row(
        db,
        "SELECT * FROM escalation WHERE id = :id AND clinic_id = :clinic",
        {"id": escalation_id, "clinic": clinic_id},
    )
    return to_escalation(row) if row else None


def open_of(db: Database, patient_id: int) -> Escalation | None:
    """Return the escalation of a patient that is not closed, the latest if there are several."""
    row = one_row(
        db,
        "SELECT * FROM escalation WHERE patient_id = :patient AND state <> 'closed'"
        " ORDER BY id DESC LIMIT 1",
        {"patient": patient_id},
    )
    return to_escalation(row) if row else None


def waiting(db: Database, clinic_id: int) -> list[Escalation]:
    """Return everything of a clinic that nobody has closed, oldest first."""
    rows = all_rows(
        db,
        "SELECT * FROM escalation WHERE clinic_id = :clinic AND state <> 'closed'"
        " ORDER BY opened_at, id",
        {"clinic": clinic_id},
    )
    return [to_escalation(row) for row in rows]


def take(db: Database, escalation_id: int, user_id: int, now: datetime) -> bool:
    """Let one person have it; False if somebody has, or it is closed."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET state = 'taken', taken_by = :user, taken_at = :now,"
            " raise_at = NULL, warned_at = NULL WHERE id = :id AND state = 'open'",
            {"id": escalation_id, "user": user_id, "now": stamp(now)},
        )
    )


def hand_over(db: Database, escalation_id: int, user_id: int, now: datetime) -> bool:
    """Let another person have it, also when it was taken or closed before."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET state = 'taken', taken_by = :user, taken_at = :now,"
            " raise_at = NULL, warned_at = NULL, closed_at = NULL, closed_by = NULL"
            " WHERE id = :id",
            {"id": escalation_id, "user": user_id, "now": stamp(now)},
        )
    )


def give_back(db: Database, escalation_id: int) -> bool:
    """Put what was taken back among what waits; False if it was not taken."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET state = 'open', taken_by = NULL, taken_at = NULL,"
            " warned_at = NULL WHERE id = :id AND state = 'taken'",
            {"id": escalation_id},
        )
    )


def close(db: Database, escalation_id: int, user_id: int, now: datetime) -> bool:
    """Close it; False if it is closed."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET state = 'closed', closed_by = :user, closed_at = :now,"
            " raise_at = NULL, warned_at = NULL, card_wanted = 0"
            " WHERE id = :id AND state <> 'closed'",
            {"id": escalation_id, "user": user_id, "now": stamp(now)},
        )
    )


def note_seen(db: Database, escalation_id: int, now: datetime) -> bool:
    """Note that the patient is told a person saw it; False if she was told before."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET seen_at = :now WHERE id = :id AND seen_at IS NULL",
            {"id": escalation_id, "now": stamp(now)},
        )
    )


def note_replied(db: Database, escalation_id: int, now: datetime) -> None:
    """Note when the clinic first answered."""
    changed(
        db,
        "UPDATE escalation SET replied_at = :now WHERE id = :id AND replied_at IS NULL",
        {"id": escalation_id, "now": stamp(now)},
    )


def lift(db: Database, escalation_id: int, level: Level, context: str, *, card: bool) -> None:
    """Set the level and what was matched; `card` asks for the card to be posted anew."""
    changed(
        db,
        "UPDATE escalation SET level = :level, context = :context,"
        " card_wanted = MAX(card_wanted, :card) WHERE id = :id",
        {"id": escalation_id, "level": level, "context": context, "card": int(card)},
    )


def warned(db: Database, escalation_id: int, now: datetime) -> None:
    """Note a fresh warning sign to which a person has to react; the card is posted anew."""
    changed(
        db,
        "UPDATE escalation SET card_wanted = 1,"
        " warned_at = CASE state WHEN 'taken' THEN :now END WHERE id = :id",
        {"id": escalation_id, "now": stamp(now)},
    )


def reacted(db: Database, escalation_id: int) -> bool:
    """Note that a person reacted to a fresh warning sign; False if none waited for that."""
    return bool(
        changed(
            db,
            "UPDATE escalation SET warned_at = NULL, raise_at = NULL"
            " WHERE id = :id AND warned_at IS NOT NULL",
            {"id": escalation_id},
        )
    )


def watch(db: Database, escalation_id: int, at: datetime) -> None:
    """Set when the card is first raised, unless somebody reacts before."""
    changed(
        db,
        "UPDATE escalation SET raised = 0, raise_at = :at WHERE id = :id",
        {"id": escalation_id, "at": stamp(at)},
    )


def raise_at(db: Database, escalation_id: int, at: datetime) -> None:
    """Set when the card is next raised, unless somebody reacts before."""
    changed(
        db,
        "UPDATE escalation SET raise_at = :at WHERE id = :id",
        {"id": escalation_id, "at": stamp(at)},
    )


def raised(db: Database, escalation_id: int) -> None:
    """Count that the card is raised, and ask for it to be posted anew."""
    changed(
        db,
        "UPDATE escalation SET raised = raised + 1, card_wanted = 1 WHERE id = :id",
        {"id": escalation_id},
    )


def due_to_raise(db: Database, now: datetime, limit: int) -> list[Escalation]:
    """Return what nobody took or reacted to in time, the longest waiting first.

    What would wait longer than any clinic is closed was set by a clock that was ahead.
    """
    rows = all_rows(
        db,
        "SELECT * FROM escalation WHERE raise_at IS NOT NULL"
        " AND (raise_at <= :now OR raise_at > :never)"
        " AND state <> 'closed' ORDER BY raise_at LIMIT :limit",
        {"now": stamp(now), "never": stamp(now + LONGEST_CLOSED), "limit": limit},
    )
    return [to_escalation(row) for row in rows]


def card_posted(db: Database, escalation_id: int) -> None:
    """Note that a card that was asked for is in the outbox."""
    changed(db, "UPDATE escalation SET card_wanted = 0 WHERE id = :id", {"id": escalation_id})


def has_live_card(db: Database, escalation_id: int, now: datetime) -> bool:
    """Whether the clinic's present group has, or is about to get, the card."""
    row = one_row(
        db,
        "SELECT 1 FROM escalation JOIN clinic ON clinic.id = escalation.clinic_id"
        f" WHERE escalation.id = :id AND EXISTS ({_LIVE_CARD})",
        {"id": escalation_id, "before": stamp(now - TRY_AGAIN)},
    )
    return row is not None


def unposted(db: Database, now: datetime, limit: int) -> list[int]:
    """Return what is open and of which its clinic's connected group lacks the card or a part."""
    rows = all_rows(
        db,
        "SELECT escalation.id FROM escalation JOIN clinic ON clinic.id = escalation.clinic_id"
        " WHERE escalation.state <> 'closed' AND clinic.chat_id IS NOT NULL"
        " AND (escalation.aside_until IS NULL OR escalation.aside_until <= :now"
        " OR escalation.aside_until > :after)"
        f" AND (escalation.card_wanted = 1 OR NOT EXISTS ({_LIVE_CARD})"
        " OR EXISTS (SELECT 1 FROM turn WHERE turn.escalation_id = escalation.id"
        " AND turn.side = 'patient' AND turn.outbox_id IS NULL))"
        " ORDER BY escalation.id LIMIT :limit",
        {
            "now": stamp(now),
            "after": stamp(now + TRY_AGAIN),  # only a clock that was ahead puts aside for longer
            "before": stamp(now - TRY_AGAIN),
            "limit": limit,
        },
    )
    return [row["id"] for row in rows]


def put_aside(db: Database, escalation_id: int, until: datetime) -> None:
    """Leave one alone for a while whose card cannot be composed, so that others get theirs."""
    changed(
        db,
        "UPDATE escalation SET aside_until = :until WHERE id = :id",
        {"id": escalation_id, "until": stamp(until)},
    )
