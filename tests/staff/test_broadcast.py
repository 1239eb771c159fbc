"""A message to many from the group, over a real Bot API on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app import Bot
from bot.sandbox.chats import Message
from scheduler.model import Broadcast
from scheduler.pacer import SPREAD, Pacer
from scheduler.store import broadcasts, patients
from tests.staff.conftest import Town


async def settle(town: Town, rounds: int = 4, *, bot: Bot | None = None) -> None:
    bot = bot or town.bot
    for _ in range(rounds):
        town.clock.forward(seconds=10)
        await bot.tick()
        await town.telegram._settled()
        await bot.show_progress()
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


async def ready(town: Town) -> Message:
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Sun care", town.group)
    await town.rosa.tap("Next: see it first", town.group)
    return town.group.last


async def sent_to_ana(town: Town) -> Message:
    await town.joins()
    card = await ready(town)
    await town.rosa.tap("Send now", town.group)
    return card


@pytest.mark.parametrize(
    ("each", "says"),
    [(0.04, "It takes about 1 second at"), (50, "about 50 seconds"), (200, "about 3 minutes"),
     (10_000, "about 3 hours")],
)  # fmt: skip
async def test_the_time_it_takes_comes_from_the_pace_that_is_set(
    town: Town, each: float, says: str
) -> None:
    await town.joins()
    replace(town.bot.house, per_second=SPREAD / each).install(town.bot.application.bot_data)
    assert says in (await ready(town)).text


async def test_a_progress_message_that_somebody_deleted_is_posted_anew(town: Town) -> None:
    card = await sent_to_ana(town)
    del town.group.chat.log[card.id]
    await settle(town)
    assert (await newest(town)).progress_message != card.id
    assert town.group.messages[-2].text.startswith("Done: Sun care")


async def test_while_telegram_is_away_the_progress_waits_and_is_then_brought_up(
    town: Town,
) -> None:
    card = await sent_to_ana(town)
    town.telegram.faults.fail(method="editMessageText", times=2)
    await settle(town, rounds=6)
    assert town.now(card).text.startswith("Done: Sun care")
    assert [said.text for said in town.group.messages if said.text.startswith("Done")] == [
        town.now(card).text, town.group.last.text,
    ]  # fmt: skip


async def test_progress_shown_by_a_clock_that_was_ahead_is_brought_up_all_the_same(
    town: Town,
) -> None:
    await sent_to_ana(town)
    ahead = town.clock().replace(year=town.clock().year + 1)
    await town.store.tx(
        broadcasts.change, (await newest(town)).id,
        state="paused", started_at=town.clock(),
        progress_at=ahead, progress_shown="", progress_message=None,
    )  # fmt: skip
    await town.bot.show_progress()
    made = await newest(town)
    assert made.progress_shown
    assert made.progress_at == town.clock()


async def test_the_progress_leaves_the_last_places_of_a_busy_minute_to_what_is_new(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await sent_to_ana(town)
    monkeypatch.setattr(Pacer, "wait_to_change", lambda *_, **__: 60.0)
    await settle(town)
    assert not town.now(card).text.startswith("Done")
    monkeypatch.undo()
    await settle(town)
    assert town.now(card).text.startswith("Done: Sun care")


async def test_a_pause_told_to_the_progress_holds_no_answer(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent_to_ana(town)
    held: list[bool] = []
    monkeypatch.setattr(Pacer, "hold", lambda *_, everybody=False: held.append(everybody))
    town.telegram.faults.too_many(7, method="editMessageText")
    await settle(town)
    assert held == [False]


async def test_a_reason_without_a_word_of_its_own_is_in_the_report_all_the_same(
    town: Town,
) -> None:
    await town.joins(town.stan)
    await sent_to_ana(town)
    while (await newest(town)).state != "done":
        town.clock.forward(seconds=10)
        await town.tick()
    made = await newest(town)
    await town.store.tx(
        lambda db: db.execute(
            "UPDATE outbox SET state = 'skipped', detail = 'new <reason>'"
            " WHERE id = (SELECT MIN(id) FROM outbox WHERE broadcast_id = ?)",
            (made.id,),
        )
    )
    await settle(town)
    assert "1 left out" in town.group.last.text
    assert "• 1: new <reason>" in town.group.last.text


async def test_a_long_text_of_their_own_is_shown_whole_in_the_preview_alone(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Write my own text", town.group)
    long = "We are closed on Monday. " * 160
    await town.rosa.send(long, town.group, reply_to=town.group.last)
    assert "We are closed on Monday." in town.group.last.text
    assert len(town.group.last.text) < 300
    await town.rosa.tap("Next: see it first", town.group)
    assert town.group.messages[-2].text == long.strip()


async def test_a_picture_in_place_of_the_text_is_refused_in_one_sentence(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/broadcast", town.group)
    await town.rosa.tap("Write my own text", town.group)
    await town.rosa.document("a.pdf", b"%PDF", to=town.group, reply_to=town.group.last)
    assert "There are no words in that." in town.group.last.text


async def test_each_language_of_the_chosen_patients_is_previewed(town: Town) -> None:
    luz = town.telegram.person("Luz", language="es")
    await town.enrols(town.rosa)
    await luz.send(f"/start {town.code()}")
    await luz.tap("Acepto")
    await town.joins()
    card = await ready(town)
    assert "2 patients will get this" in card.text
    assert "Below the text each sees “Something's wrong”, “Algo va mal”." in card.text
    english, spanish = town.group.messages[-3:-1]
    await town.rosa.tap("Send now", town.group)
    await settle(town)
    assert (town.ana.last.text, luz.last.text) == (english.text, spanish.text)
    assert "2 delivered" in town.group.last.text


async def test_who_may_or_may_not_have_got_it_is_named_in_the_report(town: Town) -> None:
    await town.joins()
    await town.joins(town.stan)
    ana = await town.store.tx(patients.by_chat, town.ana.id)
    assert ana is not None
    await ready(town)
    await town.rosa.tap("Send now", town.group)
    town.telegram.faults.drop(handled=True, method="sendMessage", chat_id=town.ana.id)
    await settle(town)
    said = town.group.last.text
    assert "1 delivered" in said
    assert "1 not sure" in said
    assert f"We cannot know if these got it. It was not sent again: {ana.ref}." in said
