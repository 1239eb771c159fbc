"""A patient's wall clock: the instant of a morning where she is, and the hours in which she sleeps.

Pure: the zone is an argument, and every result is an instant in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def at_wall_time(day: date, wall: time, zone: tzinfo) -> datetime:
    """Return the instant of a wall time on a local date, in UTC.

    A time that the clocks skip moves forward by the gap; one that comes twice is the first.
    """
    local = datetime.combine(day, wall, zone)  # fold=0: in a gap the old offset, so it moves on
    return local.astimezone(UTC)


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
