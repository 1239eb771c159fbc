"""What a patient wrote is kept once, and what a person has to see is put before the clinic."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from content.understand import Finding, Route, Understanding
from scheduler.model import Escalation, Patient
from scheduler.services import asking
from scheduler.services.asking import Heard
from scheduler.store import inbox, patients, talk
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World

QUIET = Understanding(Route.ROUTINE, answered=("makeup",))


def sign(route: Route, name: str = "pus") -> Understanding:
    return Understanding(route, findings=(Finding(name, route, name),))


class Line:
    """What Ana writes, and what the clinic has of it."""

    def __init__(self, world: World, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.ana = world.join(treated_at=clock(), now=clock())
        self._number = 0

    def says(
        self, understood: Understanding, *, again: bool = False, edition: str = "", text: str = "x"
    ) -> Heard:
        self._number += 0 if again else 1
        return self.store.run(
            asking.hear, self.patient(), chat_id=ANA_CHAT, message_id=self._number, said=text,
            edition=edition, understood=understood, now=self.clock(),
        )  # fmt: skip

    def patient(self) -> Patient:
        found = self.store.run(patients.by_id, self.ana.id)
        assert found is not None
        return found

    def cases(self) -> list[Escalation]:
        return self.store.run(talk.escalations, patient_id=self.ana.id)


@pytest.fixture
def line(world: World, store: Store, clock: FakeClock) -> Line:
    return Line(world, store, clock)


def test_a_question_is_kept_and_bothers_nobody(line: Line) -> None:
    heard = line.says(QUIET, text="can I wear makeup")
    assert heard.escalation is None
    (kept,) = line.store.run(talk.exchanges, line.ana.id)
    assert (kept["said"], kept["route"]) == ("can I wear makeup", "routine")
    assert line.cases() == []


def test_the_same_message_is_heard_once(line: Line) -> None:
    line.says(sign(Route.URGENT))
    assert line.says(sign(Route.URGENT), again=True).exchange is None
    assert len(line.cases()) == 1


def test_an_edited_message_is_heard_anew(line: Line) -> None:
    line.says(QUIET)
    assert line.says(sign(Route.URGENT), again=True, edition="1").escalation is not None


@pytest.mark.parametrize(
    ("route", "level"),
    [(Route.EMERGENCY, "emergency"), (Route.URGENT, "urgent"), (Route.CONTACT, "contact")],
)
def test_a_warning_sign_goes_before_the_clinic_with_its_level(
    line: Line, route: Route, level: str
) -> None:
    line.clock.forward(hours=3)
    heard = line.says(sign(route))
    (case,) = line.cases()
    assert (case.id, case.level, case.state) == (heard.escalation, level, "open")
    context = json.loads(case.context)
    assert context["procedure"] == "microneedling"
    assert context["hours"] == 3
    assert [row["sign"] for row in context["signs"]] == ["pus"]


def test_what_follows_joins_what_the_clinic_has(line: Line) -> None:
    line.says(sign(Route.CONTACT))
    assert line.says(QUIET).joined
    assert line.says(sign(Route.CONTACT, "lump")).joined
    (case,) = line.cases()
    assert [row["sign"] for row in json.loads(case.context)["signs"]] == ["pus", "lump"]


def test_a_higher_level_lifts_the_case_and_takes_it_from_nobody_silently(line: Line) -> None:
    line.says(sign(Route.CONTACT))
    (case,) = line.cases()
    line.store.run(inbox.take, case.id, 201, line.clock())
    line.says(sign(Route.EMERGENCY, "breathing"))
    (case,) = line.cases()
    assert (case.level, case.state) == ("emergency", "open")
    line.says(sign(Route.CONTACT, "lump"))
    assert line.cases()[0].level == "emergency"


def test_a_patient_hands_on_only_her_own_message(line: Line, world: World) -> None:
    line.says(Understanding.nothing(), text="my cat likes cream")
    handed = line.store.run(asking.pass_on, line.ana, message_id=1, now=line.clock())
    assert handed is not None
    assert line.cases()[0].level == "unknown"
    again = line.store.run(asking.pass_on, line.ana, message_id=1, now=line.clock())
    assert again is not None
    assert again.escalation is None
    bea = world.join(treated_at=line.clock(), now=line.clock(), chat_id=102)
    assert line.store.run(asking.pass_on, bea, message_id=1, now=line.clock()) is None


def test_a_patient_asks_for_a_person_without_saying_why(line: Line) -> None:
    heard = line.store.run(asking.ask_for_person, line.ana, line.clock())
    assert heard.exchange is None
    assert line.cases()[0].level == "contact"


def test_in_the_clinics_hours_a_person_reads_it_now(line: Line) -> None:
    heard = line.says(sign(Route.URGENT))
    assert heard.read_by == line.clock()
    assert not heard.tell_way


def test_at_night_the_other_way_to_help_is_told_once_in_twelve_hours(line: Line) -> None:
    line.clock.at = datetime.fromisoformat("2026-11-24T22:00+00:00")
    heard = line.says(sign(Route.URGENT))
    assert heard.tell_way
    assert heard.read_by == datetime.fromisoformat("2026-11-25T09:00+00:00")
    line.clock.forward(hours=2)
    assert not line.says(sign(Route.URGENT)).tell_way
    line.clock.at += timedelta(hours=8, minutes=30)  # 08:30, not yet open, within the twelve
    assert not line.says(sign(Route.URGENT)).tell_way


def test_a_clock_that_was_ahead_hides_the_other_way_to_help_from_nobody(line: Line) -> None:
    line.clock.at = datetime.fromisoformat("2027-11-24T22:00+00:00")
    assert line.says(sign(Route.URGENT)).tell_way
    line.clock.at = datetime.fromisoformat("2026-11-24T22:00+00:00")
    assert line.says(sign(Route.URGENT)).tell_way


def test_a_message_after_the_case_was_closed_opens_a_new_one(line: Line) -> None:
    line.says(sign(Route.URGENT))
    line.store.run(inbox.close, line.cases()[0].id, 201, line.clock())
    line.says(sign(Route.URGENT))
    assert [case.state for case in line.cases()] == ["closed", "open"]
