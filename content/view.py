"""What a template can see of one patient: the moments of the waits, the day, the clinic.

A view holds no name and no free text of the patient, so no template can repeat one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from content.model import ClinicVoice, Procedure
from content.moments import Moment, Wait


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a patient stands, as the schedule knows it.

    Attributes:
        now: The present instant, aware.
        zone: The patient's zone.
        treated_at: The latest treatment, aware; None when it is not known.
        waits: Rule key -> end of the wait, aware, the strictest of all treatments.
        hours: Rule key -> length in hours, as it holds for this patient.
    """

    now: datetime
    zone: tzinfo
    treated_at: datetime | None
    waits: Mapping[str, datetime]
    hours: Mapping[str, float]


class Waits(Mapping[str, Wait]):
    """The waits of a patient by rule; one is worked out when a template names it.

    Args:
        standing: Where she stands.
        now: The present instant, where she is.
    """

    def __init__(self, standing: Standing, now: datetime) -> None:
        self._standing, self._now = standing, now

    def __getitem__(self, key: str) -> Wait:
        hours = self._standing.hours[key]
        end = self._standing.waits.get(key)
        if end is None:
            return Wait(key, hours)
        return Wait(key, hours, Moment(end.astimezone(self._standing.zone), self._now))

    def __iter__(self) -> Iterator[str]:
        return iter(self._standing.hours)

    def __len__(self) -> int:
        return len(self._standing.hours)


def standing_in_general(
    procedure: Procedure,
    *,
    now: datetime,
    zone: tzinfo,
    hours: Mapping[str, float] | None = None,
) -> Standing:
    """Return the standing of somebody whose treatment time is not known.

    Args:
        procedure: What was done.
        now: The present instant, aware.
        zone: The reader's zone.
        hours: Rule key -> hours, where a clinic sets others than the library.
    """
    known = {key: rule.hours for key, rule in procedure.rules.items()}
    return Standing(now=now, zone=zone, treated_at=None, waits={}, hours={**known, **(hours or {})})


def view(
    standing: Standing, clinic: ClinicVoice, *, asks: str = "other", **more: Any
) -> dict[str, Any]:
    """Return the names that a template of a topic or a step may use.

    Args:
        standing: Where the patient stands.
        clinic: The clinic whose voice it is.
        asks: `may`, `did`, `normal` or `other`: how the question was put.
        **more: Further names for one template.

    Returns:
        `clinic`, `wait` (by rule), `treated` (a moment or None), `known`, `now`, `day` (local days
        since the treatment, -1 if not known), `hours` (since the treatment, -1 if not known),
        `asks`, and what `more` gives.
    """
    now = standing.now.astimezone(standing.zone)
    treated = None
    day, hours = -1, -1.0
    if standing.treated_at is not None:
        treated = Moment(standing.treated_at.astimezone(standing.zone), now)
        day = (now.date() - treated.at.date()).days
        hours = (standing.now - standing.treated_at).total_seconds() / 3600
    return {
        "clinic": clinic,
        "wait": Waits(standing, now),
        "treated": treated,
        "known": treated is not None,
        "now": Moment(now, now),
        "day": day,
        "hours": hours,
        "asks": asks,
        **more,
    }
