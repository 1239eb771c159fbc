"""Joining: whose code it is, when it works, what a yes and a no mean, and a second treatment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from content.catalog import Catalog
from scheduler.model import Clinic
from scheduler.services import desk, enrolment, preferences
from scheduler.services.enrolment import EnrolmentError, Opened
from scheduler.store import clinics, patients, records, reminders
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World

BEA_CHAT = 102

Open = Callable[..., Opened | str]


@pytest.fixture
def tap(store: Store, clock: FakeClock) -> Open:
    """Tap a code on a phone."""

    def tapped(code: str, chat_id: int = ANA_CHAT) -> Any:
        return store.run(enrolment.open_code, code, chat_id=chat_id, language="en", now=clock())

    return tapped


@pytest.fixture
def dump(store: Store) -> Callable[[], list[str]]:
    """Return everything in the store, for holding two moments against each other."""
    return lambda: store.run(lambda db: list(db.conn.iterdump()))


def test_a_code_typed_with_spaces_and_quotes_works(
    world: World, tap: Open, clock: FakeClock
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    assert isinstance(tap(f' "{code[:8]} {code[8:]}"\n'), Opened)


def test_a_code_that_nobody_made_changes_nothing(
    world: World, tap: Open, dump: Callable[[], list[str]]
) -> None:
    before = dump()
    assert tap("A" * 22) == "unknown"
    assert tap("") == "unknown"
    assert dump() == before


def test_a_used_code_changes_nothing_for_somebody_else(
    world: World, tap: Open, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    assert isinstance(tap(code), Opened)
    before = dump()
    assert tap(code, BEA_CHAT) == "used"
    assert dump() == before


def test_an_expired_code_changes_nothing(
    world: World, tap: Open, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    before = dump()
    clock.forward(days=14)
    assert tap(code) == "expired"
    assert dump() == before


def test_a_code_works_to_its_last_minute(world: World, tap: Open, clock: FakeClock) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    clock.forward(days=13, hours=23, minutes=59)
    assert isinstance(tap(code), Opened)


def test_her_own_code_tapped_again_goes_on_where_she_was(
    world: World, tap: Open, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    tap(code)
    before = dump()
    again = tap(code)
    assert isinstance(again, Opened)
    assert again.again
    assert dump() == before


def test_a_patient_of_another_clinic_cannot_use_the_code(
    world: World, tap: Open, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    world.join(treated_at=clock(), now=clock(), clinic=world.hilltop)
    code = world.invite(treated_at=clock(), now=clock())
    before = dump()
    assert tap(code) == "someone_else"
    assert dump() == before


def test_the_code_of_an_erased_patient_is_unknown(
    world: World, store: Store, tap: Open, clock: FakeClock
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    (invited,) = store.run(patients.listed)
    store.run(patients.erase, invited.id)
    assert tap(code) == "unknown"


def test_the_code_of_a_clinics_group_lets_no_patient_in(
    world: World, store: Store, tap: Open, clock: FakeClock
) -> None:
    code = store.run(desk.connect_code, world.riverside, clock())
    assert tap(code) == "unknown"


def test_agreeing_starts_the_plan_and_says_which_wording(
    world: World, store: Store, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    assert ana.state == "active"
    assert ana.joined_at == clock()
    assert store.run(reminders.upcoming, ana.id)
    consents = [(row["kind"], row["version"], row["given"])
                for row in store.run(patients.consents, ana.id)]  # fmt: skip
    assert consents == [("care", "2026.1", 1), ("marketing", "2026.1", 0)]


def test_agreeing_twice_is_once(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    before = dump()
    store.run(enrolment.agree, catalog, ana.id, marketing=True, now=clock())
    assert dump() == before


def test_who_declines_has_no_plan_and_can_agree_later(
    world: World, store: Store, catalog: Catalog, tap: Open, clock: FakeClock
) -> None:
    opened = tap(world.invite(treated_at=clock(), now=clock()))
    assert isinstance(opened, Opened)
    store.run(enrolment.decline, opened.patient.id, clock())
    assert world.patient().state == "joining"
    assert store.run(reminders.upcoming, opened.patient.id) == []
    assert not store.run(patients.agreed, opened.patient.id, "care")
    store.run(enrolment.agree, catalog, opened.patient.id, marketing=False, now=clock())
    assert world.patient().state == "active"
    assert store.run(patients.agreed, opened.patient.id, "care")


def test_a_treatment_to_come_or_of_long_ago_is_a_slip(
    world: World, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    before = dump()
    with pytest.raises(EnrolmentError, match="in the future"):
        world.invite(treated_at=clock() + timedelta(hours=1), now=clock())
    with pytest.raises(EnrolmentError, match="more than a year ago"):
        world.invite(treated_at=clock() - timedelta(days=366), now=clock())
    assert dump() == before
    world.invite(treated_at=clock() + timedelta(minutes=4), now=clock())  # clocks differ a little


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        ({"tea": 24.0}, "there is no wait 'tea'; expected one of"),
        ({"makeup": 5.0}, "makeup can be 6 to 72 hours, not 5"),
        ({"makeup": 73.0}, "makeup can be 6 to 72 hours, not 73"),
    ],
)
def test_a_wait_that_cannot_be_is_refused(
    world: World, clock: FakeClock, waits: dict[str, float], told: str
) -> None:
    with pytest.raises(EnrolmentError, match=told):
        world.invite(treated_at=clock(), now=clock(), waits=waits)


def test_a_second_treatment_joins_the_first(
    world: World, store: Store, catalog: Catalog, tap: Open, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    clock.forward(days=28)
    code = world.invite(treated_at=clock(), now=clock(), waits={"makeup": 48.0})
    opened = tap(code)
    assert isinstance(opened, Opened)
    assert opened.patient.id == ana.id
    store.run(enrolment.join_again, catalog, ana.id, clock())
    treatments = store.run(patients.treatments, ana.id)
    assert [row.waits for row in treatments] == [{}, {"makeup": 48.0}]
    assert len(store.run(patients.listed)) == 1  # the entry made for the code is gone
    of = {row.treatment_id for row in store.run(reminders.upcoming, ana.id)}
    assert treatments[1].id in of
    assert isinstance(tap(code), Opened)  # her own code, again


def test_who_stopped_is_asked_anew_before_a_second_plan(
    world: World, store: Store, catalog: Catalog, tap: Open, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    store.run(preferences.stop, catalog, ana, clock())
    opened = tap(world.invite(treated_at=clock(), now=clock()))
    assert isinstance(opened, Opened)
    assert opened.patient.state == "joining"
    store.run(enrolment.decline, ana.id, clock())
    assert world.patient().state == "stopped"


def own_word(store: Store, catalog: Catalog, clinic: Clinic, clock: FakeClock) -> Opened:
    return store.run(
        enrolment.enrol_oneself,
        catalog,
        clinic=clinic,
        procedure="microneedling",
        treated_at=clock() - timedelta(hours=3),
        chat_id=ANA_CHAT,
        language="es",
        now=clock(),
    )


def test_a_patient_enrols_herself_only_where_the_clinic_allows_it(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    with pytest.raises(EnrolmentError, match="enrols its patients itself"):
        own_word(store, catalog, world.riverside, clock)
    store.run(clinics.change, world.riverside.id, {"self_enrol": 1})
    open_clinic = store.run(clinics.by_id, world.riverside.id)
    opened = own_word(store, catalog, open_clinic, clock)
    assert opened.patient.state == "joining"
    assert opened.patient.language == "es"
    audited = store.run(records.audited, opened.patient.ref)
    assert audited[0]["actor"] == "patient"


def test_a_patient_of_another_clinic_cannot_enrol_herself_here(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, dump: Callable[[], list[str]]
) -> None:
    world.join(treated_at=clock(), now=clock(), clinic=world.hilltop)
    store.run(clinics.change, world.riverside.id, {"self_enrol": 1})
    before = dump()
    with pytest.raises(EnrolmentError, match="patient of another clinic"):
        own_word(store, catalog, store.run(clinics.by_id, world.riverside.id), clock)
    assert dump() == before


def test_nobody_agrees_for_a_patient_who_is_not_there(
    store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    with pytest.raises(LookupError):
        store.run(enrolment.agree, catalog, 99, marketing=False, now=clock())
