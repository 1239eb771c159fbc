"""When a broadcast begins, how long it takes, and who gets it later because she sleeps then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler import window
from scheduler.model import Broadcast
from scheduler.pacer import SPREAD
from scheduler.services.audience import Audience


@dataclass(frozen=True, slots=True)
class Estimate:
    """What to expect of a broadcast.

    Attributes:
        starts: When it begins, if that is later than now.
        seconds: About how long it takes from then on, for those who are awake.
        asleep: How many are in their quiet hours then.
        awake: When the last of those is written to, if there are any.
    """

    starts: datetime | None
    seconds: float
    asleep: int
    awake: datetime | None


def estimate(
    broadcast: Broadcast, audience: Audience, per_second: float, now: datetime
) -> Estimate:
    """Return what to expect of a broadcast to an audience at a pace in messages per second."""
    starts = broadcast.at if broadcast.at is not None and broadcast.at > now else None
    at_once = audience.recipients - audience.asleep
    return Estimate(starts, at_once * seconds_each(per_second), audience.asleep, audience.awake)


def seconds_each(per_second: float) -> float:
    """Return how far apart the pacer lets messages leave in the long run, in seconds."""
    return max(SPREAD / per_second, window.SECONDS / max(int(per_second), 1))
