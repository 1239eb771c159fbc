"""A message to many is given its time in the group, and waits for it wherever the bot is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.app import Bot
from bot.sandbox.chats import Message
from bot.sandbox.settle import settled
from bot.sandbox.stage import settings_for
from scheduler.store import clinics, recipients
from tests.staff.conftest import Town
from tests.staff.test_broadcast import newest, settle


async def ready(town: Town) -> Message:
    """A message about sun care, seen and ready to go, on a Tuesday at two in the afternoon."""
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    await town.rosa.tap("Next: see it first", town.group)
    return town.group.last


@asynccontextmanager
async def restarted(town: Town) -> AsyncIterator[Bot]:
    """The bot ends, and another goes on with the same database."""
    await town.bot.stop()
    again = Bot(
        settings_for(town.telegram), town.store, town.bot.catalog, clock=town.clock,
        knowledge=town.bot.house.knowledge,
    )  # fmt: skip
    settle_before, town.telegram.settle = town.telegram.settle, settled(town.telegram, again)
    await again.start()
    try:
        yield again
    finally:
        await again.stop()
        town.telegram.settle = settle_before
        await town.bot.start()


async def question(town: Town) -> Message:
    await town.rosa.tap("Pick a day and time", town.group)
    await town.rosa.tap("Type a day and time", town.group)
    return town.group.last


async def test_tomorrow_at_ten_is_one_tap_and_the_card_says_so(town: Town) -> None:
    card = await ready(town)
    await town.rosa.tap("Tomorrow 10:00", town.group)
    said = town.now(card).text
    assert "1 patient will get this from tomorrow 10:00" in said
    assert "It starts tomorrow 10:00, in 20 hours. From then on it takes about 1 second" in said
    await town.rosa.tap("Send tomorrow 10:00", town.group)
    waits = town.now(card)
    assert waits.text.startswith("Waits for its time: Sun care\nIt starts tomorrow 10:00")
    assert waits.labels == ["Send now", "Cancel"]
    assert (await newest(town)).at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    heard = len(town.ana.messages)
    await settle(town)
    assert len(town.ana.messages) == heard
    town.clock.forward(hours=20)
    await settle(town)
    assert "sun" in town.ana.last.text.casefold()
    assert town.now(card).text.startswith("Done: Sun care")


async def test_a_day_and_an_hour_are_picked_with_buttons(town: Town) -> None:
    card = await ready(town)
    await town.rosa.tap("Pick a day and time", town.group)
    assert town.now(card).labels[:3] == ["Today", "Tomorrow", "Thu 26 Nov"]
    await town.rosa.tap("Today", town.group)
    assert town.now(card).labels[0] == "15:00", "an hour that is over cannot be picked"
    await town.rosa.tap("Back", town.group)
    await town.rosa.tap("Thu 26 Nov", town.group)
    await town.rosa.tap("09:00", town.group)
    await town.rosa.tap("Send Thursday 09:00", town.group)
    assert (await newest(town)).at == datetime(2026, 11, 26, 9, tzinfo=UTC)


async def test_a_time_that_was_set_can_be_taken_away(town: Town) -> None:
    card = await ready(town)
    await town.rosa.tap("Tomorrow 10:00", town.group)
    await town.rosa.tap("No set time", town.group)
    assert "Send now" in town.now(card).labels
    await town.rosa.tap("Send now", town.group)
    assert town.now(card).text.startswith("Begins now: Sun care")


async def test_a_time_is_typed_or_refused_in_one_sentence(town: Town) -> None:
    await ready(town)
    asked = await question(town)
    for text, says in (
        ("soon", "I did not understand that time"),
        ("Friday", "The time is missing"),
        ("31.2. 10:00", "There is no such day or time"),
        ("3/4 10:00", "can be read in two ways"),
        ("today 9:00", "That time has passed"),
        ("1 January 2020 10:00", "That time has passed"),
    ):
        await town.rosa.send(text, town.group, reply_to=asked)
        assert says in town.group.last.text
        assert (await newest(town)).at is None
    await town.rosa.send("Friday 9:30", town.group, reply_to=asked)
    assert "from Friday 09:30" in town.group.last.text
    await town.rosa.tap("Send Friday 09:30", town.group)
    assert (await newest(town)).state == "scheduled"
    await town.rosa.send("Saturday 9:30", town.group, reply_to=asked)
    assert "not possible any more" in town.group.last.text


async def test_who_sleeps_at_that_time_gets_it_in_the_morning_and_the_card_says_so(
    town: Town,
) -> None:
    await ready(town)
    asked = await question(town)
    await town.rosa.send("tomorrow 23:00", town.group, reply_to=asked)
    said = town.group.last.text
    assert "This patient is in quiet hours then and gets it when those end, Thursday 08:00" in said
    assert "takes about" not in said


async def test_a_waiting_message_is_sent_now_or_cancelled_from_its_card(town: Town) -> None:
    card = await ready(town)
    await town.rosa.tap("Tomorrow 10:00", town.group)
    await town.rosa.tap("Send tomorrow 10:00", town.group)
    await town.bea.send("/broadcast", town.group)
    assert "Or see how the one that is under way stands." in town.group.last.text
    await town.bea.tap("Waits for its time: Sun care", town.group)
    opened = town.group.last
    assert opened.labels == ["Send now", "Cancel"]
    await town.bea.tap("Send now", town.group, message=opened)
    assert town.now(opened).text.startswith("Begins now: Sun care")
    await settle(town)
    assert town.now(opened).text.startswith("Done: Sun care")
    await town.rosa.tap("Send now", town.group, message=town.now(card))
    assert "not possible any more" in town.rosa.toasts[-1]
    assert [said.text for said in town.ana.messages].count(town.ana.last.text) == 1


async def test_a_waiting_message_that_is_cancelled_reaches_nobody(town: Town) -> None:
    card = await ready(town)
    await town.rosa.tap("Tomorrow 10:00", town.group)
    await town.rosa.tap("Send tomorrow 10:00", town.group)
    await town.rosa.tap("Cancel", town.group)
    assert town.now(card).text.startswith("Stopped: Sun care")
    town.clock.forward(days=1)
    await settle(town)
    stopped = await newest(town)
    assert stopped.state == "cancelled"
    assert sum((await town.store.tx(recipients.outcomes, stopped)).values()) == 0


async def test_a_question_for_the_time_and_the_wait_itself_outlive_restarts(town: Town) -> None:
    await ready(town)
    asked = await question(town)
    async with restarted(town):
        await town.rosa.send("tomorrow 9:30", town.group, reply_to=asked)
        await town.rosa.hears("from tomorrow 09:30", town.group)
        await town.rosa.tap("Send tomorrow 09:30", town.group)
        await town.rosa.hears("Waits for its time: Sun care", town.group)
    town.clock.forward(hours=20)
    async with restarted(town) as bot:
        await settle(town, bot=bot)
        assert (await newest(town)).state == "done"
        assert "sunscreen" in town.ana.last.text


@pytest.mark.parametrize("choice", ["2026-02-31", "2020-01-01T10", "x", "2026-11-24T99"])
async def test_a_forged_time_changes_nothing(town: Town, choice: str) -> None:
    await ready(town)
    await town.rosa.tap(data=f"v1:bc.time:1:{choice}", at=town.group)
    assert (await newest(town)).at is None


async def test_an_old_card_does_not_send_what_was_changed_since(town: Town) -> None:
    card = await ready(town)
    data = next(
        button["callback_data"]
        for row in card.rows
        for button in row
        if button["text"] == "Send now"
    )
    await town.bea.tap("Tomorrow 10:00", town.group)
    await town.rosa.tap(data=data, at=town.group, message=card)
    assert "This was changed since. Nothing was sent." in town.rosa.toasts[-1]
    assert (await newest(town)).state == "draft"


async def test_a_spanish_clinic_reads_and_types_it_all_in_spanish(town: Town) -> None:
    await town.joins()
    await town.store.tx(clinics.change, town.riverside.id, {"language": "es"})
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Cuidado con el sol", town.group)
    await town.rosa.tap("Siguiente: verlo antes", town.group)
    await town.rosa.tap("Mañana 10:00", town.group)
    assert "1 persona lo recibirá desde mañana a las 10:00" in town.group.last.text
    assert "Empieza mañana a las 10:00, dentro de 20 horas." in town.group.last.text
    await town.rosa.tap("Elegir día y hora", town.group)
    await town.rosa.tap("Escribir día y hora", town.group)
    asked = town.group.last
    await town.rosa.send("cuando sea", town.group, reply_to=asked)
    assert "No entendí esa hora." in town.group.last.text
    await town.rosa.send("el viernes a las 9:30", town.group, reply_to=asked)
    await town.rosa.tap("Enviar viernes a las 09:30", town.group)
    assert town.group.last.text.startswith(
        "Espera su hora: Cuidado con el sol\nEmpieza el viernes a las 09:30"
    )
    assert town.group.last.labels == ["Enviar ya", "Cancelar"]
