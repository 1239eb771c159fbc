"""A week in a minute: the demo's clock jumps, and every message comes at its own moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.stage import ZONE, Stage, staged, working_afternoon
from content.catalog import Catalog
from content.understand import Knowledge
from tests.fakes import ears
from tests.fakes.clock import FakeClock

MONDAY_2PM = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
async def stage(catalog: Catalog) -> AsyncIterator[Stage]:
    async with staged(catalog, cast("Knowledge", ears.Knowledge()), start=MONDAY_2PM) as stage:
        yield stage


@pytest.fixture
async def joined(stage: Stage) -> Stage:
    """Ana was enrolled by the clinic, scanned and agreed."""
    await stage.enrol()
    await stage.scan()
    await stage.patient.tap("I agree")
    await stage.patient.tap("Yes, that is right")
    return stage


def moments(stage: Stage, since: int) -> list[str]:
    """Return when the bot's messages after the first `since` came, by the patient's clock."""
    return [
        datetime.fromtimestamp(message.raw["date"], ZONE).strftime("%a %H:%M")
        for message in stage.patient.messages[since:]
    ]


async def test_the_group_is_connected_before_anybody_looks(stage: Stage) -> None:
    assert "Riverside Skin is connected" in stage.group.last.text
    assert await stage.standing() == ("Europe/London", None)


async def test_a_code_is_posted_by_treated_and_lets_the_patient_in_once(stage: Stage) -> None:
    await stage.enrol()
    assert stage.group.last.attached()
    assert stage.code()
    await stage.scan()
    assert "Riverside Skin" in stage.patient.messages[0].text
    assert stage.code() == ""


async def test_in_a_day_every_message_comes_at_its_own_hour(joined: Stage) -> None:
    before = len(joined.patient.messages)
    await joined.travel.forward(timedelta(days=1, minutes=5))
    came = moments(joined, before)
    assert "Tue 14:00" in came  # makeup: 24 hours, to the minute
    assert all(int(moment[4:6]) in range(8, 21) for moment in came)
    assert came == sorted(came, key=lambda moment: (moment[:3] == "Tue", moment))
    assert (await joined.standing())[1] == 1


async def test_the_next_message_is_one_message(joined: Stage) -> None:
    before = len(joined.patient.messages)
    assert await joined.travel.to_next_message()
    assert len(joined.patient.messages) == before + 1


async def test_with_nobody_enrolled_nothing_is_planned_and_no_time_passes(stage: Stage) -> None:
    assert not await stage.travel.to_next_message()
    assert stage.clock() - MONDAY_2PM < timedelta(minutes=1)


async def test_a_jump_is_not_taken_for_an_outage(joined: Stage) -> None:
    before = len(joined.group.messages)
    await joined.travel.forward(timedelta(days=2))
    assert joined.group.messages[before:] == []


async def test_a_patient_who_paused_hears_nothing_and_time_passes_all_the_same(
    joined: Stage,
) -> None:
    await joined.patient.send("/pause")
    before = len(joined.patient.messages)
    await joined.travel.forward(timedelta(hours=20))
    assert len(joined.patient.messages) == before


def test_a_movable_clock_goes_on_with_its_base_and_never_back(clock: FakeClock) -> None:
    movable = MovableClock(MONDAY_2PM, base=clock)
    clock.forward(minutes=1)
    assert movable() == MONDAY_2PM + timedelta(minutes=1)
    movable.forward_to(MONDAY_2PM + timedelta(days=3))
    movable.forward_to(MONDAY_2PM)
    assert movable() == MONDAY_2PM + timedelta(days=3)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-23T08:00+00:00", 23),
        ("2026-11-28T23:30+00:00", 30),
        ("2026-11-29T10:00+00:00", 30),
    ],
)
def test_it_begins_on_a_working_afternoon(now: str, day: int) -> None:
    start = working_afternoon(datetime.fromisoformat(now))
    assert (start.day, start.hour, start.tzinfo) == (day, 14, ZONE)
