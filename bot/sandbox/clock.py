"""A clock that can be moved forward, and otherwise goes as the machine's does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.clock import Clock, system_clock


class MovableClock:
    """Gives the present instant of the sandbox, aware and in UTC.

    Args:
        start: What it shows now; the machine's time if not given.
        base: What makes it go on.
    """

    def __init__(self, start: datetime | None = None, base: Clock = system_clock) -> None:
        self._base = base
        self._ahead = start - base() if start else timedelta()

    def __call__(self) -> datetime:
        return (self._base() + self._ahead).astimezone(UTC)

    def forward_to(self, at: datetime) -> None:
        """Show this instant from now on; an instant that has passed changes nothing."""
        self._ahead += max(at - self(), timedelta())
