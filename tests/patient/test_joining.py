"""From the clinic's code to the card of day 0."""

from __future__ import annotations

import pytest

from bot.sandbox.people import Person
from scheduler.store import clinics, patients, reminders
from scheduler.store.engine import Store
from tests.patient.conftest import Phones


@pytest.fixture
def newcomer(phones: Phones) -> Person:
    return phones.telegram.person("Ana")


def said(person: Person) -> list[str]:
    return [message.text for message in person.messages]


async def test_she_is_told_what_this_is_and_who_reads_it_before_she_is_asked(
    phones: Phones, newcomer: Person
) -> None:
    await newcomer.send(f"/start {phones.code()}")
    welcome, consent = said(newcomer)
    assert "Riverside Skin" in welcome
    assert "not a person and not a doctor" in welcome
    assert "not a place for private medical details" in welcome
    assert "999" in welcome
    assert "May we write to you?" in consent
    assert newcomer.last.labels == ["Offers and news: off", "I agree", "No, thank you"]
    assert phones.patient(newcomer).state == "joining"
    assert phones.store.run(reminders.upcoming, phones.patient(newcomer).id) == []


async def test_she_agrees_confirms_the_clock_and_sees_the_card_of_day_0(
    phones: Phones, newcomer: Person
) -> None:
    await newcomer.send(f"/start {phones.code()}")
    await newcomer.tap("I agree")
    assert "It is 14:00 where you are" in newcomer.last.text
    await newcomer.tap("Yes, that is right")
    assert newcomer.last.text.startswith("Day 0")
    assert "tomorrow 14:00" in newcomer.last.text
    assert newcomer.last.labels == ["Can I…?", "Is this normal?", "Today", "Something's wrong"]
    assert phones.patient(newcomer).state == "active"
    assert phones.store.run(reminders.upcoming, phones.patient(newcomer).id)


@pytest.mark.parametrize("offers", [True, False])
async def test_offers_are_a_choice_of_their_own(
    phones: Phones, newcomer: Person, *, offers: bool
) -> None:
    await newcomer.send(f"/start {phones.code()}")
    if offers:
        await newcomer.tap("Offers and news: off")
        assert newcomer.last.labels[0] == "Offers and news: on"
    else:
        await newcomer.tap("Offers and news: off")
        await newcomer.tap("Offers and news: on")
    await newcomer.tap("I agree")
    patient = phones.patient(newcomer)
    assert phones.store.run(patients.agreed, patient.id, "marketing") is offers
    assert phones.store.run(patients.agreed, patient.id, "care")


async def test_who_says_no_is_sent_nothing_and_may_come_back(
    phones: Phones, newcomer: Person
) -> None:
    await newcomer.send(f"/start {phones.code()}")
    await newcomer.tap("No, thank you")
    assert "We will not send you anything" in newcomer.last.text
    count = len(newcomer.messages)
    for _ in range(4):
        await phones.later(hours=12)
    assert len(newcomer.messages) == count
    for command in ("/today", "/resume"):
        await newcomer.send(command)
        assert "may we write to you?" in newcomer.last.text
    assert phones.patient(newcomer).state == "joining"
    await newcomer.send("/start")
    assert "May we write to you?" in newcomer.last.text
    await newcomer.tap("I agree")
    assert phones.patient(newcomer).state == "active"


async def test_a_code_typed_by_hand_with_spaces_works_without_a_command(
    phones: Phones, newcomer: Person
) -> None:
    code = phones.code()
    await newcomer.send(f"{code[:6]} {code[6:12]} {code[12:]}")
    assert "May we write to you?" in newcomer.last.text


async def test_a_code_with_spaces_after_start_works(phones: Phones, newcomer: Person) -> None:
    code = phones.code()
    await newcomer.send(f"/start  {code[:11]}  {code[11:]} ")
    assert "May we write to you?" in newcomer.last.text


async def test_an_unknown_code_is_told_in_one_sentence(phones: Phones, newcomer: Person) -> None:
    await newcomer.send("/start " + "A" * 22)
    (told,) = said(newcomer)
    assert told.startswith("We do not know that code.")
    assert told.endswith("Nothing has changed.")
    assert not phones.known(newcomer)


async def test_somebody_elses_used_code_lets_nobody_in(phones: Phones, newcomer: Person) -> None:
    code = phones.code()
    bea = phones.telegram.person("Bea")
    await bea.send(f"/start {code}")
    await newcomer.send(f"/start {code}")
    assert "has been used before" in newcomer.last.text
    assert not phones.known(newcomer)
    assert phones.known(bea)


async def test_an_expired_code_is_told(phones: Phones, newcomer: Person) -> None:
    code = phones.code()
    phones.clock.forward(days=15)
    await newcomer.send(f"/start {code}")
    assert "too old" in newcomer.last.text
    assert not phones.known(newcomer)


async def test_a_code_of_another_clinic_changes_nothing_for_a_patient(
    phones: Phones, ana: Person
) -> None:
    before = phones.patient(ana)
    await ana.send(f"/start {phones.code(clinic=phones.world.hilltop)}")
    assert "patient of another clinic" in ana.last.text
    assert phones.patient(ana) == before


async def test_her_own_link_opened_again_brings_her_card(phones: Phones) -> None:
    code = phones.code()
    ana = phones.telegram.person("Ana")
    await ana.send(f"/start {code}")
    await ana.send(f"/start {code}")
    assert "May we write to you?" in ana.last.text
    await ana.tap("I agree")
    await ana.send(f"/start {code}")
    assert ana.last.text.startswith("Day 0")
    await ana.send("/start")
    assert ana.last.text.startswith("Day 0")


async def test_agreeing_twice_is_agreeing_once(phones: Phones, ana: Person) -> None:
    consent = next(message for message in ana.messages if "Thank you" in message.text)
    before = phones.store.run(patients.consents, phones.patient(ana).id)
    await ana.tap(data="v1:agree:1", message=consent)
    assert ana.last.text.startswith("Day 0")
    assert phones.store.run(patients.consents, phones.patient(ana).id) == before
    for late in ("v1:offers:1", "v1:decline"):
        await ana.tap(data=late, message=consent)
    assert phones.patient(ana).state == "active"


async def test_without_a_code_she_is_told_how_to_get_one(newcomer: Person, phones: Phones) -> None:
    await newcomer.send("/start")
    assert "Ask your clinic for your personal code" in newcomer.last.text
    await newcomer.send("can I wear makeup")
    assert "Ask your clinic for your personal code" in newcomer.last.text
    assert not phones.known(newcomer)


async def test_without_a_code_a_warning_sign_still_gets_its_wording(
    newcomer: Person, phones: Phones
) -> None:
    await newcomer.send("I can't breathe and my lips are swelling")
    assert "112" in newcomer.last.text
    assert "severe allergic reaction" in newcomer.last.text
    await newcomer.send("there is green pus and I have a fever")
    assert "112" in newcomer.last.text
    assert "personal code" not in newcomer.last.text
    assert not phones.known(newcomer)


async def test_a_warning_as_long_as_a_code_is_heard_as_a_warning(newcomer: Person) -> None:
    await newcomer.send("cant breathe lips swelling")
    assert "112" in newcomer.last.text


async def test_a_stranger_gets_no_further_by_commands_or_old_buttons(
    newcomer: Person, phones: Phones
) -> None:
    await newcomer.send("/help")
    for command in ("/today", "/plan", "/mydata", "/forget", "/pause", "/stop", "/timezone"):
        await newcomer.send(command)
        assert "personal code" in newcomer.last.text
    for data in ("v1:home", "v1:lang:es", "v1:done:1", "v1:forget:yes", "v1:agree:1", "v1:write"):
        await newcomer.tap(data=data)
        assert "personal code" in newcomer.last.text
    assert not phones.known(newcomer)


async def test_in_spanish_from_the_first_word_and_for_any_spanish_phone(phones: Phones) -> None:
    ana = phones.telegram.person("Ana", language="es-AR")
    await ana.send(f"/start {phones.code()}")
    await ana.tap("Acepto")
    await ana.tap("Sí, es correcto")
    assert ana.last.text.startswith("Día 0")
    assert phones.patient(ana).language == "es"


async def test_a_phone_in_another_language_is_spoken_to_in_english(phones: Phones) -> None:
    ana = phones.telegram.person("Ana", language="de")
    await ana.send("/start")
    assert "Ask your clinic" in ana.last.text


async def test_joining_on_day_three_shows_that_day(phones: Phones) -> None:
    ana = await phones.joined(hours_ago=72)
    assert ana.last.text.startswith("Day 3")
    count = len(ana.messages)
    await phones.later(minutes=10)
    assert len(ana.messages) == count


async def test_a_second_treatment_joins_the_plan_she_has(phones: Phones, ana: Person) -> None:
    await phones.later(days=30)
    await ana.send(f"/start {phones.code(waits={'makeup': 48.0})}")
    assert "Your new treatment is in" in ana.messages[-2].text
    assert ana.last.text.startswith("Day 0")
    assert len(phones.store.run(patients.treatments, phones.patient(ana).id)) == 2


class TestWhereAClinicLetsPatientsIn:
    """Self-enrolment, which is off until a clinic turns it on."""

    @pytest.fixture(autouse=True)
    def _open(self, phones: Phones, store: Store) -> None:
        store.run(clinics.change, phones.world.riverside.id, {"self_enrol": 1})

    async def test_she_says_when_she_was_treated(self, phones: Phones, newcomer: Person) -> None:
        await newcomer.send("/start")
        assert newcomer.last.labels == ["Riverside Skin"]
        await newcomer.tap("Riverside Skin")
        await newcomer.tap("About 3 hours ago")
        assert "May we write to you?" in newcomer.last.text
        await newcomer.tap("I agree")
        await newcomer.tap("Yes, that is right")
        assert "tomorrow 11:00" in newcomer.last.text

    async def test_tapping_the_time_twice_enrols_once(
        self, phones: Phones, newcomer: Person
    ) -> None:
        await newcomer.send("/start")
        await newcomer.tap("Riverside Skin")
        asked = newcomer.last
        await newcomer.tap("Just now", message=asked)
        await newcomer.tap(data="v1:treated:riverside-skin:0", message=asked)
        patient = phones.patient(newcomer)
        assert len(phones.store.run(patients.treatments, patient.id)) == 1
        assert len(phones.store.run(patients.listed)) == 1

    async def test_a_patient_of_another_clinic_cannot_slip_in(self, phones: Phones) -> None:
        olgas = await phones.joined(clinic=phones.world.hilltop)
        before = phones.patient(olgas)
        for data in ("v1:self:riverside-skin", "v1:treated:riverside-skin:3"):
            await olgas.tap(data=data)
            assert "went wrong" not in olgas.last.text
        assert phones.patient(olgas) == before

    async def test_when_it_is_turned_off_again_old_buttons_let_nobody_in(
        self, phones: Phones, newcomer: Person
    ) -> None:
        await newcomer.send("/start")
        await newcomer.tap("Riverside Skin")
        phones.store.run(clinics.change, phones.world.riverside.id, {"self_enrol": 0})
        await newcomer.tap("Just now")
        assert "personal code" in newcomer.last.text
        assert not phones.known(newcomer)

    @pytest.mark.parametrize("hours", ["999999", "x", "-3", ""])
    async def test_a_forged_time_lets_nobody_in(
        self, phones: Phones, newcomer: Person, hours: str
    ) -> None:
        await newcomer.send("/start")
        await newcomer.tap(data=f"v1:treated:riverside-skin:{hours}")
        assert not phones.known(newcomer)
        assert "went wrong" not in newcomer.last.text


async def test_by_default_no_clinic_lets_patients_in(phones: Phones, newcomer: Person) -> None:
    await newcomer.send("/start")
    assert newcomer.last.labels == []
    await newcomer.tap(data="v1:treated:riverside-skin:3")
    assert "personal code" in newcomer.last.text
    assert not phones.known(newcomer)
