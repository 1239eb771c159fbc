"""What very many patients have due at once is said to each as if she were the only one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from content.catalog import Catalog
from scheduler.model import Clinic, Patient, Reminder
from scheduler.services.composing import Composer
from scheduler.store import clinics, patients, reminders
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import World


def due(store: Store, patient: Patient, clock: FakeClock) -> list[Reminder]:
    return store.run(reminders.due_of, [patient.id], clock() + timedelta(hours=24))[patient.id][-1:]


def said(store: Store, composer: Composer, patient: Patient, clock: FakeClock) -> str:
    clinic: Clinic = store.run(clinics.by_id, patient.clinic_id)
    treatments = store.run(patients.treatments, patient.id)
    return composer.text(clinic, patient, treatments, due(store, patient, clock))


async def test_each_is_told_her_own_moments_though_others_were_told_before(
    world: World, store: Store, catalog: Catalog, clock: FakeClock
) -> None:
    now = clock()
    crowd = [
        world.join(treated_at=now, now=now, chat_id=501),
        world.join(treated_at=now - timedelta(hours=3), now=now, chat_id=502),
        world.join(treated_at=now, now=now, chat_id=503, language="es"),
        world.join(treated_at=now, now=now, chat_id=504, waits={"exercise": 96.0}),
        world.join(treated_at=now, now=now, chat_id=505, clinic=world.hilltop),
        world.join(treated_at=now, now=now, chat_id=506),
    ]
    at = clock.forward(hours=20)
    together = Composer(catalog, at)
    texts = [said(store, together, patient, clock) for patient in crowd]
    alone = [said(store, Composer(catalog, at), patient, clock) for patient in crowd]
    assert texts == alone
    assert texts[0] != texts[2]
    assert texts[0] == texts[5]


async def test_those_with_the_same_to_hear_are_composed_for_once(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [world.join(treated_at=clock(), now=clock(), chat_id=chat) for chat in range(501, 509)]
    clock.forward(hours=20)
    rendered: list[str] = []
    step = Catalog.step

    def counted(self: Catalog, *args: object, **kwargs: object) -> str:
        rendered.append("once")
        return step(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Catalog, "step", counted)
    composer = Composer(catalog, clock())
    texts = {said(store, composer, patient, clock) for patient in crowd}
    assert len(texts) == 1
    assert rendered == ["once"]
