"""The only place that reads a clock; everything else is told what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A callable that gives the present instant as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)
