"""A message to many from the group, over a real Bot API on loopback."""

from __future__ import annotations

from scheduler.model import Broadcast
from scheduler.store import broadcasts
from tests.staff.conftest import Town


async def settle(town: Town, rounds: int = 4) -> None:
    for _ in range(rounds):
        town.clock.forward(seconds=10)
        await town.tick()
        await town.bot.show_progress()
        await town.telegram._settled()


async def newest(town: Town) -> Broadcast:
    return (await town.store.tx(broadcasts.listed))[0]


async def test_staff_pick_a_text_see_it_and_send_it_to_themselves_then_to_all(
    town: Town,
) -> None:
    await town.joins()
    await town.rosa.send("/start")
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("How is your skin?", town.group)
    assert "1 patient" in town.group.last.text
    await town.rosa.tap("Next: see it first", town.group)
    assert "thinking of you" in town.group.messages[-2].text
    assert "1 patient will get this" in town.group.last.text
    heard = len(town.ana.messages)
    await town.rosa.tap("Send to me first", town.group)
    assert "thinking of you" in town.rosa.last.text
    assert len(town.ana.messages) == heard
    await town.rosa.tap("Send now", town.group)
    await settle(town)
    assert "thinking of you" in town.ana.last.text
    assert [said.text for said in town.ana.messages].count(town.ana.last.text) == 1
    assert "Done: How is your skin?" in town.group.last.text
    assert "1 delivered" in town.group.last.text
    assert (await newest(town)).state == "done"


async def test_a_text_of_their_own_is_typed_as_a_reply(town: Town) -> None:
    await town.joins()
    await town.bea.send("/broadcast", town.group)
    await town.bea.tap("Write my own text", town.group)
    question = town.group.last
    await town.bea.send("Dear {name}, we are closed.", town.group, reply_to=question)
    assert "There is no {name}" in town.group.last.text
    await town.bea.send("{clinic} is closed on Monday.", town.group, reply_to=question)
    await town.bea.tap("Next: see it first", town.group)
    await town.bea.tap("Send now", town.group)
    await settle(town)
    assert town.ana.last.text == "Riverside Skin is closed on Monday."


async def test_conditions_are_chosen_by_taps_and_an_empty_choice_is_not_sent(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    await town.rosa.tap("Day 8 to 28", town.group)
    assert "✓ Day 8 to 28" in town.group.last.labels
    assert "0 patients" in town.group.last.text
    await town.rosa.tap("Next: see it first", town.group)
    assert "Nobody would get this" in town.rosa.toasts[-1]
    await town.rosa.tap("Day 0 to 3", town.group)
    assert "✓ Day 8 to 28" not in town.group.last.labels
    assert "1 patient" in town.group.last.text
    await town.rosa.tap("Drop it", town.group)
    assert (await newest(town)).state == "cancelled"


async def test_a_stopped_broadcast_sends_nothing_more(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    await town.rosa.tap("Next: see it first", town.group)
    await town.rosa.tap("Send now", town.group)
    await town.rosa.tap("Pause", town.group)
    heard = len(town.ana.messages)
    await settle(town)
    assert "Paused: Sun care" in town.group.last.text
    await town.bea.tap("Stop", town.group)
    await settle(town)
    assert len(town.ana.messages) == heard
    assert (await newest(town)).state == "cancelled"


async def test_two_who_send_at_once_send_it_once(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    await town.rosa.tap("Next: see it first", town.group)
    card = town.group.last
    data = next(
        button["callback_data"]
        for row in card.rows
        for button in row
        if button["text"] == "Send now"
    )
    await town.rosa.tap(data=data, at=town.group, message=card)
    await town.bea.tap(data=data, at=town.group, message=card)
    assert "not possible any more" in town.bea.toasts[-1]
    await settle(town)
    assert [said.text for said in town.ana.messages].count(town.ana.last.text) == 1
