"""The plan played without anybody: what a patient treated at a time would be sent, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from content.catalog import Catalog
from content.model import Care, ClinicVoice
from content.view import Standing, view
from scheduler import plan as planning


@dataclass(frozen=True, slots=True)
class Played:
    """One message of a played plan.

    Attributes:
        at: When, in the patient's zone.
        step: The key of the first step it says.
        steps: The keys of all its steps.
        covers: What it reminds of.
        text: What it says.
    """

    at: datetime
    step: str
    steps: tuple[str, ...]
    covers: tuple[Care, ...]
    text: str


def play(
    catalog: Catalog,
    *,
    procedure: str,
    treated_at: datetime,
    zone: tzinfo,
    joined_at: datetime,
    waits: Mapping[str, float],
    language: str,
    clinic: ClinicVoice,
    days: int | None = None,
) -> list[Played]:
    """Return every message the plan would send.

    Args:
        catalog: The words.
        procedure: What was done.
        treated_at: When, aware.
        zone: The patient's zone.
        joined_at: When she joins, aware.
        waits: Rule -> hours set instead of the library's.
        language: Her language.
        clinic: The clinic whose voice it is.
        days: Only messages up to this many local days after the treatment.

    Returns:
        The messages, in order.
    """
    known = catalog.procedure(procedure)
    course = planning.Course(1, known, treated_at, planning.waits(known, waits))
    plan = planning.make_plan([course], planning.Patient(zone, joined_at), known.pace)
    ends = planning.strictest([course])
    played = []
    for message in plan.messages:
        local = message.at.astimezone(zone)
        if days is not None and local.date() > treated_at.astimezone(zone).date() + timedelta(days):
            break
        standing = Standing(message.at, zone, treated_at, ends, course.hours)
        context = view(standing, clinic)
        shown = [part for part in message.parts if part.shown]
        played.append(
            Played(
                at=local,
                step=shown[0].step,
                steps=tuple(part.step for part in message.parts),
                covers=tuple(dict.fromkeys(care for part in message.parts for care in part.covers)),
                text="\n\n".join(
                    catalog.step(procedure, language, part.step, context) for part in shown
                ),
            )
        )
    return played
