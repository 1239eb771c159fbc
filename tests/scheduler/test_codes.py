"""One-time codes: what is stored opens no door, and a code works once."""

from __future__ import annotations

from datetime import timedelta

from scheduler.store import codes
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.people import World


def test_a_stolen_database_holds_no_code(world: World, store: Store, clock: FakeClock) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    dump = "\n".join(store.run(lambda db: list(db.conn.iterdump())))
    assert code not in dump
    assert codes.digest(code) in dump


def test_a_code_has_at_least_128_random_bits(world: World, clock: FakeClock) -> None:
    made = {world.invite(treated_at=clock(), now=clock()) for _ in range(20)}
    assert len(made) == 20
    assert all(len(code) * 6 >= 128 for code in made)  # six bits a letter


def test_a_code_is_used_up_by_the_first_who_comes(
    world: World, store: Store, clock: FakeClock
) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    assert store.run(codes.use, code, by=1, now=clock())
    assert not store.run(codes.use, code, by=2, now=clock())
    found = store.run(codes.find, code, "enrol")
    assert found is not None
    assert found["used_by"] == 1
    assert found["expires_at"] == clock() + timedelta(days=14)


def test_a_patients_code_connects_no_group(world: World, store: Store, clock: FakeClock) -> None:
    code = world.invite(treated_at=clock(), now=clock())
    assert store.run(codes.find, code, "connect") is None
