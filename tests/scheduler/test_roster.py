"""A clinic's list of patients: who needs somebody comes first, and nobody else's are in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from content.catalog import Catalog
from scheduler.model import Priority
from scheduler.services import asking, enrolment, roster, treated
from scheduler.services.correction import correct
from scheduler.services.roster import Line
from scheduler.store import codes, drafts, outbox, patients, talk
from scheduler.store.members import Member
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.people import ROSA, World

BY_ROSA = Member(ROSA, "Rosa", "owner")


def lines(world: World, clock: FakeClock, number: int = 0) -> list[Line]:
    found, _, _ = world.store.run(roster.page, world.riverside, clock(), number)
    return found


def test_who_waits_for_an_answer_stands_first(world: World, clock: FakeClock) -> None:
    now = clock()
    waiting = world.join(treated_at=now - timedelta(days=9), now=now, chat_id=1)
    world.join(treated_at=now - timedelta(hours=1), now=now, chat_id=2)
    world.join(treated_at=now, now=now, chat_id=3, clinic=world.hilltop)
    world.store.run(asking.ask_for_person, waiting, now)
    found = lines(world, clock)
    assert [(line.mark, line.day) for line in found] == [("waits", 9), ("active", 0)]


def test_a_long_list_has_pages_and_a_page_beyond_the_last_is_the_last(
    world: World, clock: FakeClock
) -> None:
    for number in range(roster.PAGE + 1):
        world.join(treated_at=clock(), now=clock(), chat_id=number + 1)
    found, number, pages = world.store.run(roster.page, world.riverside, clock(), 99)
    assert (len(found), number, pages) == (1, 1, 2)


async def test_a_patient_who_answers_nothing_for_days_has_gone_quiet(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    patient = world.join(treated_at=clock(), now=clock())
    for _ in range(3):
        clock.forward(days=1)
        await tick(world.store, catalog, clock())
        for row in world.store.run(outbox.of_patient, patient.id):
            if row.state == "waiting":
                world.store.run(outbox.finish, row.id, "sent", clock(), message_id=row.id)
    assert lines(world, clock)[0].mark == "quiet"
    sent = world.store.run(outbox.of_patient, patient.id)
    world.store.run(
        talk.add_answer, patient_id=patient.id, outbox_id=sent[-1].id, choice="done", now=clock()
    )
    assert lines(world, clock)[0].mark == "active"
    record = world.store.run(roster.record, catalog, world.riverside, patient, clock())
    assert record.done == 1
    assert record.asked >= 3


def test_a_corrected_time_moves_what_waits_and_a_wrong_one_changes_nothing(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    patient = world.join(treated_at=clock(), now=clock())
    at = clock() - timedelta(hours=5)
    world.store.run(correct, catalog, patient, clock(), actor=BY_ROSA.actor, treated_at=at)
    (treatment,) = world.store.run(patients.treatments, patient.id)
    assert treatment.treated_at == at
    with pytest.raises(enrolment.EnrolmentError):
        world.store.run(
            correct, catalog, patient, clock(), actor=BY_ROSA.actor, waits={"makeup": 1000.0}
        )
    (treatment,) = world.store.run(patients.treatments, patient.id)
    assert treatment.waits == {}


def test_stopping_for_a_patient_is_written_down_under_the_name_of_who_did(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    patient = world.join(treated_at=clock(), now=clock())
    assert world.store.run(roster.stop, catalog, patient, BY_ROSA, clock())
    rows = world.store.run(
        lambda db: db.execute("SELECT actor FROM audit WHERE action = 'patient.stopped'").fetchall()
    )
    assert rows == [(f"user:{ROSA}",)]


@pytest.mark.parametrize(
    ("choice", "hours"),
    [("now", 0.0), ("h1", 1.0), ("h2", 2.0), ("morning", 5.0), ("2026-11-24T10", 4.0),
     ("2026-11-23T0930", 28.5)],
)  # fmt: skip
def test_a_choice_of_time_is_an_instant_by_the_clinics_clock(
    world: World, clock: FakeClock, choice: str, hours: float
) -> None:
    at = treated.moment(choice, clock(), world.riverside.zone)
    assert at == clock() - timedelta(hours=hours)


@pytest.mark.parametrize("choice", ["", "noon", "2026-02-30T10", "2026-11-24T25", "T", "10T2026"])
def test_a_choice_that_means_no_time_means_none(
    world: World, clock: FakeClock, choice: str
) -> None:
    assert treated.moment(choice, clock(), world.riverside.zone) is None


def test_a_draft_is_made_once_however_often_the_button_is_tapped(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    draft = world.store.run(drafts.add, world.riverside.id, ROSA, -1001, clock())
    with pytest.raises(enrolment.EnrolmentError):
        world.store.run(treated.make, catalog, world.riverside, draft, BY_ROSA, clock())
    world.store.run(drafts.change, draft.id, procedure="microneedling", treated_at=clock())
    code = world.store.run(treated.make, catalog, world.riverside, draft, BY_ROSA, clock())
    assert code is not None
    again = world.store.run(treated.make, catalog, world.riverside, draft, BY_ROSA, clock())
    assert again is None
    renewed = world.store.run(treated.renew, world.riverside, draft, BY_ROSA, clock())
    assert renewed is not None
    assert world.store.run(codes.find, renewed, "enrol") is not None
    assert len(world.store.run(patients.listed, world.riverside.id)) == 1


def test_a_draft_says_who_joined_also_when_she_was_a_patient_before(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=30), now=clock())
    draft = world.store.run(drafts.add, world.riverside.id, ROSA, -1001, clock())
    world.store.run(drafts.change, draft.id, procedure="microneedling", treated_at=clock())
    code = world.store.run(treated.make, catalog, world.riverside, draft, BY_ROSA, clock())
    assert code is not None
    world.store.run(enrolment.open_code, code, chat_id=ana.chat_id or 0, language="en", now=clock())
    (found,) = world.store.run(treated.joined, ana.id, clock())
    assert found.id == draft.id
    assert world.store.run(treated.joined, ana.id, clock()) == []


def test_a_reminder_is_counted_as_asked_only_if_it_asked(
    world: World, clock: FakeClock, catalog: Catalog
) -> None:
    patient = world.join(treated_at=clock(), now=clock())
    row = world.store.run(
        outbox.add, dedupe_key="reminder:1:x", clinic_id=world.riverside.id,
        patient_id=patient.id, chat_id=1, priority=Priority.REMINDER, payload='{"text": "hello"}',
        content_version="", now=clock(), expires_at=clock() + timedelta(hours=1),
    )  # fmt: skip
    assert row is not None
    world.store.run(outbox.finish, row, "sent", clock(), message_id=1)
    record = world.store.run(roster.record, catalog, world.riverside, patient, clock())
    assert (record.done, record.asked) == (0, 0)
