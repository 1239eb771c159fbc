"""Where a patient stands and what her plan is: treatments, waits and rows brought together.

Everything that changes a treatment, a wait, a zone or a patient's state calls `replan`; the rows
that wait are then those of the plan and nothing else has to be repaired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from sqlite_utils import Database

from content.catalog import Catalog
from content.model import ClinicVoice, Pace, Procedure
from content.moments import opening_hours
from content.view import Standing, standing_in_general
from scheduler import plan as planning
from scheduler.model import Clinic, Patient, Treatment
from scheduler.store import clinics, outbox, patients, reminders
from scheduler.store.reminders import Handed
from scheduler.wall_time import QuietHours, at_wall_time

A_MINUTE_DELIVERS = 1500  # thirty a second, with room for answers
SPREAD_MINUTES = 10


def open_now(clinic: Clinic, now: datetime) -> bool:
    """Whether people of the clinic answer at this instant."""
    local = now.astimezone(clinic.zone)
    days = open_weekdays(clinic.open_days)
    return local.isoweekday() in days and clinic.opens <= local.time() < clinic.closes


@lru_cache(maxsize=1024)
def open_weekdays(text: str) -> frozenset[int]:
    """Return ISO weekdays of a text such as `1-5` or `1,3,6`; raises `ValueError` for others."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        days |= set(range(int(first), int(last or first) + 1))
    if not days <= set(range(1, 8)):
        raise ValueError(text)
    return frozenset(days)


def next_opening(clinic: Clinic, now: datetime) -> datetime:
    """Return when people of the clinic next answer, in its zone; now if they do."""
    local = now.astimezone(clinic.zone)
    if open_now(clinic, now):
        return local
    days = open_weekdays(clinic.open_days)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        opening = at_wall_time(day, clinic.opens, clinic.zone).astimezone(clinic.zone)
        if day.isoweekday() in days and opening > local:
            return opening
    raise ValueError(clinic.open_days)


def voice(clinic: Clinic, now: datetime, language: str) -> ClinicVoice:
    """Return the clinic as a template of that language may name it."""
    return ClinicVoice(
        name=clinic.name,
        phone=clinic.phone,
        emergency_number=clinic.emergency_number,
        crisis_line=clinic.crisis_line,
        hours=_hours(clinic.open_days, clinic.opens, clinic.closes, language),
        open_now=open_now(clinic, now),
        sunscreen_from_start=clinic.sunscreen_from_start,
    )


@lru_cache(maxsize=1024)
def _hours(open_days: str, opens: time, closes: time, language: str) -> str:
    return opening_hours(open_weekdays(open_days), opens, closes, language)


def courses(
    catalog: Catalog, clinic: Clinic, treatments: Sequence[Treatment]
) -> list[planning.Course]:
    """Return the treatments as the plan sees them, with the clinic's and their own waits."""
    return [
        planning.Course(
            treatment=treatment.id,
            procedure=(procedure := catalog.procedure(treatment.procedure)),
            treated_at=treatment.treated_at,
            hours=planning.waits(procedure, clinic.waits, treatment.waits),
        )
        for treatment in treatments
    ]


def standing(
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    treatments: Sequence[Treatment],
    now: datetime,
) -> Standing:
    """Return where a patient stands: the strictest waits of all treatments, the latest day 0."""
    known = courses(catalog, clinic, treatments)
    if not known:
        general = procedure_of(catalog, treatments)
        return standing_in_general(general, now=now, zone=patient.zone)
    ends = planning.strictest(known)
    latest = max(known, key=lambda course: course.treated_at)
    hours: dict[str, float] = {}
    for course in known:
        hours.update(course.hours)
    return Standing(
        now=now,
        zone=patient.zone,
        treated_at=latest.treated_at,
        waits=ends,
        hours={**hours, **latest.hours},
    )


def procedure_of(catalog: Catalog, treatments: Sequence[Treatment]) -> Procedure:
    """Return the procedure of the latest treatment, or the library's first when there is none."""
    if treatments:
        latest = max(treatments, key=lambda treatment: treatment.treated_at)
        return catalog.procedure(latest.procedure)
    return catalog.procedure("microneedling")


def pace(catalog: Catalog, treatments: Sequence[Treatment]) -> Pace:
    """Return the pace of the latest treatment's procedure."""
    return procedure_of(catalog, treatments).pace


def replan(db: Database, catalog: Catalog, patient_id: int, now: datetime) -> int:
    """Make the waiting reminders of a patient those of her plan; return how many wait.

    A patient who has not joined, or has stopped, has no plan. What was queued and could not leave
    yet, as while Telegram is away, is planned anew too: it may be wrong by now.
    """
    patient = patients.by_id(db, patient_id)
    return 0 if patient is None else plan_anew(db, catalog, patient, now)


def plan_anew(db: Database, catalog: Catalog, patient: Patient, now: datetime) -> int:
    """Do the same for a patient as she is in the store."""
    handed = reminders.take_back(db, patient.id, now)
    treatments = patients.treatments(db, patient.id)
    if patient.joined_at is None or patient.state == "stopped" or not treatments:
        return reminders.replace_waiting(db, patient.id, planning.Plan((), ()))
    known = courses(catalog, clinics.by_id(db, patient.clinic_id), treatments)
    plan = planning.make_plan(
        known,
        planning.Patient(
            zone=patient.zone,
            joined_at=patient.joined_at,
            quiet=QuietHours(patient.quiet_from, patient.quiet_to),
            spread=spread(patient.id),
        ),
        pace(catalog, treatments),
        done=_done(db, known, handed, now),
        taken={_today(patient, now): taken_today(db, [patient], now)[patient.id]} if handed else {},
    )
    return reminders.replace_waiting(db, patient.id, plan)


def _done(
    db: Database, known: Sequence[planning.Course], handed: Sequence[Handed], now: datetime
) -> list[tuple[int, str]]:
    """Return which of the steps handed on are done with: all but what was said too early.

    That a wait is over is said for an end of the wait. If that has been moved and the wait still
    runs, she was told wrongly, or may have been, and has to be told when it is over.
    """
    of = {course.treatment: course for course in known}
    done: list[tuple[int, str]] = []
    for treatment_id, step, said_for in handed:
        course = of.get(treatment_id)
        ends = course.ends_with(step) if course else None
        if ends is not None and ends > max(said_for, now):
            reminders.say_again(db, treatment_id, step)
        else:
            done.append((treatment_id, step))
    return done


def spread(patient_id: int) -> timedelta:
    """Return how much later than its wall time a patient's reminders come.

    A minute delivers about `A_MINUTE_DELIVERS` messages, so every so many patients share a minute.
    """
    return timedelta(minutes=patient_id // A_MINUTE_DELIVERS % SPREAD_MINUTES)


def taken_today(db: Database, some: Sequence[Patient], now: datetime) -> Counter[int]:
    """Return how many reminders the local today of each of some patients has had already."""
    had = outbox.reminders_since(db, [patient.id for patient in some], now - timedelta(days=2))
    return Counter(
        {
            patient.id: sum(
                at.astimezone(patient.zone).date() == _today(patient, now) for at in at_all
            )
            for patient in some
            if (at_all := had.get(patient.id))
        }
    )


def _today(patient: Patient, now: datetime) -> date:
    return now.astimezone(patient.zone).date()
