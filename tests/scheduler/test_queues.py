"""Who goes next of what can wait: each clinic in its turn, and nobody is passed over."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlite_utils import Database

from scheduler import payload
from scheduler.model import Priority
from scheduler.store import claims, outbox, queues
from scheduler.store.claims import Claim
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import World

BULK = (Priority.REMINDER, Priority.BROADCAST)


def queue(
    store: Store, clinic: int | None, count: int, due: datetime, priority: Priority = BULK[0]
) -> None:
    for number in range(count):
        store.run(
            outbox.add, dedupe_key=f"{clinic}:{due}:{priority}:{number}", clinic_id=clinic,
            patient_id=None, chat_id=1000 + number, priority=priority, payload=payload.pack("Hi"),
            content_version="1", now=due - timedelta(minutes=1), due_at=due,
            expires_at=due + timedelta(hours=5),
        )  # fmt: skip


@pytest.fixture
def clinics(world: World) -> list[int]:
    """Thirty clinics, more than one hand of the size below has room for."""
    return [world.riverside.id, world.hilltop.id, *_more(world, 28)]


def _more(world: World, count: int) -> list[int]:
    numbers = list(range(3, 3 + count))
    world.store.run(_open, numbers)
    return numbers


def _open(db: Database, numbers: list[int]) -> None:
    for number in numbers:
        db.execute(
            "INSERT INTO clinic (id, slug, name, timezone, language, phone, emergency_number,"
            " created_at) SELECT :id, :slug, name, timezone, language, phone, emergency_number,"
            " created_at FROM clinic LIMIT 1",
            {"id": number, "slug": f"clinic-{number}"},
        )


@pytest.mark.parametrize("priority", BULK)
def test_while_there_is_more_than_the_hand_holds_every_clinic_comes_in_turn(
    store: Store, clinics: list[int], clock: FakeClock, priority: Priority
) -> None:
    for clinic in clinics:
        queue(store, clinic, 4, clock(), priority)
    hand: list[Claim] = []
    went: Counter[int | None] = Counter()
    for _ in range(10):
        hand += store.run(
            claims.due, clock(), 20 - len(hand), without=tuple(claim.id for claim in hand)
        )
        going, hand = hand[:10], hand[10:]
        went.update(claim.clinic_id for claim in going)
        store.run(outbox.begin, [claim.id for claim in going], clock())
    assert set(went) == set(clinics), "nobody is passed over"
    assert max(went.values()) - min(went.values()) <= 1


def test_of_one_clinic_the_longest_due_goes_first(
    world: World, store: Store, clock: FakeClock
) -> None:
    for minutes in (3, 1, 2):
        queue(store, world.riverside.id, 1, clock() - timedelta(minutes=minutes))
    queue(store, world.hilltop.id, 1, clock())
    found = [claim.id for claim in store.run(claims.due, clock(), 10) if claim.clinic_id == 1]
    assert found == [1, 3, 2]


def test_a_clinic_with_much_takes_the_room_that_the_others_leave(
    world: World, store: Store, clock: FakeClock
) -> None:
    queue(store, world.riverside.id, 30, clock())
    queue(store, world.hilltop.id, 3, clock())
    found = store.run(claims.due, clock(), 20)
    assert Counter(claim.clinic_id for claim in found) == {1: 17, 2: 3}
    assert len({claim.id for claim in found}) == 20
    more = store.run(claims.due, clock(), 20, without=tuple(claim.id for claim in found))
    assert len(more) == 13


def test_what_waits_for_the_morning_is_not_taken_and_says_when_to_look_again(
    world: World, store: Store, clock: FakeClock
) -> None:
    queue(store, world.riverside.id, 3, clock())
    queue(store, world.hilltop.id, 3, clock() + timedelta(hours=3))
    found = store.run(claims.due, clock(), 20)
    assert [claim.clinic_id for claim in found] == [1, 1, 1]
    hand = tuple(claim.id for claim in found)
    assert store.run(queues.next_due, without=hand) == clock() + timedelta(hours=3)
    assert store.run(queues.next_due) == clock()
    assert store.run(queues.next_due, pressing=True) is None


def test_a_message_that_speaks_for_no_clinic_has_its_turn_too(
    world: World, store: Store, clock: FakeClock
) -> None:
    queue(store, None, 2, clock())
    queue(store, world.riverside.id, 2, clock())
    assert len(store.run(claims.due, clock(), 20)) == 4
    assert store.run(queues.next_due, without=(3, 4)) == clock()
