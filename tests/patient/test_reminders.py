"""Done and Later: in place, recorded, harmless twice, and nobody else's."""

from __future__ import annotations

import pytest

from bot.sandbox.chats import Message
from bot.sandbox.people import Person
from scheduler.store import talk
from tests.patient.conftest import Phones


def taps(phones: Phones, person: Person) -> list[str]:
    rows = phones.store.run(talk.answers, phones.patient(person).id)
    return [row["choice"] for row in rows]


@pytest.fixture
async def reminder(phones: Phones, ana: Person) -> Message:
    """The first reminder, six hours after the treatment."""
    count = len(ana.messages)
    await phones.later(hours=6)
    assert len(ana.messages) == count + 1
    assert ana.last.labels == ["Done", "Later", "Something's wrong"]
    return ana.last


async def test_done_is_shown_in_the_message_itself(
    phones: Phones, ana: Person, reminder: Message
) -> None:
    said, count = reminder.text, len(ana.messages)
    await ana.tap("Done")
    assert len(ana.messages) == count
    assert ana.last.text.startswith(said)
    assert "Thank you" in ana.last.text
    assert ana.last.labels == ["Something's wrong"]
    assert taps(phones, ana) == ["done"]


async def test_done_twice_is_done_once(phones: Phones, ana: Person, reminder: Message) -> None:
    data = reminder.rows[0][0]["callback_data"]
    await ana.tap("Done")
    await ana.tap(data=data, message=ana.last)
    assert taps(phones, ana) == ["done"]
    assert ana.last.text.count("Thank you") == 1


async def test_later_is_once_more_in_two_hours(
    phones: Phones, ana: Person, reminder: Message
) -> None:
    # eight in the evening: two hours on is the night
    await ana.tap("Later")
    assert "too late to remind you again today" in ana.last.text
    assert taps(phones, ana) == ["later"]
    await phones.until(ana, "Day 1")
    morning = ana.last
    count = len(ana.messages)
    await ana.tap("Later")
    assert "We will write to you again today" in ana.last.text
    await phones.later(hours=1)
    assert len(ana.messages) == count
    await phones.later(hours=1, minutes=1)
    assert ana.last.text.startswith(morning.text.split("\n")[0])
    assert ana.last.labels == ["Done", "Something's wrong"]
    await ana.tap("Done")
    assert taps(phones, ana) == ["later", "later", "done"]


async def test_a_button_of_last_month_still_works(
    phones: Phones, ana: Person, reminder: Message
) -> None:
    await phones.later(days=30)
    await ana.tap("Done", message=reminder)
    assert taps(phones, ana) == ["done"]
    assert "Thank you" in reminder.text


async def test_somebody_elses_button_does_nothing_for_her(
    phones: Phones, ana: Person, reminder: Message
) -> None:
    bea = await phones.joined("Bea", clinic=phones.world.hilltop)
    for kind in ("done", "later"):
        data = reminder.rows[0][0]["callback_data"].replace("done", kind)
        await bea.tap(data=data)
        assert "older message" in bea.last.text
    assert taps(phones, ana) == []
    assert taps(phones, bea) == []


async def test_a_message_about_a_wait_that_is_over_asks_for_no_tick(
    phones: Phones, ana: Person
) -> None:
    await phones.until(ana, "can wear makeup again")
    said = next(message for message in ana.messages if "can wear makeup again" in message.text)
    assert said.labels[-1] == "Something's wrong"


async def test_a_week_of_her_life_with_the_bot(phones: Phones, ana: Person) -> None:
    before = len(ana.messages)
    for _ in range(8 * 48):
        await phones.later(minutes=30)
    sent = ana.messages[before:]
    assert 10 <= len(sent) <= 20
    assert len({message.text for message in sent}) == len(sent)
    for day in range(1, 8):
        assert any(f"Day {day}" in message.text for message in sent), day
