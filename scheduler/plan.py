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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Literal

from content.model import Care, Pace, Procedure, Rule, Step

SkipReason = Literal["before_joining", "stale", "cancelled", "covered"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the local day in which nothing is sent unasked.

    Attributes:
        starts: The first quiet moment of an evening.
        ends: The first open moment of a morning.
    """

    starts: time = time(21)
    ends: time = time(8)

    def quiet(self, local: datetime) -> bool:
        """Whether this local moment lies in the quiet hours."""
        wall = local.time()
        if self.starts <= self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends

    def next_open(self, at: datetime, zone: tzinfo) -> datetime:
        """Return `at` if it is open, else the next open moment, in UTC.

        A morning that the clocks skip opens at the first moment that exists.
        """
        local = at.astimezone(zone)
        if not self.quiet(local):
            return at.astimezone(UTC)
        morning = local.date()
        if local.time() >= self.ends:
            morning += timedelta(days=1)
        return at_wall_time(morning, self.ends, zone)


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
        return self.treated_at.astimezone(UTC) + timedelta(hours=self.hours[rule])


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
    quiet: QuietHours = QuietHours()
    spread: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Part:
    """One step of one treatment within a message.

    Attributes:
        treatment: The treatment's id.
        step: The step's key.
        covers: What it reminds of.
        not_before: The instant before which it would be wrong, in UTC.
        stale_at: The instant from which it is not worth sending, in UTC.
        shown: Whether its text is said; a part that another one covers is only counted.
    """

    treatment: int
    step: str
    covers: tuple[Care, ...]
    not_before: datetime
    stale_at: datetime
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at one time: one part or several merged."""

    at: datetime
    parts: tuple[Part, ...]


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
            end = start + timedelta(hours=hours)
            known = ends.get(rule)
            if known is None or end > known:
                ends[rule] = end
    return ends


def at_wall_time(day: date, wall: time, zone: tzinfo) -> datetime:
    """Return the instant of a wall time on a local date, in UTC.

    A time that the clocks skip moves forward by the gap; one that comes twice is the first.
    """
    local = datetime.combine(day, wall, zone)  # fold=0: in a gap the old offset, so it moves on
    return local.astimezone(UTC)


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
    due: list[tuple[datetime, Course, Step, Part]] = []
    skipped: list[Skipped] = []
    settled = patient.joined_at.astimezone(UTC) + timedelta(minutes=pace.settle_minutes)
    for course in courses:
        day = course.treated_at.astimezone(patient.zone).date()
        for step in course.procedure.steps:
            if (course.treatment, step.key) in before:
                continue
            at, part = _due(course, step, day, patient, settled, ends)
            if isinstance(at, datetime):
                due.append((at, course, step, part))
            else:
                skipped.append(Skipped(course.treatment, step.key, at))
    due.sort(key=lambda row: (row[0], -row[1].treated_at.timestamp(), row[2].key))
    messages = _merge([(at, part) for at, _, _, part in due], pace, patient)
    messages = _at_most(messages, pace.most_a_day, patient, dict(taken or {}), skipped)
    newest = {course.treatment: course.treated_at for course in courses}
    return Plan(tuple(_without_repeats(message, newest) for message in messages), tuple(skipped))


def _due(
    course: Course,
    step: Step,
    day: date,
    patient: Patient,
    settled: datetime,
    ends: Mapping[str, datetime],
) -> tuple[datetime | SkipReason, Part]:
    """Say when a step of a course is to be sent, or why it is not.

    Args:
        course: The treatment.
        step: The step.
        day: The local date of the treatment.
        patient: Zone, quiet hours and the time of joining.
        settled: The instant before which nothing comes, because the patient has just joined.
        ends: Rule key -> end of its wait.
    """
    if step.rule is not None:
        ideal = ends[step.rule]
    elif step.day is None or step.at is None:  # the manifest refuses this
        raise ValueError(step.key)
    else:
        wall = at_wall_time(day + timedelta(days=step.day), step.at, patient.zone)
        ideal = wall + patient.spread
    part = Part(
        treatment=course.treatment,
        step=step.key,
        covers=step.covers,
        not_before=ideal,
        stale_at=ideal + timedelta(hours=step.stale_hours),
    )
    if part.stale_at <= patient.joined_at or ideal <= course.treated_at:
        return "before_joining", part
    # What is due just before or after joining waits: the welcome card has said it a minute ago.
    at = patient.quiet.next_open(max(ideal, settled), patient.zone)
    return (at, part) if at <= part.stale_at else ("stale", part)


def _merge(due: Sequence[tuple[datetime, Part]], pace: Pace, patient: Patient) -> list[Message]:
    """Join what is due within the window into one message at the latest of their times."""
    window = timedelta(minutes=pace.merge_minutes)
    messages: list[Message] = []
    first = datetime.min.replace(tzinfo=UTC)
    for at, part in due:
        last = messages[-1] if messages else None
        if last and at - first <= window and _fits(last, at, patient):
            messages[-1] = Message(at, (*last.parts, part))
        else:
            messages.append(Message(at, (part,)))
            first = at
    return messages


def _fits(message: Message, at: datetime, patient: Patient) -> bool:
    """Whether every part is still worth sending at the later time, on the same local date."""
    same_day = message.at.astimezone(patient.zone).date() == at.astimezone(patient.zone).date()
    return same_day and all(at <= part.stale_at for part in message.parts)


def _at_most(
    messages: list[Message],
    most: int,
    patient: Patient,
    taken: dict[date, int],
    skipped: list[Skipped],
) -> list[Message]:
    """Keep to the daily limit: what is too much joins the next message of the day, or is left out.

    A message whose cares the others of the day cover too gives way first, then the shortest.
    """
    kept: list[Message] = []
    days = groupby(messages, key=lambda message: message.at.astimezone(patient.zone).date())
    for day, group in days:
        rows = list(group)
        while len(rows) > max(most - taken.get(day, 0), 0):
            index = _least_missed(rows)
            lone = rows.pop(index)
            later = rows[index] if index < len(rows) else None
            movable = later is not None and all(later.at <= part.stale_at for part in lone.parts)
            if later is not None and movable:
                rows[index] = replace(later, parts=(*lone.parts, *later.parts))
            else:
                skipped += [Skipped(part.treatment, part.step, "covered") for part in lone.parts]
        kept += rows
    return kept


def _least_missed(rows: Sequence[Message]) -> int:
    """Return the index of the message that a day can best do without."""

    def loss(index: int) -> tuple[bool, int, int]:
        others = {care for i, row in enumerate(rows) if i != index for care in _cares(row)}
        return (not _cares(rows[index]) <= others, len(rows[index].parts), index)

    return min(range(len(rows)), key=loss)


def _cares(message: Message) -> set[Care]:
    return {care for part in message.parts for care in part.covers}


def _without_repeats(message: Message, treated_at: Mapping[int, datetime]) -> Message:
    """Leave out the text of a part whose every care a newer part of the message covers."""
    if len(message.parts) == 1 and message.parts[0].covers:
        return message
    newest_first = sorted(
        message.parts, key=lambda part: (treated_at[part.treatment], len(part.covers)), reverse=True
    )
    said: set[Care] = set()
    unsaid: set[tuple[int, str]] = set()
    for part in newest_first:
        if said.issuperset(part.covers):
            unsaid.add((part.treatment, part.step))
        said.update(part.covers)
    if not unsaid:
        return message
    parts = tuple(
        replace(part, shown=False) if (part.treatment, part.step) in unsaid else part
        for part in message.parts
    )
    return replace(message, parts=parts)
