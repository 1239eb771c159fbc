"""Whatever the clock does, the right message comes once, by day, and none is lost unexplained.

The plan, the rounds and the sender together, over a clock that jumps, stands still, changes for
summer and winter, and moves to the other side of the earth.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from content.catalog import Catalog
from tests.clock.life import Life

PROMISES = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink lives takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

ZONES = (
    "Europe/London",
    "America/New_York",
    "America/St_Johns",  # half an hour off, and its own summer time
    "Asia/Kathmandu",  # a quarter of an hour off
    "Australia/Lord_Howe",  # its summer time is half an hour
    "Pacific/Apia",
    "Pacific/Pago_Pago",  # a day and an hour behind Apia
)
DATES = (
    datetime(2026, 3, 6, tzinfo=UTC),  # America goes forward on the 8th
    datetime(2026, 3, 27, tzinfo=UTC),  # Europe goes forward on the 29th
    datetime(2026, 10, 23, tzinfo=UTC),  # Europe goes back on the 25th
    datetime(2026, 10, 30, tzinfo=UTC),  # America goes back on 1 November
    datetime(2026, 4, 3, tzinfo=UTC),  # Lord Howe goes back on the 5th
    datetime(2028, 2, 27, tzinfo=UTC),  # a leap day follows
    datetime(2026, 12, 30, tzinfo=UTC),
)
DAY = 24 * 60

Event = tuple[str, int]


def pass_by(life: Life, minutes: int) -> None:
    life.until(life.clock() + timedelta(minutes=minutes))


def jump(life: Life, minutes: int) -> None:
    """The clock is set, or the machine slept: no round in between."""
    life.clock.forward(minutes=minutes)
    life.round()


def jump_back(life: Life, minutes: int) -> None:
    life.clock.forward(minutes=-minutes)
    life.set_back()
    life.round()


def overrun(life: Life, minutes: int) -> None:
    life.round(overruns=timedelta(minutes=minutes % 240))


def move(life: Life, number: int) -> None:
    life.move(ZONES[number % len(ZONES)])
    life.round()


def no_network(life: Life, minutes: int) -> None:
    """Telegram is not reached for a time, with a round now and then."""
    life.away = True
    for _ in range(4):
        life.clock.forward(minutes=minutes / 4)
        life.round()
    life.away = False
    life.round()


def treat_again(life: Life, _: int) -> None:
    life.treated_again()


EVENTS: dict[str, Callable[[Life, int], None]] = {
    "pass": pass_by,
    "jump": jump,
    "back": jump_back,
    "overrun": overrun,
    "move": move,
    "away": no_network,
    "treat": treat_again,
}


def events() -> st.SearchStrategy[list[Event]]:
    how_long = st.one_of(st.integers(1, 180), st.integers(1, 4 * DAY))
    return st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), how_long), max_size=12)


@PROMISES
@given(
    date=st.sampled_from(DATES),
    minute=st.integers(0, DAY - 1),
    zone=st.sampled_from(ZONES),
    joins_after=st.one_of(st.integers(0, 300), st.integers(0, 5 * DAY)),
    most_a_day=st.sampled_from([1, 2, 3]),
    happens=events(),
)
@example(DATES[1], 600, "Europe/London", 10, 3, [("pass", 4 * DAY)])
@example(DATES[3], 900, "America/New_York", 0, 3, [("jump", 3 * DAY), ("back", DAY)])
@example(DATES[0], 480, "Europe/London", 0, 2, [("pass", DAY), ("treat", 1), ("pass", 3 * DAY)])
@example(DATES[5], 600, "Asia/Kathmandu", 0, 1, [("pass", DAY), ("move", 1), ("pass", 2 * DAY)])
def test_whatever_the_clock_does_the_promises_hold(
    catalog: Catalog,
    date: datetime,
    minute: int,
    zone: str,
    joins_after: int,
    most_a_day: int,
    happens: list[Event],
) -> None:
    life = Life(
        catalog,
        treated_at=date + timedelta(minutes=minute),
        zone=zone,
        joins_after=timedelta(minutes=joins_after),
        most_a_day=most_a_day,
    )
    try:
        for name, minutes in happens:
            EVENTS[name](life, minutes)
        life.until(life.clock() + timedelta(days=130))
        promises_hold(life)
    finally:
        life.close()


def promises_hold(life: Life) -> None:
    """Hold what arrived against what was promised."""
    for message in life.arrived:
        assert 8 <= message.at.astimezone(message.zone).hour < 21, "at night"
        assert message.at >= message.not_before, "before its wait was over"
        today = message.at.astimezone(message.zone).date()
        assert life.on(message)[today] <= life.most_a_day, "too many on one day"
    steps = [step for message in life.arrived for step in message.steps]
    assert len(steps) == len(set(steps)), "twice"
    assert life.rows_sent() == len(life.arrived)
    assert "" not in life.fates().values(), "lost, and nobody knows why"


def test_a_patient_on_an_honest_clock_gets_the_whole_plan(catalog: Catalog) -> None:
    life = Life(
        catalog,
        treated_at=datetime(2026, 3, 27, 10, 0, tzinfo=UTC),
        zone="Europe/London",
        joins_after=timedelta(minutes=5),
    )
    life.until(life.clock() + timedelta(days=130))
    fates, mornings = life.fates(), [message.at for message in life.arrived]
    life.close()
    assert set(fates.values()) == {"sent"}
    local = {at.astimezone(life.arrived[0].zone).strftime("%a %H:%M") for at in mornings}
    assert {"Sun 09:00", "Mon 09:00"} <= local  # the clocks change on Sunday


@pytest.mark.parametrize("days", [1, 3, 30])
def test_after_a_suspend_of_days_only_what_is_still_worth_it_comes(
    catalog: Catalog, days: int
) -> None:
    life = Life(
        catalog,
        treated_at=datetime(2026, 3, 23, 10, 0, tzinfo=UTC),
        zone="Europe/London",
        joins_after=timedelta(),
    )
    life.clock.forward(days=days, hours=1)
    life.round()
    at_once = [message for message in life.arrived if message.steps]
    fates = life.fates()
    life.close()
    assert len(at_once) <= 1
    assert "stale" in fates.values()
