"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TUESDAY_2PM = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


class FakeClock:
    """Gives the instant it was set to, aware and in UTC."""

    def __init__(self, at: datetime = TUESDAY_2PM) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **delta: float) -> datetime:
        """Move on by hours=, days=, minutes= or seconds= and return the new instant."""
        self.at += timedelta(**delta)
        return self.at
