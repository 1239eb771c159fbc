"""The plan: from treatments, a zone and quiet hours to the messages that are due. Pure.

A due time is a local date plus n days at a wall time in the patient's zone, or the end of a wait;
it is always derived from the treatment time and never from the message before. So correcting a
treatment, moving to another zone or editing the plan needs no repair: the plan is made anew.

What the plan promises, and `tests/scheduler/test_plan.py` holds it to:

- nothing in quiet hours, and nothing that ends a wait before the wait is over;
- at most `most_a_day` messages on one local date, those near each other merged;
- nothing from before the patient joined, and nothing later than it is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from content.model import Pace, Procedure, Rule, Step
from scheduler.merging import Message, Part, at_most, merge, without_repeats
from scheduler.wall_time import QuietHours, at_wall_time

SkipReason = Literal["before_joining", "stale", "cancelled", "covered"]


@dataclass(frozen=True, slots=True)
class Course:
    """One treatment as the plan sees it.

    Attributes:
        treatment: Its id.
        procedure: What was done.
        treated_at: When, aware.
        hours: Rule key -> length of the wait in hours, as it holds for this treatment.
    """

    treatment: int
    procedure: Procedure
    treated_at: datetime
    hours: Mapping[str, float]

    def ends(self, rule: str) -> datetime:
        """Return the instant at which the wait of a rule is over, in UTC."""
        return self.treated_at.astimezone(UTC) + _hours(self.hours[rule])

    def ends_with(self, step: str) -> datetime | None:
        """Return the end of the wait of which a step tells, in UTC; None if it tells of none."""
        rules = (known.rule for known in self.procedure.steps if known.key == step)
        rule = next(rules, None)
        return None if rule is None else self.ends(rule)


@dataclass(frozen=True, slots=True)
class Patient:
    """What the plan has to know of the patient.

    Attributes:
        zone: Where the patient lives by the clock.
        joined_at: When the patient joined, aware.
        quiet: The patient's quiet hours.
        spread: How much later than its wall time a reminder comes, so that those of a large
            clinic group do not all fall due in one minute.
    """

    zone: tzinfo
    joined_at: datetime
    quiet: QuietHours = field(default_factory=QuietHours)
    spread: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step that is not sent, and why."""

    treatment: int
    step: str
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Plan:
    """Every message, in order, and every step left out."""

    messages: tuple[Message, ...]
    skipped: tuple[Skipped, ...]


def waits(procedure: Procedure, *overrides: Mapping[str, float]) -> dict[str, float]:
    """Return the hours of every rule: the library's, then each override in turn over it."""
    hours = {key: rule.hours for key, rule in procedure.rules.items()}
    for override in overrides:
        hours.update({key: value for key, value in override.items() if key in hours})
    return hours


def wait_problem(rule: Rule, hours: float) -> str | None:
    """Say what is wrong with a wait that somebody set, or None if it is within the range."""
    if rule.least <= hours <= rule.most:
        return None
    return f"{rule.key} can be {rule.least:g} to {rule.most:g} hours, not {hours:g}"


def strictest(courses: Sequence[Course]) -> dict[str, datetime]:
    """Return for every rule the latest end of its wait over all treatments, in UTC."""
    ends: dict[str, datetime] = {}
    for course in courses:
        start = course.treated_at.astimezone(UTC)
        for rule, hours in course.hours.items():
            end = start + _hours(hours)
            known = ends.get(rule)
            if known is None or end > known:
                ends[rule] = end
    return ends


@lru_cache(maxsize=256)
def _hours(number: float) -> timedelta:
    return timedelta(hours=number)


def make_plan(
    courses: Sequence[Course],
    patient: Patient,
    pace: Pace,
    *,
    done: Sequence[tuple[int, str]] = (),
    taken: Mapping[date, int] | None = None,
) -> Plan:
    """Derive every message from the treatments.

    Args:
        courses: The treatments that count, any order.
        patient: Zone, quiet hours and the time of joining.
        pace: How messages merge and how many a day may come.
        done: (treatment, step) of what was sent or skipped before; it stays as it is.
        taken: How many messages each local date has had already.

    Returns:
        The messages with their instants in UTC, in order, and the steps left out.
    """
    before = set(done)
    ends = strictest(courses)
    due: list[tuple[datetime, float, str, Part]] = []
    skipped: list[Skipped] = []
    settled = patient.joined_at.astimezone(UTC) + timedelta(minutes=pace.settle_minutes)
    for course in courses:
        newest_first = -course.treated_at.timestamp()
        for slot in _slots(course, patient, ends):
            key = slot.step.key
            if (course.treatment, key) in before:
                continue
            at = _due(course, slot, patient, settled)
            if isinstance(at, datetime):
                due.append((at, newest_first, key, _part(course, slot)))
            else:
                skipped.append(Skipped(course.treatment, key, at))
    due.sort(key=itemgetter(0, 1, 2))
    messages = merge([(at, part) for at, _, _, part in due], pace, patient.zone)
    messages, left_out = at_most(messages, pace.most_a_day, patient.zone, taken or {})
    skipped += [Skipped(part.treatment, part.step, "covered") for part in left_out]
    newest = {course.treatment: course.treated_at for course in courses}
    return Plan(tuple(without_repeats(message, newest) for message in messages), tuple(skipped))


@dataclass(frozen=True, slots=True)
class _Slot:
    """When a step comes, all instants in UTC.

    Attributes:
        step: The step.
        ideal: The instant that it is meant for.
        stale_at: The instant from which it is not worth sending.
        opens_at: The first instant from the ideal one on that is not in quiet hours.
    """

    step: Step
    ideal: datetime
    stale_at: datetime
    opens_at: datetime


def _slots(course: Course, patient: Patient, ends: Mapping[str, datetime]) -> Iterator[_Slot]:
    """Give the slot of every step; `ends` are the ends of the waits by rule."""
    day = course.treated_at.astimezone(patient.zone).date()
    yield from _calendar(course.procedure, day, patient.zone, patient.quiet, patient.spread)
    for step in course.procedure.steps:
        if step.rule is not None:
            yield _slot(step, ends[step.rule], patient.quiet, patient.zone)


@lru_cache(maxsize=256)  # who was treated on the same day has the same mornings and evenings
def _calendar(
    procedure: Procedure, day: date, zone: tzinfo, quiet: QuietHours, spread: timedelta
) -> tuple[_Slot, ...]:
    """Return the slots of the steps that come at a wall time, for a local date of treatment."""
    return tuple(
        _slot(
            step,
            at_wall_time(day + timedelta(days=step.day), step.at, zone) + spread,
            quiet,
            zone,
        )
        for step in procedure.steps
        if step.day is not None and step.at is not None
    )


def _slot(step: Step, ideal: datetime, quiet: QuietHours, zone: tzinfo) -> _Slot:
    stale_at = ideal + timedelta(hours=step.stale_hours)
    return _Slot(step, ideal, stale_at, quiet.next_open(ideal, zone))


def _due(course: Course, slot: _Slot, patient: Patient, settled: datetime) -> datetime | SkipReason:
    """Say when a step of a course is to be sent, in UTC, or why it is not.

    Nothing comes before `settled`, because the patient has just joined and the welcome card has
    said it a minute ago.
    """
    if slot.stale_at <= patient.joined_at or slot.ideal <= course.treated_at:
        return "before_joining"
    at = slot.opens_at
    if slot.ideal < settled:
        at = patient.quiet.next_open(settled, patient.zone)
    return at if at <= slot.stale_at else "stale"


def _part(course: Course, slot: _Slot) -> Part:
    step = slot.step
    return Part(course.treatment, step.key, step.covers, slot.ideal, slot.stale_at)
