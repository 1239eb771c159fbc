"""The messages that carry an answer of the clinic to the patient, and what became of each.

A long answer, or one with a file, is several messages. It has arrived when all of them have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from scheduler.model import OutboxState
from scheduler.store.engine import stamp
from scheduler.store.rows import Row, all_rows, changed


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an answer.

    Attributes:
        place: Where it stands in the answer, from 0.
        tries: How often a person had it sent.
        outbox_id: The row that carries it now.
        state: What became of that.
        payload: What it says.
    """

    place: int
    tries: int
    outbox_id: int
    state: OutboxState
    payload: str


def carry(db: Database, turn_id: int, place: int, outbox_id: int) -> None:
    """Note the row that carries a part now; another one than before counts as another try."""
    changed(
        db,
        "INSERT INTO answer_part (turn_id, place, outbox_id) VALUES (:turn, :place, :outbox)"
        " ON CONFLICT (turn_id, place)"
        " DO UPDATE SET outbox_id = excluded.outbox_id, tries = tries + 1",
        {"turn": turn_id, "place": place, "outbox": outbox_id},
    )


def of_turn(db: Database, turn_id: int) -> list[Part]:
    """Return the parts of an answer, in order; none for one that was kept."""
    rows = all_rows(
        db,
        "SELECT answer_part.*, outbox.state, outbox.payload FROM answer_part"
        " JOIN outbox ON outbox.id = answer_part.outbox_id"
        " WHERE answer_part.turn_id = :turn ORDER BY answer_part.place",
        {"turn": turn_id},
    )
    return [
        Part(row["place"], row["tries"], row["outbox_id"], row["state"], row["payload"])
        for row in rows
    ]


def untold(db: Database, before: datetime, limit: int) -> list[Row]:
    """Return turn and clinic of answers whose fate has been known since before an instant.

    Staff have not been told of these: the answer had to wait, or the process ended in between.
    """
    return all_rows(
        db,
        "SELECT turn.id, escalation.clinic_id FROM turn"
        " JOIN escalation ON escalation.id = turn.escalation_id"
        " WHERE turn.side = 'clinic' AND turn.told = ''"
        " AND EXISTS (SELECT 1 FROM answer_part WHERE answer_part.turn_id = turn.id)"
        " AND NOT EXISTS (SELECT 1 FROM answer_part JOIN outbox"
        "  ON outbox.id = answer_part.outbox_id WHERE answer_part.turn_id = turn.id"
        "  AND (outbox.state IN ('waiting', 'trying') OR outbox.finished_at > :before))"
        " ORDER BY turn.id LIMIT :limit",
        {"before": stamp(before), "limit": limit},
    )
