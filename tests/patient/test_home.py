"""The card's four buttons and the commands: the day, the plan, what is allowed, who to call."""

from __future__ import annotations

import pytest

from bot.sandbox.people import Person
from content.catalog import Catalog
from content.telegram_html import problems
from tests.patient.conftest import Phones


async def test_can_i_is_answered_to_the_minute_by_her_clock(phones: Phones) -> None:
    phones.clock.forward(minutes=17)
    ana = await phones.joined()
    await ana.send("/timezone")
    await ana.tap("No, another time")
    await ana.tap("Mumbai, Delhi")
    await ana.tap("Can I…?")
    await ana.tap("Wear makeup")
    assert ana.last.text.startswith(
        "Not yet. You can wear makeup from tomorrow 19:47, in 24 hours."
    )
    await phones.later(hours=24)
    await ana.tap("Can I…?")
    await ana.tap("Wear makeup")
    assert ana.last.text.startswith("Yes, you can wear makeup now.")


async def test_a_wait_set_for_her_alone_is_what_she_is_told(phones: Phones) -> None:
    ana = await phones.joined(waits={"makeup": 72.0})
    await ana.tap("Can I…?")
    await ana.tap("Wear makeup")
    assert "Friday 14:00" in ana.last.text


async def test_every_wait_that_patients_ask_about_has_a_button_that_answers(
    phones: Phones, ana: Person, catalog: Catalog
) -> None:
    rules = catalog.procedure("microneedling").rules.values()
    await ana.tap("Can I…?")
    asked = ana.last
    assert len(asked.labels) == sum(rule.asked for rule in rules) + 1
    for label in asked.labels[:-1]:
        await ana.tap(label, message=asked)
        assert "Something's wrong" in ana.last.labels, label
        assert "older message" not in ana.last.text
    await ana.tap("Back", message=asked)
    assert ana.last.text.startswith("Day 0")


async def test_is_this_normal_tells_the_timeline_and_then_the_warning_signs(
    phones: Phones, ana: Person
) -> None:
    await ana.tap("Is this normal?")
    text = ana.last.text
    assert "Many people" in text or "many people" in text
    assert "When to get help" in text
    assert text.index("any people") < text.index("When to get help")
    assert "yours is normal" not in text.casefold()
    assert ana.last.labels == ["Something's wrong"]
    await phones.later(days=3)
    await ana.send("/today")
    await ana.tap("Is this normal?")
    assert ana.last.text != text


async def test_somethings_wrong_gives_the_signs_the_numbers_and_a_person(ana: Person) -> None:
    await ana.tap("Something's wrong")
    assert "999" in ana.last.text
    assert ana.last.labels == ["Copy the clinic's number", "Write to the clinic"]
    await ana.tap("Copy the clinic's number")
    assert ana.clipboard == "+44 20 7946 0018"
    await ana.tap("Write to the clinic")
    assert "A person at Riverside Skin will read it" in ana.last.text


async def test_today_follows_the_days(phones: Phones, ana: Person) -> None:
    for day in range(1, 8):
        await phones.later(days=1)
        await ana.send("/today")
        assert ana.last.text.startswith(f"Day {day}")


async def test_the_plan_lists_the_waits_and_what_is_to_come(phones: Phones, ana: Person) -> None:
    await ana.send("/plan")
    text = ana.last.text
    assert "Wear makeup: from tomorrow 14:00" in text
    assert "Messages to come" in text
    assert "more after that" in text
    await phones.later(days=60)
    await ana.send("/plan")
    assert "All the waits are over." in ana.last.text


async def test_the_clinics_card_says_whether_people_are_there(phones: Phones, ana: Person) -> None:
    await ana.send("/clinic")
    assert "They are there now" in ana.last.text
    assert "+44 20 7946 0018" in ana.last.text
    await phones.later(hours=6)
    await ana.send("/clinic")
    assert "They are not there now" in ana.last.text
    assert "999" in ana.last.text


async def test_help_names_every_command_that_matters(ana: Person) -> None:
    await ana.send("/help")
    for command in ("/today", "/plan", "/clinic", "/pause", "/stop", "/privacy", "/forget"):
        assert command in ana.last.text


OLD_BUTTONS = (
    "v1:can:tea", "v1:topic:tea", "v1:can", "v1:topic", "v1:nope", "v0:home", "junk", "v1:done:x",
    "v1:pass:x", "v1:zone:x:y",
)  # fmt: skip


@pytest.mark.parametrize("data", OLD_BUTTONS)
async def test_a_button_that_no_longer_means_anything_shows_a_way_on(
    ana: Person, data: str
) -> None:
    await ana.tap(data=data)
    assert "went wrong" not in ana.last.text
    assert "/today" in ana.last.text or ana.last.labels


SPANISH = {
    "/hoy": "Día 0",
    "/ayuda": "/today",
    "/clinica": "Riverside Skin",
    "/idioma": "idioma",
    "/hora": "14:00",
    "/pausa": "/resume",
    "/privacidad": "/mydata",
    "/misdatos": "archivo",
    "/plan": "Tu plan",
}


@pytest.mark.parametrize(("command", "told"), SPANISH.items())
async def test_commands_have_spanish_names(phones: Phones, command: str, told: str) -> None:
    ana = await phones.joined(language="es")
    await ana.send(command)
    assert told in ana.last.text


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_command_answers_in_her_language_with_html_that_telegram_takes(
    phones: Phones, language: str
) -> None:
    ana = await phones.joined(language=language)
    for command in (
        "/start", "/today", "/plan", "/help", "/clinic", "/language", "/timezone", "/pause",
        "/resume", "/stop", "/privacy", "/mydata", "/forget",
    ):  # fmt: skip
        before = len(ana.messages)
        await ana.send(command)
        assert len(ana.messages) > before, command
    for call in phones.telegram.calls("sendMessage", chat_id=ana.id):
        assert call.status == 200
        assert problems(call.arguments.text("text")) == []
