"""Updates are kept before they are confirmed, dealt with once, and their text does not stay."""

from __future__ import annotations

from datetime import timedelta

from scheduler.store import incoming
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock


def test_an_update_that_comes_twice_is_new_once(store: Store, clock: FakeClock) -> None:
    assert store.run(incoming.keep, [(1, "a"), (2, "b")], clock()) == [1, 2]
    assert store.run(incoming.keep, [(2, "b"), (3, "c")], clock()) == [3]
    assert store.run(incoming.left) == ["a", "b", "c"]


def test_what_was_dealt_with_leaves_its_number_and_not_its_words(
    store: Store, clock: FakeClock
) -> None:
    store.run(incoming.keep, [(1, "is this pus")], clock())
    store.run(incoming.done, [1])
    assert store.run(incoming.left) == []
    assert "pus" not in "\n".join(store.run(lambda db: list(db.conn.iterdump())))
    assert store.run(incoming.keep, [(1, "is this pus")], clock()) == []


def test_old_numbers_are_forgotten(store: Store, clock: FakeClock) -> None:
    store.run(incoming.keep, [(1, "a")], clock())
    later = clock.forward(days=3)
    store.run(incoming.keep, [(2, "b")], later)
    assert store.run(incoming.purge, later - timedelta(days=2)) == 1
    assert store.run(incoming.left) == ["b"]
