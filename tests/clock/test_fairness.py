"""Two clinics have much to send at once: the small one does not wait for all of the large one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from scheduler import payload
from scheduler.model import Broadcast, Clinic, Priority
from scheduler.services import audience, broadcast
from scheduler.store import outbox
from scheduler.tick import tick
from tests.clock.test_outage import FIRST_CHAT, PACE, House
from tests.fakes.clock import FakeClock
from tests.fakes.people import World
from tests.scheduler.test_pacer import worst_second

LARGE, SMALL = 190, 40  # no more than wait in the outbox at once
BEFORE = 20


def patients(world: World, clock: FakeClock, clinic: Clinic, count: int, first: int) -> None:
    for number in range(count):
        world.join(treated_at=clock(), now=clock(), chat_id=first + number, clinic=clinic)


def confirmed(world: World, clock: FakeClock, clinic: Clinic) -> Broadcast:
    made, _ = world.store.run(
        broadcast.create, world.catalog, clinic, text="Hello", actor="shell", now=clock()
    )
    counted = world.store.run(audience.count, world.catalog, made, clock())
    return world.store.run(broadcast.confirm, made, counted, actor="shell", now=clock())


async def test_a_small_clinic_that_begins_later_gets_every_second_turn(
    world: World, clock: FakeClock
) -> None:
    house = House(world.store, world.catalog, clock)
    hilltop = FIRST_CHAT + LARGE
    patients(world, clock, world.riverside, LARGE, FIRST_CHAT)
    patients(world, clock, world.hilltop, SMALL, hilltop)
    arrived = house.network.arrived

    def whose() -> Counter[str]:
        found = (message for _, message in arrived if message.text == "Hello")
        return Counter("small" if one.chat_id >= hilltop else "large" for one in found)

    async def begin(clinic: Clinic) -> None:
        confirmed(world, clock, clinic)
        for _ in range(2):
            await tick(world.store, world.catalog, clock())
        house.delivery.wake()

    house.delivery.start()
    await begin(world.riverside)
    await house.time.pass_until(lambda: whose()["large"] >= BEFORE)
    await begin(world.hilltop)
    await house.time.pass_until(lambda: whose()["small"] > 0)
    waited = whose()["large"] - BEFORE
    await house.time.pass_until(lambda: whose()["small"] == SMALL)
    meanwhile = whose()["large"] - BEFORE - waited
    await house.time.pass_until(lambda: whose()["large"] == LARGE)
    await house.delivery.stop()
    assert waited + meanwhile < LARGE - BEFORE, "it is through before the large one is"
    assert meanwhile <= 2 * SMALL, "it has about every second turn from its first on"
    assert whose() == {"large": LARGE, "small": SMALL}
    assert worst_second([at for at, _ in arrived]) <= PACE


async def queued(world: World, clinic: Clinic, count: int, first: int, now: datetime) -> None:
    """Reminders of a clinic's patients that are all due now."""
    for number in range(count):
        await world.store.tx(
            outbox.add, dedupe_key=f"{first + number}", clinic_id=clinic.id, patient_id=None,
            chat_id=first + number, priority=Priority.REMINDER, payload=payload.pack("Hello"),
            content_version="1", now=now, expires_at=now + timedelta(hours=5),
        )  # fmt: skip


async def test_a_reminder_of_a_small_clinic_does_not_wait_until_a_large_ones_are_through(
    world: World, clock: FakeClock
) -> None:
    house = House(world.store, world.catalog, clock)
    hilltop = FIRST_CHAT + 400
    await queued(world, world.riverside, 400, FIRST_CHAT, clock())
    clock.forward(seconds=1)
    await queued(world, world.hilltop, 30, hilltop, clock())
    house.delivery.start()
    await house.time.pass_until(lambda: len(house.network.arrived) == 430)
    await house.delivery.stop()
    places = [
        place for place, (_, message) in enumerate(house.network.arrived, start=1)
        if message.chat_id >= hilltop
    ]  # fmt: skip
    assert places[0] <= 3
    assert places[-1] <= 2 * 30 + 3, "it has about every second turn"
    assert len({message.chat_id for _, message in house.network.arrived}) == 430
    assert worst_second([at for at, _ in house.network.arrived]) <= PACE
