"""The one clock tells an aware instant in UTC."""

from __future__ import annotations

from datetime import UTC

from scheduler.clock import system_clock


def test_the_clock_is_aware_in_utc_and_does_not_go_back() -> None:
    first, second = system_clock(), system_clock()
    assert first.tzinfo is UTC
    assert first <= second
