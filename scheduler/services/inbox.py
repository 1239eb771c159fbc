"""Who has an escalation: taken, given back, closed, opened again. Taking is exclusive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlite_utils import Database

from content.catalog import Catalog
from content.moments import Moment
from scheduler.messenger import Button
from scheduler.model import Clinic, Escalation
from scheduler.services import letters
from scheduler.store import clinics, edits, inbox, records, talk
from scheduler.store.engine import stamp
from scheduler.store.members import Member

Taking = Literal["taken", "yours", "held", "closed"]


def take(
    db: Database,
    catalog: Catalog,
    row: Escalation,
    by: Member,
    now: datetime,
    *,
    answering: bool = False,
) -> Taking:
    """Let a person have an escalation; tell the patient, the first time, that it was seen.

    An answer that follows at once tells her more than that. Who has it already has reacted to what
    she wrote since.
    """
    fresh = talk.escalation(db, row.id)
    if fresh.state == "closed":
        return "closed"
    if fresh.state == "taken" and fresh.taken_by != by.user_id:
        return "held"
    if fresh.state == "taken":
        _settle(db, row, by, "seen", now, changed=inbox.reacted(db, row.id))
        return "yours"
    _settle(db, row, by, "taken", now, changed=inbox.take(db, row.id, by.user_id, now))
    if inbox.note_seen(db, row.id, now) and not answering:
        _tell_seen(db, catalog, row, now, key=f"seen:{row.id}")
    return "taken"


def see(db: Database, catalog: Catalog, row: Escalation, by: Member, now: datetime) -> bool:
    """Let a person see to a fresh warning sign: she has it now, and the patient is told.

    False if nothing of the kind waits any more.
    """
    fresh = talk.escalation(db, row.id)
    if fresh.warned_at is None:
        return False
    _settle(db, row, by, "seen", now, changed=inbox.hand_over(db, row.id, by.user_id, now))
    inbox.note_seen(db, row.id, now)
    _tell_seen(db, catalog, row, now, key=f"seen:{row.id}:{stamp(fresh.warned_at)}")
    return True


def take_over(db: Database, row: Escalation, by: Member, now: datetime) -> None:
    """Let a person have what another has, or what is closed."""
    _settle(db, row, by, "taken_over", now, changed=inbox.hand_over(db, row.id, by.user_id, now))


def give_back(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Put an escalation back among what waits; an urgent one is raised again in time."""
    if not _settle(db, row, by, "given_back", now, changed=inbox.give_back(db, row.id)):
        return False
    watch(db, clinics.by_id(db, row.clinic_id), talk.escalation(db, row.id), now)
    return True


def close(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Close an escalation; False if it was closed before."""
    return _settle(db, row, by, "closed", now, changed=inbox.close(db, row.id, by.user_id, now))


def reopen(db: Database, row: Escalation, by: Member, now: datetime) -> bool:
    """Open a closed escalation again, for the one who does; False if it is not closed.

    If the patient has written anew meanwhile, that escalation goes on and this one stays closed.
    """
    if talk.escalation(db, row.id).state != "closed" or inbox.open_of(db, row.patient_id):
        return False
    return _settle(
        db, row, by, "reopened", now, changed=inbox.hand_over(db, row.id, by.user_id, now)
    )


def ask_to_call(
    db: Database, catalog: Catalog, row: Escalation, by: Member, now: datetime
) -> int | None:
    """Ask the patient to call the clinic; the bot knows no number of hers."""
    patient, clinic = letters.people(db, row)
    _settle(db, row, by, "seen", now, changed=inbox.reacted(db, row.id))
    note(db, row, by, "asked_to_call", now)
    known = letters.context(db, catalog, clinic, patient, now)
    text = catalog.screen(patient.language, "call_us", known)
    copy = Button(catalog.words(patient.language)("button", "copy_phone"), copy_text=clinic.phone)
    key = f"call:{row.id}:{now:%Y%m%d%H%M}"
    return letters.queue(db, catalog, patient, text, now, key=key, keyboard=((copy,),))


def watch(db: Database, clinic: Clinic, row: Escalation, now: datetime) -> None:
    """Set when the card of an urgent escalation is first raised again."""
    if row.level in ("emergency", "urgent") and clinic.raise_minutes:
        inbox.watch(db, row.id, now + timedelta(minutes=clinic.raise_minutes[0]))


def warn(db: Database, clinic: Clinic, row: Escalation, now: datetime) -> bool:
    """Alert the clinic to a fresh warning sign on what it has before it already.

    Once, until a person reacts; what is open and still raised by the minutes is alert enough.
    """
    if row.state == "taken":
        waits = row.warned_at is not None
    else:
        waits = row.raised < max(len(clinic.raise_minutes), 1)
    if waits:
        return False
    inbox.warned(db, row.id, now)
    watch(db, clinic, row, now)
    return True


def note(db: Database, row: Escalation, by: Member, what: str, now: datetime) -> None:
    """Write into the log what a person did with an escalation."""
    records.audit(
        db,
        now=now,
        actor=by.actor,
        action=f"escalation.{what}",
        subject=f"escalation:{row.id}",
        clinic_id=row.clinic_id,
    )


def _settle(
    db: Database, row: Escalation, by: Member, what: str, now: datetime, *, changed: bool
) -> bool:
    """Log a change that took place, and have the cards say so; return whether it did."""
    if changed:
        note(db, row, by, what, now)
        edits.want_cards(db, row.id, now)
    return changed


def _tell_seen(db: Database, catalog: Catalog, row: Escalation, now: datetime, *, key: str) -> None:
    patient, clinic = letters.people(db, row)
    here = now.astimezone(patient.zone)
    known = letters.context(db, catalog, clinic, patient, now)
    text = catalog.screen(patient.language, "seen_by", {**known, "at": Moment(here, here)})
    letters.queue(db, catalog, patient, text, now, key=key, silent=True)
