"""Where a patient stands: the strictest waits, the clinic's hours, and a plan that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from content.catalog import Catalog
from scheduler.model import Clinic, Reminder
from scheduler.services import care, preferences
from scheduler.store import clinics, patients, reminders
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import World


def set_to(store: Store, clinic: Clinic, **values: object) -> Clinic:
    store.run(clinics.change, clinic.id, values)
    return store.run(clinics.by_id, clinic.id)


@pytest.mark.parametrize(
    ("at", "is_open", "opens"),
    [
        ("2026-11-24T12:00+00:00", True, "2026-11-24T12:00+00:00"),  # a Tuesday
        ("2026-11-24T08:59+00:00", False, "2026-11-24T09:00+00:00"),
        ("2026-11-24T18:00+00:00", False, "2026-11-25T09:00+00:00"),
        ("2026-11-27T19:00+00:00", False, "2026-11-30T09:00+00:00"),  # a Friday evening
        ("2026-03-28T12:00+00:00", False, "2026-03-30T08:00+00:00"),  # the clocks change between
    ],
)
def test_people_answer_in_the_clinics_hours(
    world: World, at: str, *, is_open: bool, opens: str
) -> None:
    now = datetime.fromisoformat(at)
    assert care.open_now(world.riverside, now) is is_open
    assert care.next_opening(world.riverside, now) == datetime.fromisoformat(opens)


@pytest.mark.parametrize(
    ("text", "days"),
    [("1-5", {1, 2, 3, 4, 5}), ("1,2,6", {1, 2, 6}), ("7", {7}), (" 1 , 3-4 ", {1, 3, 4})],
)
def test_open_days_are_read(text: str, days: set[int]) -> None:
    assert care.open_weekdays(text) == days


@pytest.mark.parametrize("text", ["", "0-5", "1-8", "Mon-Fri", "1;2"])
def test_open_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        care.open_weekdays(text)


def test_a_clinic_that_never_opens_is_not_promised(world: World, clock: FakeClock) -> None:
    never = replace(world.riverside, opens=time(9), closes=time(9), open_days="")
    with pytest.raises(ValueError, match=r".*"):
        care.next_opening(never, clock())


def test_the_clinics_voice_says_when_people_answer(world: World, clock: FakeClock) -> None:
    voice = care.voice(world.riverside, clock(), "en")
    assert voice.name == "Riverside Skin"
    assert voice.hours == "Mon-Fri 09:00-18:00"
    assert voice.open_now


def test_a_clinics_wait_and_then_a_treatments_own_go_over_the_library(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    clinic = set_to(store, world.riverside, waits={"makeup": 48, "exercise": 96})
    ana = world.join(treated_at=clock(), now=clock(), waits={"makeup": 72.0}, clinic=clinic)
    treatments = store.run(patients.treatments, ana.id)
    standing = care.standing(catalog, clinic, ana, treatments, clock())
    assert standing.waits["makeup"] == clock() + timedelta(hours=72)
    assert standing.waits["exercise"] == clock() + timedelta(hours=96)
    assert standing.waits["alcohol"] == clock() + timedelta(hours=48)


def test_of_two_treatments_the_strictest_wait_counts(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    first = clock()
    ana = world.join(treated_at=first, now=clock(), waits={"makeup": 72.0})
    second = clock.forward(hours=10)
    store.run(
        patients.add_treatment, ana.id, procedure="microneedling", area="neck",
        treated_at=second, waits={}, now=second,
    )  # fmt: skip
    treatments = store.run(patients.treatments, ana.id)
    standing = care.standing(catalog, world.riverside, ana, treatments, clock())
    assert standing.waits["makeup"] == first + timedelta(hours=72)
    assert standing.waits["exercise"] == second + timedelta(hours=72)
    assert standing.treated_at == second


def test_without_a_treatment_everybodys_rules_stand(
    world: World, catalog: Catalog, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    standing = care.standing(catalog, world.riverside, ana, [], clock())
    assert standing.treated_at is None
    assert standing.hours["makeup"] == 24
    assert care.procedure_of(catalog, []).key == "microneedling"


def waiting(store: Store, patient_id: int) -> dict[str, Reminder]:
    return {row.step: row for row in store.run(reminders.upcoming, patient_id)}


def test_when_the_time_is_corrected_what_waits_follows(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    before = waiting(store, ana.id)["makeup"].due_at
    (treatment,) = store.run(patients.treatments, ana.id)
    store.run(patients.correct_treatment, treatment.id, treated_at=clock() - timedelta(hours=2))
    store.run(care.replan, catalog, ana.id, clock())
    assert waiting(store, ana.id)["makeup"].due_at == before - timedelta(hours=2)


def test_when_a_treatment_is_cancelled_nothing_waits(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    (treatment,) = store.run(patients.treatments, ana.id)
    store.run(patients.correct_treatment, treatment.id, cancelled=True)
    assert store.run(care.replan, catalog, ana.id, clock()) == 0
    assert waiting(store, ana.id) == {}


def test_who_has_not_agreed_or_is_not_there_has_no_plan(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    world.invite(treated_at=clock(), now=clock())
    (invited,) = store.run(patients.listed)
    assert store.run(care.replan, catalog, invited.id, clock()) == 0
    assert store.run(care.replan, catalog, 99, clock()) == 0


def test_a_patient_who_moves_to_another_zone_gets_mornings_there(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    store.run(preferences.set_timezone, catalog, ana, "America/New_York", clock())
    rows = waiting(store, ana.id)
    assert rows["day2_morning"].due_at == datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
    assert rows["makeup"].due_at >= clock() + timedelta(hours=24)  # a wait is no wall time


@pytest.mark.parametrize(
    ("treated", "day2_in_utc"),
    [
        ("2026-03-27T14:00+00:00", "2026-03-29T08:00+00:00"),  # clocks go forward on day 2
        ("2026-10-23T14:00+01:00", "2026-10-25T09:00+00:00"),  # clocks go back on day 2
    ],
)
def test_nine_in_the_morning_stays_nine_when_the_clocks_change(
    world: World, store: Store, clock: FakeClock, treated: str, day2_in_utc: str
) -> None:
    clock.at = datetime.fromisoformat(treated).astimezone(UTC)
    ana = world.join(treated_at=clock(), now=clock())
    rows = waiting(store, ana.id)
    assert rows["day2_morning"].due_at == datetime.fromisoformat(day2_in_utc)
    assert rows["makeup"].not_before == clock() + timedelta(hours=24)


def test_patients_of_a_large_group_do_not_all_fall_due_in_one_minute() -> None:
    minutes = {care.spread(patient_id) for patient_id in range(0, 20_000, 500)}
    assert len(minutes) == care.SPREAD_MINUTES
    assert max(minutes) < timedelta(minutes=care.SPREAD_MINUTES)
