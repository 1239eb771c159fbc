"""What may have arrived is named, whatever keeps it from being tried again; it is never skipped."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from content.catalog import Catalog
from scheduler import payload
from scheduler.delivery import Delivery
from scheduler.messenger import Blocked, Outgoing, SendResult, Unknown, Unreachable
from scheduler.model import Priority
from scheduler.services import care, correction, letters, outage, preferences
from scheduler.store import aside, clinics, inbox, outages, outbox, past, posts, reminders
from scheduler.store.engine import Store
from scheduler.tick import tick
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger, NoPacer
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP, World
from tests.scheduler.test_delivery import Desk, desk
from tests.scheduler.test_tick import Days

__all__ = ["desk"]
NO_ANSWER = Unknown("no answer in time")
NIGHT = datetime.fromisoformat("2026-11-24T20:59:50+00:00")


async def named(desk: Desk) -> list[str]:
    return [row["why"] for row in await desk.store.tx(outbox.uncertain, 10)]


async def in_doubt(desk: Desk, priority: Priority = Priority.REMINDER, hours: float = 9) -> int:
    """Queue a message whose first try has no answer."""
    row = await desk.queue(f"{priority.name}:doubt", priority, hours=hours)
    desk.messenger.results.append(NO_ANSWER)
    await desk.delivery.drain()
    return row


async def test_a_reminder_in_doubt_at_nightfall_is_named(desk: Desk) -> None:
    desk.clock.at = NIGHT
    row = await in_doubt(desk, hours=10 / 3600)
    desk.clock.forward(seconds=15)
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "uncertain"
    assert await named(desk) == ["not tried again: stale"]
    assert len(desk.messenger.sent) == 1


async def test_a_reminder_in_doubt_that_she_wants_no_more_is_named_and_not_sent_again(
    desk: Desk, catalog: Catalog
) -> None:
    row = await in_doubt(desk)
    desk.store.run(preferences.stop, catalog, desk.world.patient(), desk.clock())
    desk.clock.forward(minutes=5)
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "uncertain"
    assert await named(desk) == ["not tried again: opted_out"]
    assert len(desk.messenger.sent) == 1


async def test_a_reminder_in_doubt_before_a_pause_is_named_and_not_sent_again(desk: Desk) -> None:
    row = await in_doubt(desk)
    desk.store.run(preferences.pause, desk.world.patient(), desk.clock())
    desk.clock.forward(minutes=5)
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "uncertain"
    assert await named(desk) == ["not tried again: paused"]
    assert len(desk.messenger.sent) == 1


async def test_who_stops_while_a_message_is_under_way_is_sent_it_no_more_and_it_is_named(
    desk: Desk, catalog: Catalog
) -> None:
    row = await desk.queue()
    await desk.store.tx(outbox.begin, [row], desk.clock())
    desk.store.run(preferences.stop, catalog, desk.world.patient(), desk.clock())
    await desk.delivery.recover()
    await desk.delivery.drain()
    assert ((await desk.row(row)).state, desk.messenger.sent) == ("uncertain", [])
    assert await named(desk) == ["not tried again: not wanted"]


async def test_who_blocks_the_bot_after_a_try_without_an_answer_may_have_got_it(desk: Desk) -> None:
    row = await in_doubt(desk)
    desk.messenger.results.append(Blocked("bot was blocked by the user"))
    desk.clock.forward(minutes=5)
    await desk.delivery.drain()
    assert (await desk.row(row)).state == "uncertain"
    assert await named(desk) == ["not tried again: bot was blocked by the user"]


async def test_what_a_crash_left_in_doubt_is_named_though_the_bot_was_down_for_hours(
    desk: Desk, catalog: Catalog
) -> None:
    rows = [
        await desk.queue("reply:1", Priority.REPLY, hours=6),
        await desk.queue("reminder:1", Priority.REMINDER, hours=6),
    ]
    since = desk.clock()
    await desk.store.tx(outbox.begin, rows, since)
    desk.clock.forward(hours=7)
    await desk.delivery.recover()
    told = desk.store.run(outage.meant, desk.world.riverside, since, desk.clock())
    assert told.uncertain == 2  # the clinic is told so before anybody has swept
    await tick(desk.store, catalog, desk.clock())
    await desk.delivery.drain()
    assert await named(desk) == ["not tried again: stale"] * 2
    assert desk.store.run(outages.uncertain, 1, since, desk.clock()) == 2
    found = desk.store.run(past.of_patient, desk.ana.id)
    assert sum(row.state == "uncertain" for row in found) == 2
    assert not any(row.reason == "stale" for row in found if row.step == "reply")


async def test_what_surely_was_not_sent_is_skipped_and_not_named(
    desk: Desk, catalog: Catalog
) -> None:
    row = await desk.queue(hours=1)
    desk.messenger.results.append(Unreachable("no network"))
    await desk.delivery.drain()
    desk.clock.forward(hours=2)
    await tick(desk.store, catalog, desk.clock())
    assert ((await desk.row(row)).state, (await desk.row(row)).detail) == ("skipped", "stale")
    assert await named(desk) == []


@pytest.mark.parametrize(
    ("first", "state"), [(Unreachable("no network"), "skipped"), (NO_ANSWER, "uncertain")]
)
async def test_the_words_of_a_person_are_in_doubt_only_after_a_try_without_an_answer(
    desk: Desk, catalog: Catalog, first: SendResult, state: str
) -> None:
    packed = payload.pack("Come by at ten.")
    row = await desk.store.tx(
        letters.queue_once, catalog, desk.ana, packed, desk.clock(), key="turn:1:0"
    )
    assert row is not None
    desk.messenger.results.append(first)
    await desk.delivery.drain()
    desk.clock.forward(days=4)
    await tick(desk.store, catalog, desk.clock())
    assert (await desk.row(row)).state == state
    assert len(desk.messenger.sent) == 1


async def test_a_card_that_may_not_have_come_is_posted_anew_when_the_group_is_back(
    desk: Desk, catalog: Catalog
) -> None:
    now = desk.clock()
    escalation = desk.store.run(
        lambda db: db.execute(
            "INSERT INTO escalation (clinic_id, patient_id, level, context, opened_at)"
            " VALUES (1, ?, 'urgent', '{}', ?) RETURNING id",
            [desk.ana.id, now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")],
        ).fetchone()[0]
    )
    card = desk.store.run(
        outbox.add,
        dedupe_key="card:1", clinic_id=1, patient_id=None, chat_id=RIVERSIDE_GROUP,
        priority=Priority.ESCALATION, payload=payload.pack("Card"), content_version="1",
        now=now, expires_at=now + timedelta(days=3),
    )  # fmt: skip
    assert card is not None
    desk.store.run(posts.add, card, "card", escalation_id=escalation)
    desk.messenger.results.append(NO_ANSWER)
    await desk.delivery.drain()
    assert desk.store.run(inbox.has_live_card, escalation, desk.clock())
    desk.store.run(clinics.unbind, RIVERSIDE_GROUP, now=desk.clock())
    assert (await desk.row(card)).state == "uncertain"
    desk.store.run(lambda db: db.execute("UPDATE clinic SET chat_id = -1001 WHERE id = 1"))
    assert desk.store.run(inbox.unposted, desk.clock(), 5) == [escalation]


@pytest.fixture
def days(
    world: World, store: Store, catalog: Catalog, clock: FakeClock, messenger: FakeMessenger
) -> Days:
    clock.at = datetime.fromisoformat("2026-11-24T10:00:00+00:00")
    world.join(treated_at=clock(), now=clock())
    return Days(world, store, catalog, clock, messenger)


def over(sent: list[Outgoing]) -> list[Outgoing]:
    """Return those that say that makeup may be worn again."""
    return [message for message in sent if "can wear makeup" in message.text]


async def a_day_later(days: Days, *results: SendResult) -> list[Outgoing]:
    """Let a day pass to the end of the wait for makeup; the tries of that message end like this."""
    await days.pass_by(minutes=10, hours=23.8)
    before = len(days.messenger.sent)
    days.messenger.results.extend(results)
    days.clock.at = datetime.fromisoformat("2026-11-25T10:00:00+00:00")
    await days.round()
    for _ in results[1:]:
        days.clock.forward(seconds=3)
        await days.round()
    return over(days.messenger.sent[before:])


def correct(days: Days, **waits: float) -> None:
    days.store.run(
        correction.correct,
        days.catalog,
        days.world.patient(),
        days.clock(),
        actor="shell",
        waits=waits,
    )


async def test_nobody_is_told_that_a_wait_is_over_that_staff_have_made_longer(days: Days) -> None:
    assert len(await a_day_later(days, NO_ANSWER, Unreachable("no network"))) == 2
    correct(days, makeup=72)
    assert over(await days.pass_by(hours=47)) == []
    assert [row["why"] for row in days.store.run(outbox.uncertain, 5)] == [
        "not tried again: planned anew"
    ]
    (said,) = over(await days.pass_by(hours=3))
    assert "72 hours" in said.text
    assert over(await days.pass_by(days=2)) == []


async def test_who_was_told_too_early_that_a_wait_is_over_is_told_again_when_it_is(
    days: Days,
) -> None:
    assert len(await a_day_later(days)) == 1
    correct(days, makeup=72)
    correct(days, makeup=71)  # planned anew twice
    (said,) = over(await days.pass_by(hours=50))
    assert "71 hours" in said.text
    found = days.store.run(past.of_patient, days.world.patient().id)
    assert [row.state for row in found if row.step == "makeup"] == ["sent"]
    assert {row.state for row in found} == {"sent"}


async def test_what_was_said_of_a_wait_that_is_over_either_way_is_not_said_again(
    days: Days,
) -> None:
    assert len(await a_day_later(days)) == 1
    days.clock.forward(hours=3)
    correct(days, makeup=26)  # over by now
    assert over(await days.pass_by(days=3)) == []


async def test_a_message_in_flight_while_the_plan_is_made_anew_is_not_tried_again(
    days: Days,
) -> None:
    class Correcting(FakeMessenger):
        async def send(self, message: Outgoing) -> SendResult:
            if over([message]) and not over(self.sent):
                correct(days, makeup=72)
            return await super().send(message)

    messenger = Correcting()
    days.messenger = messenger
    days.delivery = Delivery(days.store, messenger, NoPacer(), days.clock)
    assert len(await a_day_later(days, NO_ANSWER)) == 1
    assert over(await days.pass_by(hours=47)) == []
    assert len(over(await days.pass_by(hours=3))) == 1


async def test_what_surely_did_not_leave_while_the_plan_is_made_anew_is_planned_anew(
    days: Days,
) -> None:
    class Correcting(FakeMessenger):
        async def send(self, message: Outgoing) -> SendResult:
            if over([message]) and not over(self.sent):
                correct(days, makeup=25)
            return await super().send(message)

    messenger = Correcting()
    days.messenger = messenger
    days.delivery = Delivery(days.store, messenger, NoPacer(), days.clock)
    assert len(await a_day_later(days, Unreachable("no network"))) == 1
    assert over(await days.pass_by(minutes=10, hours=0.8)) == []
    (said,) = over(await days.pass_by(hours=2))
    assert "25 hours" in said.text


async def test_a_morning_reminder_that_may_have_come_does_not_come_again_with_another_plan(
    days: Days,
) -> None:
    await days.pass_by(minutes=10, hours=21.8)
    before = len(days.messenger.sent)
    days.messenger.results.extend([NO_ANSWER, Unreachable("no network")])
    while len(days.messenger.sent) == before:
        days.clock.forward(minutes=10)
        await days.round()
    first = days.messenger.sent[before].text
    days.store.run(
        correction.correct, days.catalog, days.world.patient(), days.clock(), actor="shell",
        treated_at=days.clock() - timedelta(hours=20),
    )  # fmt: skip
    later = await days.pass_by(days=2)
    assert first not in [message.text for message in later]


async def test_a_step_that_may_have_come_counts_as_handed_over(days: Days) -> None:
    await a_day_later(days, NO_ANSWER, Unreachable("no network"))
    patient = days.world.patient()
    known = {row.step for row in days.store.run(reminders.upcoming, patient.id)}
    days.store.run(care.replan, days.catalog, patient.id, days.clock())
    assert {row.step for row in days.store.run(reminders.upcoming, patient.id)} == known
    assert aside.NOT_AGAIN in days.store.run(outbox.uncertain, 5)[0]["why"]
    assert patient.chat_id == ANA_CHAT
