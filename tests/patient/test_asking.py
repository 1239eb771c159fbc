"""Free text: a warning sign before anything else, then the clinic's words, then a person."""

from __future__ import annotations

import pytest

from bot.patient import ask
from bot.sandbox.people import Person
from content.understand import Route, Understanding
from scheduler.store import talk
from tests.fakes.people import RIVERSIDE_GROUP
from tests.patient.conftest import Phones


def levels(phones: Phones, person: Person) -> list[str]:
    rows = phones.store.run(talk.escalations, patient_id=phones.patient(person).id)
    return [row.level for row in rows]


async def test_a_question_gets_the_clinics_words_for_her_hour(phones: Phones, ana: Person) -> None:
    await ana.send("when can I put makeup on again?")
    assert "tomorrow 14:00" in ana.last.text
    assert ana.last.labels[-1] == "Something's wrong"
    assert levels(phones, ana) == []


async def test_the_related_topics_below_an_answer_can_be_tapped(ana: Person) -> None:
    await ana.send("when can I put makeup on again?")
    topic, *_ = ana.last.labels
    before = ana.last.text
    await ana.tap(topic)
    assert ana.last.text != before
    assert ana.last.labels[-1] == "Something's wrong"


@pytest.mark.parametrize(
    ("said", "level", "number"),
    [
        ("I can't breathe and my tongue is swelling", "emergency", "999"),
        ("there is green pus coming out and I have a fever", "urgent", "+44 20 7946 0018"),
        ("no puedo respirar", "emergency", "999"),
    ],
)
async def test_a_warning_sign_gets_its_fixed_wording_first_and_a_row_for_the_clinic(
    phones: Phones, ana: Person, said: str, level: str, number: str
) -> None:
    before = len(ana.messages)
    await ana.send(said)
    assert number in ana.messages[before].text
    assert ana.messages[before].labels[-1] == "Write to the clinic"
    assert levels(phones, ana) == [level]
    assert phones.telegram.calls("sendMessage", chat_id=RIVERSIDE_GROUP)


async def test_a_warning_sign_goes_before_whatever_else_the_message_says(
    phones: Phones, ana: Person
) -> None:
    await ana.send("stop messaging me, also I fainted and my throat is closing")
    assert levels(phones, ana) == ["emergency"]
    assert phones.patient(ana).state == "active"


async def test_what_the_bot_does_not_know_is_passed_on_only_if_she_likes(
    phones: Phones, ana: Person
) -> None:
    await ana.send("what does my dog's passport cost")
    assert "Pass it on" in ana.last.labels
    assert levels(phones, ana) == []
    unanswered = ana.last
    await ana.tap("Pass it on")
    assert "Your message is with Riverside Skin" in ana.last.text
    assert levels(phones, ana) == ["unknown"]
    await ana.tap("Pass it on", message=unanswered)
    assert levels(phones, ana) == ["unknown"]


async def test_she_is_asked_once_what_she_means_and_then_offered_a_person(
    phones: Phones, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = Understanding(Route.UNKNOWN, offered=("makeup", "swimming"))
    monkeypatch.setattr(ask, "understand", lambda *_, **__: unsure)
    await ana.send("the thing with the stuff")
    assert ana.last.labels[:3] == ["Makeup", "Swimming", "Pass it on"]
    await ana.send("you know, that thing")
    assert ana.last.labels == ["Pass it on", "Something's wrong"]
    await ana.send("the other stuff")
    assert ana.last.labels[0] == "Makeup"
    await ana.tap("Swimming")
    await ana.send("and the thing")
    assert ana.last.labels[0] == "Makeup"


async def test_nobody_passes_on_somebody_elses_message(phones: Phones, ana: Person) -> None:
    await ana.send("what does my dog's passport cost")
    button = next(
        button for row in ana.last.rows for button in row if button["text"] == "Pass it on"
    )
    bea = await phones.joined("Bea")
    await bea.tap(data=button["callback_data"])
    assert levels(phones, ana) == levels(phones, bea) == []
    assert "older message" in bea.last.text


async def test_her_next_message_goes_to_a_person_when_she_writes_to_the_clinic(
    phones: Phones, ana: Person
) -> None:
    await ana.tap("Something's wrong")
    await ana.tap("Write to the clinic")
    await ana.send("please ring me about Thursday")
    assert "Your message is with Riverside Skin. A person reads it today." in ana.last.text
    assert len(levels(phones, ana)) == 1
    await ana.send("can I wear makeup")
    assert any("You can wear makeup" in message.text for message in ana.messages[-2:])


async def test_what_she_writes_to_the_clinic_is_confirmed_while_it_has_a_message_of_hers(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is green pus coming out")
    for _ in range(2):
        await ana.tap(data="v1:write")
        heard = len(ana.messages)
        await ana.send("please ring me on Thursday")
        assert "We added this to your message" in ana.last.text
        assert len(ana.messages) == heard + 1
    assert len(levels(phones, ana)) == 1


async def test_at_night_she_is_told_when_it_is_read_and_the_other_way_to_help(
    phones: Phones, ana: Person
) -> None:
    phones.clock.forward(hours=9)
    await ana.send("there is green pus coming out")
    told = ana.last.text
    assert "The clinic is closed now. A person reads it from tomorrow 09:00" in told
    assert "out-of-hours doctor" in told


async def test_the_same_words_in_another_message_are_one_case(phones: Phones, ana: Person) -> None:
    await ana.send("there is green pus")
    await ana.send("there is green pus")
    assert levels(phones, ana) == ["urgent"]


async def test_small_talk_is_answered_kindly_and_bothers_nobody(
    phones: Phones, ana: Person
) -> None:
    for said in ("thank you", "hello"):
        await ana.send(said)
        assert "went wrong" not in ana.last.text
    assert levels(phones, ana) == []


async def test_an_answer_never_says_that_hers_is_normal(phones: Phones, ana: Person) -> None:
    for said in (
        "is my redness normal", "my face is swollen is that ok", "do I have an infection?",
        "what is wrong with me", "how much ibuprofen can I take",
    ):  # fmt: skip
        await ana.send(said)
        for message in ana.messages:
            words = message.text.casefold()
            assert "yours is normal" not in words
            assert "you have an infection" not in words
            assert " mg" not in words
