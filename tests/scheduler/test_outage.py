"""When Telegram was out of reach: each clinic is told once what it meant for its own patients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from content.catalog import Catalog
from scheduler import payload
from scheduler.model import OutboxRow, Priority
from scheduler.services import outage
from scheduler.services.outage import Outage
from scheduler.store import claims, clinics, outbox
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, HILLTOP_GROUP, RIVERSIDE_GROUP, World

Reached = Callable[[], int]


@pytest.fixture
def reached(store: Store, catalog: Catalog, clock: FakeClock) -> Reached:
    return lambda: store.run(outage.reached, catalog, clock())


def told(store: Store, chat_id: int) -> list[OutboxRow]:
    claimed = store.run(claims.due, datetime(2030, 1, 1, tzinfo=UTC), 100)
    rows = [store.run(outbox.by_id, claim.id) for claim in claimed if claim.chat_id == chat_id]
    return [row for row in rows if row and row.dedupe_key.startswith("outage:")]


def test_a_bot_that_starts_for_the_first_time_was_not_away(world: World, reached: Reached) -> None:
    assert reached() == 0


def test_a_moment_without_network_is_not_worth_telling(
    world: World, clock: FakeClock, reached: Reached
) -> None:
    reached()
    clock.forward(seconds=10)
    assert reached() == 0  # not even noted: it is too soon
    clock.forward(minutes=9)
    assert reached() == 0


def test_both_groups_are_told_once_of_a_longer_time(
    world: World, store: Store, clock: FakeClock, reached: Reached
) -> None:
    reached()
    clock.forward(hours=2)
    assert reached() == 2
    assert reached() == 0
    (row,) = told(store, RIVERSIDE_GROUP)
    assert len(told(store, HILLTOP_GROUP)) == 1
    text = payload.unpack(row.payload, RIVERSIDE_GROUP).text
    assert "14:00" in text
    assert "16:00" in text


def test_a_clock_set_back_does_not_hide_the_next_outage(
    world: World, store: Store, clock: FakeClock, reached: Reached
) -> None:
    clock.forward(days=3)
    reached()
    clock.forward(days=-3)
    assert reached() == 0
    clock.forward(hours=3)
    assert reached() == 2


def test_a_clinic_without_a_group_is_not_told(
    world: World, store: Store, clock: FakeClock, reached: Reached
) -> None:
    store.run(clinics.unbind, HILLTOP_GROUP, now=clock())
    reached()
    clock.forward(hours=2)
    assert reached() == 1


def test_what_it_meant_is_counted_for_each_clinic_alone(
    world: World, store: Store, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock(), now=clock())
    since = clock()

    def queue(key: str, state: str, detail: str = "") -> None:
        row = store.run(
            outbox.add,
            dedupe_key=key, clinic_id=world.riverside.id, patient_id=ana.id, chat_id=ANA_CHAT,
            priority=Priority.REPLY, payload="{}", content_version="",
            now=since + timedelta(minutes=5), expires_at=since + timedelta(days=1),
        )  # fmt: skip
        assert row is not None
        if state != "waiting":
            store.run(
                outbox.finish, row, state, since + timedelta(minutes=6), detail=detail  # type: ignore[arg-type]
            )  # fmt: skip

    queue("a", "waiting")
    queue("b", "skipped", "stale")
    queue("c", "skipped", "opted_out")
    queue("d", "uncertain")
    queue("e", "sent")
    queue("f", "waiting")
    store.run(outbox.finish, 6, "sent", since + timedelta(hours=13), detail="")
    clock.forward(hours=13)  # the evening has passed: one reminder stale; the first wash too
    found = store.run(outage.meant, world.riverside, since, clock())
    assert (found.late, found.uncertain) == (2, 1)
    assert found.skipped == 1 + 2
    assert store.run(outage.meant, world.hilltop, since, clock()) == Outage(0, 0, 0)


def test_a_reminder_that_is_still_worth_it_counts_as_late(
    world: World, store: Store, clock: FakeClock
) -> None:
    world.join(treated_at=clock(), now=clock())
    since = clock()
    clock.forward(hours=6, minutes=10)
    assert store.run(outage.meant, world.riverside, since, clock()).late >= 1
