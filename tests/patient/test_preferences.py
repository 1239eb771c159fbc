"""Language, clock, pause and opt-out: at once, and confirmed once."""

from __future__ import annotations

import pytest

from bot.sandbox.people import Person
from bot.sandbox.refusal import forbidden
from scheduler.store import reminders
from tests.patient.conftest import Phones


async def test_she_changes_the_language_and_hears_it_at_once(phones: Phones, ana: Person) -> None:
    await ana.send("/language")
    assert ana.last.labels == ["English", "Español"]
    await ana.tap("Español")
    assert "español" in ana.last.text
    await ana.send("/today")
    assert ana.last.text.startswith("Día 0")
    await phones.later(hours=6)
    assert "Hecho" in ana.last.labels
    await ana.tap(data="v1:lang:xx")
    assert phones.patient(ana).language == "es"


async def test_a_city_from_the_buttons(phones: Phones, ana: Person) -> None:
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.tap("New York")
    assert "It is 09:00 where you are" in ana.messages[-2].text
    assert phones.patient(ana).timezone == "America/New_York"


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Lisbon", "Europe/Lisbon"),
        ("new york!", "America/New_York"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("Bogota", "America/Bogota"),
        ("Kathmandu", "Asia/Kathmandu"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("madrd", "Europe/Madrid"),
    ],
)
async def test_a_typed_city(phones: Phones, ana: Person, typed: str, zone: str) -> None:
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.send(typed)
    assert phones.patient(ana).timezone == zone


async def test_a_question_typed_instead_of_a_city_is_heard_as_a_question(
    phones: Phones, ana: Person
) -> None:
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.send("can I wear makeup yet?")
    assert "You can wear makeup from" in ana.last.text
    await ana.send("my lips are swelling and I can't breathe")
    assert "999" in ana.messages[-2].text
    assert phones.patient(ana).timezone == "Europe/London"


async def test_a_shared_location_tells_the_clock_and_is_not_kept(
    phones: Phones, ana: Person
) -> None:
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.location(27.7172, 85.3240)
    assert phones.patient(ana).timezone == "Asia/Kathmandu"
    dump = "\n".join(phones.store.run(lambda db: list(db.conn.iterdump())))
    assert "27.71" not in dump
    assert "85.32" not in dump


async def test_when_the_clock_changes_the_plan_follows(phones: Phones, ana: Person) -> None:
    def mornings() -> list[int]:
        rows = phones.store.run(reminders.upcoming, phones.patient(ana).id)
        zone = phones.patient(ana).zone
        return [row.due_at.astimezone(zone).hour for row in rows if row.step.endswith("morning")]

    before = mornings()
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.tap("Auckland")
    assert set(mornings()) <= set(before) | {9}


async def test_a_pause_of_a_day_is_confirmed_once_and_kept(phones: Phones, ana: Person) -> None:
    await ana.send("/pause")
    assert "No messages until tomorrow 14:00" in ana.last.text
    count = len(ana.messages)
    for _ in range(23):
        await phones.later(hours=1)
    assert len(ana.messages) == count
    await ana.send("can I drink wine")
    assert len(ana.messages) == count + 1


async def test_resuming_says_whether_anything_changed(ana: Person) -> None:
    await ana.send("/resume")
    assert "were on already" in ana.last.text
    await ana.send("/pause")
    await ana.send("/resume")
    assert "We are back" in ana.last.text


@pytest.mark.parametrize(
    "said",
    ["/stop", "stop", "STOP!", "Unsubscribe", "unsubscribe.", "parar", "Párar", "BAJA", "opt out",
     "no más mensajes", "/parar"],
)  # fmt: skip
async def test_she_opts_out_in_her_own_word(phones: Phones, ana: Person, said: str) -> None:
    await ana.send(said)
    assert "We have stopped" in ana.last.text
    assert phones.patient(ana).state == "stopped"
    count = len(ana.messages)
    for _ in range(6):
        await phones.later(hours=8)
    assert len(ana.messages) == count
    await ana.send("stop")
    assert "stopped already" in ana.last.text
    await ana.send("can I wear makeup")
    assert "makeup" in ana.last.text
    await ana.send("/resume")
    assert "We are back" in ana.last.text
    assert phones.patient(ana).state == "active"


@pytest.mark.parametrize(
    "said",
    ["cancel my appointment", "the bleeding won't stop", "when can I stop using the cream",
     "should I stop taking my pills", "quiero parar de usar la crema"],
)  # fmt: skip
async def test_a_sentence_with_stop_in_it_is_no_opt_out(
    phones: Phones, ana: Person, said: str
) -> None:
    await ana.send(said)
    assert phones.patient(ana).state == "active"
    assert "We have stopped" not in ana.last.text


async def test_who_blocks_the_bot_is_left_alone_and_who_returns_is_taken_up(
    phones: Phones, ana: Person
) -> None:
    await ana.block()
    assert phones.patient(ana).state == "blocked"
    calls = len(phones.telegram.calls("sendMessage", chat_id=ana.id))
    for _ in range(4):
        await phones.later(hours=8)
    assert len(phones.telegram.calls("sendMessage", chat_id=ana.id)) == calls
    await ana.unblock()
    assert phones.patient(ana).state == "active"
    await ana.send("/start")
    assert ana.last.text.startswith("Day 1")


async def test_a_block_that_only_a_send_reveals_is_noted_once(phones: Phones, ana: Person) -> None:
    fault = phones.telegram.faults.refuse(
        forbidden("bot was blocked by the user"), chat_id=ana.id, times=99
    )
    for _ in range(6):
        await phones.later(hours=4)
    assert phones.patient(ana).state == "blocked"
    assert fault.met == 1
    phones.telegram.faults.clear()
    await ana.send("/start")
    assert phones.patient(ana).state == "active"
