"""What became of each message can be seen, and why, whether it reached the outbox or not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from content.catalog import Catalog
from scheduler.messenger import Blocked, Rejected, Unreachable
from scheduler.services import care, preferences, privacy, sessions
from scheduler.store import outbox, past, patients, reminders
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger
from tests.fakes.people import World
from tests.scheduler.test_tick import Days


@pytest.fixture
def days(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
) -> Days:
    world.join(treated_at=clock(), now=clock())
    return Days(world, store, catalog, clock, messenger)


def reasons(days: Days, state: str = "skipped") -> set[str]:
    found = days.store.run(past.of_patient, days.world.patient().id)
    return {row.reason for row in found if row.state == state}


async def test_what_was_sent_stands_with_its_step_the_newest_first(days: Days) -> None:
    await days.pass_by(days=3)
    found = days.store.run(past.of_patient, days.world.patient().id)
    assert [row.at for row in found] == sorted((row.at for row in found), reverse=True)
    assert {row.state for row in found} == {"sent"}
    assert len({row.step for row in found}) == len(found)
    assert days.store.run(past.of_patient, days.world.patient().id, last=2) == found[:2]


async def test_what_another_text_says_is_covered_or_merged(days: Days) -> None:
    days.world.store.run(
        lambda db: db.execute("UPDATE reminder SET due_at = (SELECT MIN(due_at) FROM reminder)")
    )
    rows = days.store.run(reminders.upcoming, days.world.patient().id)[:3]
    ids = [row.id for row in rows]
    days.store.run(
        lambda db: db.execute(
            "UPDATE reminder SET shown = id <> ?, stale_at = '2030-01-01T00:00:00.000000Z'"
            " WHERE id IN (?, ?, ?)", [ids[1], *ids],
        )
    )  # fmt: skip
    await days.pass_by(hours=24)
    found = {
        row.step: (row.state, row.reason)
        for row in days.store.run(past.of_patient, days.world.patient().id)
    }
    expected = [("sent", ""), ("sent", "covered"), ("sent", "merged")]
    assert [found[row.step] for row in rows] == expected


async def test_an_outage_of_days_leaves_stale_ones_of_which_it_is_told(days: Days) -> None:
    days.clock.forward(days=4)
    await days.round()
    assert "stale" in reasons(days)
    assert days.store.run(past.skipped)["stale"] >= 1


async def test_what_waited_while_the_network_was_away_says_so(days: Days) -> None:
    days.clock.forward(hours=20)
    days.messenger.results.append(Unreachable("no network"))
    await days.round()
    assert reasons(days, "waiting") == {"no network"}
    days.clock.forward(days=3)
    await days.round()
    assert "stale" in reasons(days)


async def test_what_a_pause_cost_is_told_apart_from_an_outage(days: Days) -> None:
    days.store.run(preferences.pause, days.world.patient(), days.clock())
    days.store.run(
        patients.change, days.world.patient().id, paused_until=days.clock() + timedelta(days=5)
    )
    await days.pass_by(days=4)
    assert reasons(days) == {"paused"}


async def test_what_a_block_cost_says_so(days: Days) -> None:
    days.messenger.results.append(Blocked("bot was blocked by the user"))
    await days.pass_by(days=5)
    assert reasons(days, "blocked") == {"bot was blocked by the user"}
    assert reasons(days) == {"blocked"}


async def test_what_was_on_its_way_at_an_opt_out_says_so(days: Days) -> None:
    days.clock.forward(hours=20)
    days.messenger.results.append(Unreachable("no network"))
    await days.round()
    days.store.run(preferences.stop, days.catalog, days.world.patient(), days.clock())
    assert "opted_out" in reasons(days)


async def test_what_telegram_refused_stands_with_what_it_said(days: Days) -> None:
    days.messenger.results.append(Rejected("message is too long"))
    await days.pass_by(hours=24)
    assert reasons(days, "failed") == {"message is too long"}


async def test_a_correction_of_the_plan_forgets_no_reason(days: Days) -> None:
    days.clock.forward(days=4)
    await days.round()
    before = days.store.run(past.of_patient, days.world.patient().id)
    days.store.run(care.replan, days.catalog, days.world.patient().id, days.clock())
    assert days.store.run(past.of_patient, days.world.patient().id) == before


async def test_what_was_left_out_comes_after_all_if_the_plan_has_it_again(days: Days) -> None:
    ana = days.world.patient()
    days.clock.forward(days=4)
    await days.round()
    skipped = {row.step for row in days.store.run(past.of_patient, ana.id)}
    (treatment,) = days.store.run(patients.treatments, ana.id)
    days.store.run(
        patients.correct_treatment, treatment.id, treated_at=days.clock() - timedelta(hours=1)
    )
    days.store.run(care.replan, days.catalog, ana.id, days.clock())
    assert skipped & set(days.waiting(ana))


async def test_notices_of_an_appointment_are_among_it(days: Days) -> None:
    ana, now = days.world.patient(), days.clock()
    booked = days.store.run(
        sessions.book, ana, now + timedelta(days=9), source="shell", actor="shell", now=now
    )
    await days.pass_by(days=3)
    found = {row.step: row.state for row in days.store.run(past.of_patient, ana.id)}
    assert found["session_7d"] == "sent"
    later = booked.starts_at + timedelta(days=1)
    days.clock.at = later
    await days.round()
    assert reasons(days) >= {"stale"}


async def test_her_copy_says_of_each_message_what_became_of_it(days: Days) -> None:
    days.clock.forward(hours=20)
    days.messenger.results.append(Unreachable("no network"))
    await days.round()
    days.store.run(preferences.stop, days.catalog, days.world.patient(), days.clock())
    kept = days.store.run(privacy.export, days.world.patient())
    ends = {(row["state"], row["reason"]) for row in kept["reminders"]}
    assert ends == {("skipped", "opted_out"), ("skipped", "stale")}
    assert kept["messages_to_you"][-1]["reason"] == "opted_out"
    assert len(days.store.run(outbox.of_patient, days.world.patient().id)) == 1
