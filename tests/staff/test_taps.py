"""What a tap at the desk is answered with reaches the group, whatever becomes of the change."""

from __future__ import annotations

import pytest

from scheduler.model import Priority
from scheduler.pacer import Pacer
from tests.staff.conftest import Town

EDIT = "editMessageText"


async def test_a_card_that_may_not_change_now_goes_on_as_a_message_below(town: Town) -> None:
    await town.rosa.send("/treated", town.group)
    card = town.group.last
    town.telegram.faults.too_many(7, method=EDIT)
    await town.rosa.tap("Microneedling", town.group)
    town.clock.forward(minutes=1)
    await town.tick()
    below = town.group.last
    assert below.id != card.id
    assert "Face" in below.labels
    await town.rosa.tap("Face", town.group, message=below)
    assert "1 hour ago" in town.now(below).labels


async def test_a_group_hears_that_a_patient_joined_though_the_card_may_not_change_now(
    town: Town,
) -> None:
    await town.enrols(town.rosa)
    await town.ana.send(f"/start {town.code()}")
    town.telegram.faults.too_many(7, method=EDIT, chat_id=town.group.id)
    await town.ana.tap("I agree")
    town.clock.forward(minutes=1)
    await town.tick()
    assert "has joined" in town.group.last.text
    assert town.group.last.labels == ["Open"]


async def test_a_tap_at_the_desk_takes_the_turn_of_an_answer(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.rosa.send("/treated", town.group)
    taken: list[tuple[int, int]] = []
    turn = Pacer.turn

    async def noted(self: Pacer, *, chat_id: int, priority: int, group: int) -> None:
        taken.append((chat_id, priority))
        await turn(self, chat_id=chat_id, priority=priority, group=group)

    monkeypatch.setattr(Pacer, "turn", noted)
    await town.rosa.tap("Microneedling", town.group)
    assert taken == [(town.group.id, Priority.REPLY)]


async def test_a_patient_who_joins_does_not_wait_for_room_in_a_busy_group(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.enrols(town.rosa)
    await town.ana.send(f"/start {town.code()}")
    monkeypatch.setattr(Pacer, "wait_to_change", lambda *_, **__: 60.0)
    edits = len(town.telegram.calls(EDIT))
    await town.ana.tap("I agree")
    assert len(town.telegram.calls(EDIT)) == edits + 1, "her own message alone"
    assert "Yes, that is right" in town.ana.last.labels
    await town.tick()
    assert "has joined" in town.group.last.text
