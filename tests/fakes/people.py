"""Three people who are always at hand, and the clinics they belong to.

Ana is a patient of Riverside; Rosa works there; Olga works at Hilltop and must see nothing of
either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from content.catalog import Catalog
from scheduler.model import Clinic, Patient
from scheduler.services import desk, enrolment
from scheduler.services.enrolment import Opened
from scheduler.store import clinics, patients
from scheduler.store.engine import Store

ANA_CHAT = 101
ROSA = 201
OLGA = 301
RIVERSIDE_GROUP = -1001
HILLTOP_GROUP = -1002


@dataclass
class World:
    """A store with two clinics, and ways to bring patients in."""

    store: Store
    catalog: Catalog
    riverside: Clinic
    hilltop: Clinic

    def invite(
        self,
        *,
        treated_at: datetime,
        now: datetime,
        waits: Mapping[str, float] | None = None,
        clinic: Clinic | None = None,
    ) -> str:
        """Enter a patient and return her code."""
        return self.store.run(
            enrolment.invite,
            self.catalog,
            clinic=clinic or self.riverside,
            procedure="microneedling",
            treated_at=treated_at,
            waits=waits,
            now=now,
        ).code

    def join(
        self,
        *,
        treated_at: datetime,
        now: datetime,
        chat_id: int = ANA_CHAT,
        waits: Mapping[str, float] | None = None,
        clinic: Clinic | None = None,
        language: str = "en",
    ) -> Patient:
        """Bring a patient all the way in: invited, code tapped, agreed."""
        code = self.invite(treated_at=treated_at, now=now, waits=waits, clinic=clinic)
        opened = self.store.run(
            enrolment.open_code, code, chat_id=chat_id, language=language, now=now
        )
        assert isinstance(opened, Opened)
        return self.store.run(
            enrolment.agree, self.catalog, opened.patient.id, marketing=False, now=now
        )

    def patient(self, chat_id: int = ANA_CHAT) -> Patient:
        """Return the patient of a chat as the store has her now."""
        found = self.store.run(patients.by_chat, chat_id)
        assert found is not None
        return found


def build_world(store: Store, catalog: Catalog, now: datetime) -> World:
    """Enter both clinics and connect their groups."""
    riverside = _clinic(store, catalog, "Riverside Skin", now, ROSA, RIVERSIDE_GROUP)
    hilltop = _clinic(store, catalog, "Hilltop Clinic", now, OLGA, HILLTOP_GROUP)
    return World(store, catalog, riverside, hilltop)


def _clinic(
    store: Store, catalog: Catalog, name: str, now: datetime, owner: int, group: int
) -> Clinic:
    entered, code = store.run(
        desk.add_clinic,
        catalog,
        name=name,
        timezone="Europe/London",
        phone="+44 20 7946 0018",
        emergency_number="999",
        language="en",
        now=now,
    )
    store.run(desk.connect, code, chat_id=group, user_id=owner, now=now)
    return store.run(clinics.by_id, entered.id)
