"""Olga works at another clinic, Bea is another patient: neither sees or moves anything of Ana's."""

from __future__ import annotations

from bot.sandbox.people import Person
from scheduler.store import talk
from tests.patient.conftest import Phones

SECRET = "there is green pus under my left eye"


async def test_what_ana_writes_is_seen_in_her_clinics_group_alone(
    phones: Phones, ana: Person
) -> None:
    await ana.send(SECRET)
    assert any(SECRET in message.text for message in phones.riverside.chat.messages)
    assert phones.hilltop.chat.messages == []


async def test_olga_learns_nothing_in_her_own_group(phones: Phones, ana: Person) -> None:
    await ana.send(SECRET)
    ref = phones.patient(ana).ref
    for command in ("/inbox", "/patients"):
        await phones.olga.send(command, phones.hilltop)
    said = " ".join(message.text for message in phones.hilltop.chat.messages)
    assert phones.hilltop.chat.messages
    assert ref not in said
    assert SECRET not in said


async def test_olga_cannot_use_a_button_of_the_other_clinics_card(
    phones: Phones, ana: Person
) -> None:
    await ana.send(SECRET)
    await phones.olga.send("/inbox", phones.hilltop)
    (case,) = phones.store.run(talk.escalations, patient_id=phones.patient(ana).id)
    card = next(message for message in phones.riverside.chat.messages if SECRET in message.text)
    for row in card.rows:
        for button in row:
            if "callback_data" in button:
                await phones.olga.tap(at=phones.hilltop, data=button["callback_data"])
    (after,) = phones.store.run(talk.escalations, patient_id=phones.patient(ana).id)
    assert (after.state, after.taken_by) == (case.state, None)
    assert SECRET not in " ".join(message.text for message in phones.hilltop.chat.messages)


async def test_staff_who_write_to_the_bot_in_private_are_nobodys_patient(phones: Phones) -> None:
    await phones.olga.send("/mydata")
    assert "personal code" in phones.olga.last.text


async def test_a_patients_commands_do_nothing_in_a_group(phones: Phones, ana: Person) -> None:
    for command in ("/today", "/mydata", "/forget"):
        await phones.olga.send(command, phones.hilltop)
    assert not any(message.attached() for message in phones.hilltop.chat.messages)
    assert phones.known(ana)
