"""The plan keeps its promises for any treatment, zone and way of joining."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.catalog import Catalog
from content.model import Pace
from scheduler.merging import Message
from scheduler.plan import Course, Patient, Plan, make_plan, strictest, wait_problem, waits
from scheduler.wall_time import QuietHours, at_wall_time

PROCEDURE = Catalog().procedure("microneedling")
LONDON = ZoneInfo("Europe/London")
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/London", "Europe/Madrid", "America/New_York", "America/Santiago", "Asia/Kolkata",
        "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
        "America/St_Johns", "Africa/Cairo", "Pacific/Apia", "UTC",
    )
]  # fmt: skip


def course(treated_at: datetime, number: int = 1, **hours: float) -> Course:
    return Course(number, PROCEDURE, treated_at, waits(PROCEDURE, hours))


def plan_for(
    treated_at: datetime,
    *,
    zone: ZoneInfo = LONDON,
    joined_at: datetime | None = None,
    **hours: float,
) -> Plan:
    patient = Patient(zone, joined_at or treated_at)
    return make_plan([course(treated_at, 1, **hours)], patient, PROCEDURE.pace)


def steps(message: Message) -> list[str]:
    return [part.step for part in message.parts]


def covers(messages: tuple[Message, ...], zone: ZoneInfo, day: date) -> set[str]:
    return {
        care
        for message in messages
        if message.at.astimezone(zone).date() == day
        for part in message.parts
        for care in part.covers
    }


instants = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001  (hypothesis wants bounds without a zone)
    max_value=datetime(2029, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=300, deadline=None)
@given(
    treated_at=instants,
    zone=st.sampled_from(ZONES),
    late_hours=st.one_of(st.just(0.0), st.floats(0, 24 * 20)),
    makeup=st.floats(6, 72),
)
def test_no_patient_is_written_to_at_night_or_early_or_more_than_three_times_a_day(
    treated_at: datetime, zone: ZoneInfo, late_hours: float, makeup: float
) -> None:
    joined_at = treated_at + timedelta(hours=late_hours)
    plan = plan_for(treated_at, zone=zone, joined_at=joined_at, makeup=makeup)
    quiet = QuietHours()
    per_day: Counter[date] = Counter()
    said: Counter[str] = Counter()
    for message in plan.messages:
        local = message.at.astimezone(zone)
        per_day[local.date()] += 1
        assert not quiet.quiet(local)
        assert message.at >= joined_at
        for part in message.parts:
            said[part.step] += 1
            assert message.at <= part.stale_at
            if part.step in ("makeup", "first_wash"):
                assert message.at >= part.not_before
    assert max(per_day.values(), default=0) <= 3
    assert max(said.values(), default=0) == 1
    if late_hours == 0:
        assert said["makeup"] == 1


@settings(max_examples=200, deadline=None)
@given(treated_at=instants, zone=st.sampled_from(ZONES))
def test_sun_cleansing_and_moisturising_are_covered_on_each_of_the_first_seven_days(
    treated_at: datetime, zone: ZoneInfo
) -> None:
    plan = plan_for(treated_at, zone=zone)
    day0 = treated_at.astimezone(zone).date()
    for number in range(1, 8):
        kinds = covers(plan.messages, zone, day0 + timedelta(days=number))
        assert {"sunscreen", "cleanse", "moisturise"} <= kinds, number


@settings(max_examples=150, deadline=None)
@given(
    first=instants,
    gap=st.integers(0, 40 * 24),
    zone=st.sampled_from(ZONES),
    stricter=st.floats(24, 72),
)
def test_two_treatments_merge_and_the_stricter_wait_holds_for_both(
    first: datetime, gap: int, zone: ZoneInfo, stricter: float
) -> None:
    second = first + timedelta(hours=gap)
    courses = [course(first, 1, makeup=stricter), course(second, 2)]
    plan = make_plan(courses, Patient(zone, first), PROCEDURE.pace)
    allowed_at = strictest(courses)["makeup"]
    per_day = Counter(message.at.astimezone(zone).date() for message in plan.messages)
    assert max(per_day.values()) <= 3
    for message in plan.messages:
        if "makeup" in steps(message):
            assert message.at >= allowed_at
        shown = [part for part in message.parts if part.shown]
        assert shown
        assert {c for part in message.parts for c in part.covers} == {
            c for part in shown for c in part.covers
        }


def test_makeup_is_allowed_to_the_minute_24_hours_after_the_treatment() -> None:
    plan = plan_for(datetime(2026, 11, 24, 14, 30, tzinfo=UTC))
    message = next(m for m in plan.messages if "makeup" in steps(m))
    assert message.at == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


def test_a_makeup_wait_that_ends_at_night_is_told_in_the_morning() -> None:
    plan = plan_for(datetime(2026, 11, 24, 23, 10, tzinfo=UTC))
    message = next(m for m in plan.messages if "makeup" in steps(m))
    assert message.at == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert "day2_morning" in steps(message), "what is due near each other comes as one"


def test_a_wait_of_72_hours_set_for_one_patient_moves_her_makeup_message() -> None:
    plan = plan_for(datetime(2026, 11, 24, 14, 30, tzinfo=UTC), makeup=72)
    message = next(m for m in plan.messages if "makeup" in steps(m))
    assert message.at == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)


def test_24_hours_across_the_clock_change_are_24_hours_and_not_the_same_wall_time() -> None:
    treated = datetime(2026, 10, 24, 13, 0, tzinfo=LONDON)  # the clocks go back that night
    message = next(m for m in plan_for(treated).messages if "makeup" in steps(m))
    assert message.at.astimezone(LONDON).time() == time(12)


def test_a_morning_reminder_stays_at_nine_across_the_clock_change() -> None:
    plan = plan_for(datetime(2026, 10, 24, 13, 0, tzinfo=LONDON))
    mornings = [m.at.astimezone(LONDON) for m in plan.messages if "day2_morning" in steps(m)]
    assert [at.time() for at in mornings] == [time(9)]


def test_a_wall_time_that_the_clocks_skip_moves_forward_and_one_that_comes_twice_is_the_first() -> (
    None
):
    berlin = ZoneInfo("Europe/Berlin")
    assert at_wall_time(date(2027, 3, 28), time(2, 30), berlin) == datetime(
        2027, 3, 28, 1, 30, tzinfo=UTC
    )
    assert at_wall_time(date(2026, 10, 25), time(2, 30), berlin) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_joining_on_day_3_starts_from_now_and_sends_nothing_stale() -> None:
    treated = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    joined = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
    plan = plan_for(treated, joined_at=joined)
    said = [step for message in plan.messages for step in steps(message)]
    assert not {"first_wash", "day0_evening", "day1_morning", "makeup"} & set(said)
    assert "day4_morning" in said
    assert min(m.at for m in plan.messages) >= joined + timedelta(hours=3)
    reasons = {skip.step: skip.reason for skip in plan.skipped}
    assert reasons["day1_morning"] == "before_joining"


def test_what_was_sent_stays_and_is_not_planned_again() -> None:
    treated = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    plan = make_plan(
        [course(treated)],
        Patient(LONDON, treated),
        PROCEDURE.pace,
        done=[(1, "first_wash"), (1, "makeup")],
    )
    said = {step for message in plan.messages for step in steps(message)}
    assert not {"first_wash", "makeup"} & said


def test_a_day_that_has_had_its_messages_gets_no_more() -> None:
    treated = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    today = treated.date()
    plan = make_plan([course(treated)], Patient(LONDON, treated), PROCEDURE.pace, taken={today: 3})
    assert not [m for m in plan.messages if m.at.date() == today]
    assert {skip.reason for skip in plan.skipped} == {"covered"}


def test_the_limit_of_the_day_keeps_the_makeup_message() -> None:
    treated = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    pace = Pace(merge_minutes=0, most_a_day=1, settle_minutes=180)
    plan = make_plan([course(treated)], Patient(LONDON, treated), pace)
    assert "makeup" in [step for message in plan.messages for step in steps(message)]


@pytest.mark.parametrize(
    ("hours", "problem"),
    [(24, None), (72, None), (5, "makeup can be 6 to 72 hours, not 5"), (73, "makeup can be")],
)
def test_a_wait_outside_its_range_is_refused_in_one_sentence(
    hours: float, problem: str | None
) -> None:
    found = wait_problem(PROCEDURE.rules["makeup"], hours)
    assert (found is None) if problem is None else (found or "").startswith(problem)


def test_quiet_hours_that_do_not_cross_midnight_are_understood_too() -> None:
    siesta = QuietHours(time(13), time(16))
    at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert siesta.next_open(at, UTC) == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert siesta.next_open(at - timedelta(hours=2), UTC) == at - timedelta(hours=2)
