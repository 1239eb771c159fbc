"""What a patient wrote, kept and, where a person has to see it, put before the clinic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from content.understand import Route, Understanding
from scheduler.model import Clinic, Escalation, Level, Patient
from scheduler.services import care
from scheduler.services import inbox as desk
from scheduler.store import clinics, inbox, patients, talk, turns

PASSED_ON_AT_ONCE = {
    Route.EMERGENCY: "emergency",
    Route.URGENT: "urgent",
    Route.CONTACT: "contact",
}
LEVELS: tuple[Level, ...] = ("emergency", "urgent", "contact", "unknown")
"""The most pressing first."""

WAY_TOLD_EVERY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a message.

    Attributes:
        exchange: Its row; None if this very message was heard before.
        escalation: The row before the clinic, if a person has to see it.
        read_by: When people of the clinic next read, in the clinic's zone; now if they do.
        tell_way: Whether to tell the way to help outside the clinic's hours: at most once in
            twelve hours.
        joined: Whether it went to something the clinic had before it already.
    """

    exchange: int | None
    escalation: int | None = None
    read_by: datetime | None = None
    tell_way: bool = False
    joined: bool = False


def hear(
    db: Database,
    patient: Patient,
    *,
    chat_id: int,
    message_id: int,
    said: str,
    edition: str = "",
    understood: Understanding,
    now: datetime,
) -> Heard:
    """Keep what was said; a message with a warning sign goes before the clinic with it.

    While the clinic has something of the patient's before it, whatever she writes goes there.
    """
    exchange = talk.add_exchange(
        db,
        patient_id=patient.id,
        chat_id=chat_id,
        message_id=message_id,
        edition=edition,
        said=said,
        route=understood.route.value,
        topics=understood.answered or understood.offered,
        signs=[finding.sign for finding in understood.findings],
        now=now,
    )
    level = PASSED_ON_AT_ONCE.get(understood.route)
    if exchange is None:
        return Heard(None)
    if level is None:
        return _follow_up(db, patient, exchange, now)
    found = [
        {"sign": finding.sign, "level": finding.level.value, "matched": finding.matched}
        for finding in understood.findings
    ]
    return _before_clinic(db, patient, exchange, level, found, now)  # type: ignore[arg-type]


def pass_on(db: Database, patient: Patient, *, message_id: int, now: datetime) -> Heard | None:
    """Put a message before the clinic because the patient wants it; None if it is not hers."""
    row = talk.exchange_of(db, patient.id, message_id)
    if row is None:
        return None
    return _before_clinic(db, patient, row, "unknown", [], now)


def ask_for_person(db: Database, patient: Patient, now: datetime) -> Heard:
    """Put before the clinic that the patient wants to talk to a person."""
    return _before_clinic(db, patient, None, "contact", [], now)


def _before_clinic(
    db: Database,
    patient: Patient,
    exchange: int | None,
    level: Level,
    found: list[dict[str, str]],
    now: datetime,
) -> Heard:
    clinic = clinics.by_id(db, patient.clinic_id)
    if exchange is not None and turns.in_thread(db, exchange):
        return Heard(exchange)
    current = inbox.open_of(db, patient.id)
    if current is None:
        escalation = _open(db, clinic, patient, exchange, level, found, now)
    else:
        escalation = current.id
        _join(db, clinic, current, level, found, now)
    if exchange is not None:
        turns.add_patient_turn(db, escalation, now, exchange_id=exchange)
    tell_way = not care.open_now(clinic, now) and (
        patient.way_told_at is None
        or not timedelta() <= now - patient.way_told_at < WAY_TOLD_EVERY  # or the clock was ahead
    )
    if tell_way:
        patients.change(db, patient.id, way_told_at=now)
    return Heard(
        exchange,
        escalation,
        care.next_opening(clinic, now),
        tell_way,
        joined=current is not None,
    )


def _open(
    db: Database,
    clinic: Clinic,
    patient: Patient,
    exchange: int | None,
    level: Level,
    found: list[dict[str, str]],
    now: datetime,
) -> int:
    treatments = patients.treatments(db, patient.id)
    latest = treatments[-1] if treatments else None
    context = {
        "procedure": latest.procedure if latest else None,
        "hours": round((now - latest.treated_at).total_seconds() / 3600, 1) if latest else None,
        "signs": found,
        "before": [row["id"] for row in talk.exchanges(db, patient.id, last=4)
                   if row["id"] != exchange],
    }  # fmt: skip
    escalation = talk.open_escalation(
        db,
        clinic_id=clinic.id,
        patient_id=patient.id,
        exchange_id=exchange,
        level=level,
        context=json.dumps(context, sort_keys=True),
        now=now,
    )
    if escalation is None:
        raise LookupError(f"exchange {exchange} was put before the clinic twice")
    desk.watch(db, clinic, talk.escalation(db, escalation), now)
    return escalation


def _join(
    db: Database,
    clinic: Clinic,
    current: Escalation,
    level: Level,
    found: list[dict[str, str]],
    now: datetime,
) -> None:
    """Add to what the clinic has: the higher level wins, and an urgent sign is a card anew.

    Somebody may have taken it for less: then it is open again, so that a person takes it anew. If
    not for less, whoever has it has to react anew; what she writes until then comes with her words.
    """
    higher = LEVELS.index(level) < LEVELS.index(current.level)
    pressing = level in ("emergency", "urgent")
    context = json.loads(current.context)
    known = {sign["sign"] for sign in context["signs"]}
    new = [sign for sign in found if sign["sign"] not in known]
    context["signs"] += new
    inbox.lift(
        db,
        current.id,
        level if higher else current.level,
        json.dumps(context, sort_keys=True),
        card=pressing and (higher or bool(new)),
    )
    if pressing and higher:
        inbox.give_back(db, current.id)
        desk.watch(db, clinic, talk.escalation(db, current.id), now)
    elif pressing:
        desk.warn(db, clinic, talk.escalation(db, current.id), now)


def _follow_up(db: Database, patient: Patient, exchange: int, now: datetime) -> Heard:
    """Show what a patient says to the clinic, without a sound, while it has her before it."""
    current = inbox.open_of(db, patient.id)
    if current is None:
        return Heard(exchange)
    turns.add_patient_turn(db, current.id, now, exchange_id=exchange, quiet=True)
    clinic = clinics.by_id(db, patient.clinic_id)
    return Heard(exchange, current.id, care.next_opening(clinic, now), joined=True)
