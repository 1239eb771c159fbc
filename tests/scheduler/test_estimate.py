"""How long a broadcast takes is said as the pacer will have it, and who sleeps gets it later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.pacer import Pacer
from scheduler.services import audience, broadcast
from scheduler.services.estimate import estimate, seconds_each
from scheduler.store import patients
from tests.fakes.clock import FakeClock
from tests.fakes.people import World
from tests.scheduler.test_pacer import Time, all_leave, leave


@pytest.mark.parametrize("per_second", [0.5, 1.5, 10, 30, 120])
async def test_the_estimate_is_what_the_pacer_takes(per_second: float) -> None:
    time, left = Time(), []  # type: ignore[var-annotated]
    pacer = Pacer(per_second=per_second, time=time, sleep=time.sleep)
    count = round(10 * per_second) + 50
    await all_leave(time, *(leave(pacer, time, left, chat_id=chat) for chat in range(1, count + 1)))
    first, last = left[0][0], left[-1][0]
    assert (last - first) / (count - 1) == pytest.approx(seconds_each(per_second), rel=0.06)


def test_at_once_it_takes_seconds_and_at_night_all_wait_for_the_morning(
    world: World, clock: FakeClock
) -> None:
    now = clock()
    for number in range(3):
        world.join(treated_at=now, now=now, chat_id=500 + number)
    tokyo = world.patient(502)
    world.store.run(patients.change, tokyo.id, timezone="Asia/Tokyo")  # 23:00 there
    made, counted = world.store.run(
        broadcast.create, world.catalog, world.riverside, text="Hi", actor="shell", now=now
    )
    expected = estimate(made, counted, 30, now)
    assert (expected.starts, expected.asleep) == (None, 1)
    assert expected.seconds == pytest.approx(2 * seconds_each(30))
    assert expected.awake == now.replace(hour=23)  # eight in the morning there

    night = now.replace(hour=22)
    later = world.store.run(broadcast.change, made, actor="shell", now=now, at=night)
    counted = world.store.run(audience.count, world.catalog, later, now)
    expected = estimate(later, counted, 30, now)
    assert (expected.starts, expected.asleep, expected.seconds) == (night, 3, 0)
    assert expected.awake == (now + timedelta(days=1)).replace(hour=8)
