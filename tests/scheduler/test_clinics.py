"""Clinics in the store: settings, groups that move or vanish, and who may act for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.model import Priority
from scheduler.store import clinics, outbox, patients
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, HILLTOP_GROUP, OLGA, RIVERSIDE_GROUP, ROSA, World


def test_a_clinic_is_found_by_slug_and_by_group(world: World, store: Store) -> None:
    assert store.run(clinics.by_slug, "riverside-skin") == world.riverside
    assert store.run(clinics.by_chat, RIVERSIDE_GROUP) == world.riverside
    assert store.run(clinics.by_slug, "nowhere") is None
    with pytest.raises(LookupError, match="clinic 99"):
        store.run(clinics.by_id, 99)
    assert [row.slug for row in store.run(clinics.listed)] == ["hilltop-clinic", "riverside-skin"]
    assert world.riverside.zone.key == "Europe/London"


def test_only_settings_can_be_set(world: World, store: Store) -> None:
    store.run(clinics.change, world.riverside.id, {"waits": {"makeup": 48}, "self_enrol": 1})
    changed = store.run(clinics.by_id, world.riverside.id)
    assert changed.waits == {"makeup": 48}
    assert changed.self_enrol
    assert store.run(clinics.open_to_all) == [changed]
    with pytest.raises(KeyError):
        store.run(clinics.change, world.riverside.id, {"chat_id": HILLTOP_GROUP})


def test_a_group_belongs_to_one_clinic(world: World, store: Store) -> None:
    store.run(clinics.bind, world.hilltop.id, RIVERSIDE_GROUP)
    assert store.run(clinics.by_id, world.riverside.id).chat_id is None
    assert store.run(clinics.by_id, world.hilltop.id).chat_id == RIVERSIDE_GROUP


def test_a_chat_that_lives_on_under_another_number_is_followed(
    world: World, store: Store, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    row = store.run(
        outbox.add,
        dedupe_key="one", clinic_id=None, patient_id=ana.id, chat_id=ANA_CHAT,
        priority=Priority.REPLY, payload="{}", content_version="", now=clock(),
        expires_at=clock() + timedelta(hours=1),
    )  # fmt: skip
    assert row is not None
    store.run(clinics.move_chat, RIVERSIDE_GROUP, -100_777)
    store.run(clinics.move_chat, ANA_CHAT, 9_101)
    assert store.run(clinics.by_id, world.riverside.id).chat_id == -100_777
    assert world.patient(9_101).id == ana.id
    moved = store.run(outbox.by_id, row)
    assert moved is not None
    assert moved.chat_id == 9_101


def test_a_group_that_is_gone_takes_only_its_own_messages_with_it(
    world: World, store: Store, clock: FakeClock
) -> None:
    def queue(key: str, clinic_id: int, chat_id: int) -> int:
        row = store.run(
            outbox.add,
            dedupe_key=key, clinic_id=clinic_id, patient_id=None, chat_id=chat_id,
            priority=Priority.ESCALATION, payload="{}", content_version="", now=clock(),
            expires_at=clock() + timedelta(hours=1),
        )  # fmt: skip
        assert row is not None
        return row

    mine = queue("a", world.riverside.id, RIVERSIDE_GROUP)
    other = queue("b", world.hilltop.id, HILLTOP_GROUP)
    gone = store.run(clinics.unbind, RIVERSIDE_GROUP, now=clock())
    assert gone == world.riverside
    states = {row: store.run(outbox.by_id, row).state for row in (mine, other)}  # type: ignore[union-attr]
    assert states == {mine: "blocked", other: "waiting"}
    assert store.run(clinics.unbind, RIVERSIDE_GROUP, now=clock()) is None


def test_somebody_who_was_removed_can_be_let_in_again(
    world: World, store: Store, clock: FakeClock
) -> None:
    def people() -> list[int]:
        return [row["user_id"] for row in store.run(clinics.staff, world.riverside.id)]

    assert people() == [ROSA]
    assert not store.run(clinics.remove_staff, world.riverside.id, OLGA, now=clock())
    assert store.run(clinics.remove_staff, world.riverside.id, ROSA, now=clock())
    assert people() == []
    store.run(clinics.add_staff, world.riverside.id, ROSA, "staff", now=clock())
    assert people() == [ROSA]


def test_a_clinics_change_is_nobody_elses(world: World, store: Store, clock: FakeClock) -> None:
    store.run(clinics.change, world.riverside.id, {"phone": "+44 20 7946 0999"})
    assert store.run(clinics.by_id, world.hilltop.id) == world.hilltop
    assert store.run(patients.listed, world.hilltop.id) == []
