"""Patients in the store: what can be changed, what a block means, whose treatments count."""

from __future__ import annotations

import pytest

from scheduler.model import Patient
from scheduler.store import patients
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock(), now=clock())


def test_a_patient_is_found_by_reference_chat_and_clinic(
    world: World, store: Store, ana: Patient
) -> None:
    assert store.run(patients.by_ref, ana.ref) == ana
    assert store.run(patients.by_chat, ANA_CHAT) == ana
    assert store.run(patients.by_id, ana.id) == ana
    assert store.run(patients.listed, world.riverside.id) == [ana]
    assert store.run(patients.listed, world.hilltop.id) == []
    assert store.run(patients.listed) == [ana]
    assert store.run(patients.by_ref, "NOBODY") is None
    assert ana.zone.key == "Europe/London"


def test_what_is_fixed_about_a_patient_cannot_be_changed(store: Store, ana: Patient) -> None:
    with pytest.raises(KeyError):
        store.run(patients.change, ana.id, ref="ABCDEFGH")
    with pytest.raises(KeyError):
        store.run(patients.change, ana.id, clinic_id=2)


def test_a_patient_who_opted_out_and_then_blocks_stays_opted_out(
    world: World, store: Store, ana: Patient
) -> None:
    store.run(patients.change, ana.id, state="stopped")
    store.run(patients.mark_blocked, ana.id)
    assert world.patient().state == "stopped"
    assert not store.run(patients.mark_returned, ANA_CHAT)
    assert world.patient().state == "stopped"


def test_a_patient_who_blocked_and_returns_is_taken_up_again(
    world: World, store: Store, ana: Patient
) -> None:
    store.run(patients.mark_blocked, ana.id)
    assert world.patient().state == "blocked"
    assert store.run(patients.mark_returned, ANA_CHAT)
    assert world.patient().state == "active"


def test_the_last_word_on_a_consent_counts(store: Store, ana: Patient, clock: FakeClock) -> None:
    assert store.run(patients.agreed, ana.id, "care")
    assert not store.run(patients.agreed, ana.id, "marketing")
    assert not store.run(patients.agreed, ana.id, "media")
    for given in (True, False):
        store.run(patients.record_consent, ana.id, "marketing", "2026.1", given=given, now=clock())
        assert store.run(patients.agreed, ana.id, "marketing") is given
    assert [row["given"] for row in store.run(patients.consents, ana.id)] == [1, 0, 1, 0]


def test_a_cancelled_treatment_is_out_of_the_plan_and_in_the_record(
    store: Store, ana: Patient
) -> None:
    (treatment,) = store.run(patients.treatments, ana.id)
    store.run(patients.correct_treatment, treatment.id, cancelled=True)
    assert store.run(patients.treatments, ana.id) == []
    (kept,) = store.run(patients.treatments, ana.id, cancelled=True)
    assert kept.cancelled
    store.run(patients.correct_treatment, treatment.id, cancelled=False, waits={"makeup": 48})
    assert store.run(patients.treatments, ana.id)[0].waits == {"makeup": 48}
