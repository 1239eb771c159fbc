"""A day at the desk, over a real Bot API on loopback."""

from __future__ import annotations

import asyncio

import pytest

from bot.app import Bot
from bot.sandbox.arguments import Upload
from bot.sandbox.chats import Message
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.samples import PHOTO
from bot.sandbox.stage import settings_for
from scheduler.services import desk
from scheduler.store import clinics, patients, proposals
from tests.staff.conftest import Town


def data_of(message: Message, label: str) -> str:
    """The data behind a button, to tap it after it has changed."""
    for row in message.rows:
        for button in row:
            if button["text"] == label:
                return str(button["callback_data"])
    raise LookupError(f"{label!r} is not among {message.labels}")


async def picture(town: Town, person: Person, to: Group | None = None, **more: object) -> None:
    """Send a photo, perhaps as a reply or in an album."""
    file = town.telegram.cloud.files.keep("photo", Upload("p.png", "image/png", PHOTO))
    reply = more.pop("reply_to", None)
    assert reply is None or isinstance(reply, Message)
    person._say({"photo": [file.head()], **more}, to, reply)
    await town.telegram._settled()


async def test_a_patient_is_enrolled_in_five_taps_and_the_card_says_when_she_joined(
    town: Town,
) -> None:
    await town.enrols(town.rosa)
    kind, _ = town.group.last.attached() or ("", {})
    assert kind == "photo"
    assert f"https://t.me/{town.telegram.username}?start=" in town.group.last.text
    card = next(said for said in town.group.messages if "waits to join" in said.text)
    await town.ana.send(f"/start {town.code()}")
    await town.ana.tap("I agree")
    assert "has joined" in town.now(card).text
    await town.bea.tap("Open", town.group, message=card)
    assert "Microneedling, Face" in town.now(card).text


async def test_exceptions_a_reference_and_the_next_session_are_chosen_without_typing_ids(
    town: Town,
) -> None:
    await town.rosa.send("/treated", town.group)
    await town.rosa.tap("Microneedling", town.group)
    await town.rosa.tap("Face", town.group)
    await town.rosa.tap("Pick day and hour", town.group)
    await town.rosa.tap("Yesterday", town.group)
    await town.rosa.tap("15:00", town.group)
    await town.rosa.tap("Exceptions", town.group)
    await town.rosa.tap("Wear makeup", town.group)
    assert "336 h" not in town.group.last.labels, "beyond what the rule allows"
    await town.rosa.tap("72 h", town.group)
    await town.rosa.tap("Next session", town.group)
    await town.rosa.tap("4 weeks", town.group)
    await town.rosa.tap(town.group.last.labels[1], town.group)
    await town.rosa.tap("10:30", town.group)
    await town.rosa.tap("Reference", town.group)
    assert town.group.last.markup.force_reply
    await town.rosa.send("4711", town.group, reply_to=town.group.last)
    summary = town.group.last.text
    assert "yesterday 15:00" in summary
    assert "Wear makeup: after 72 h" in summary
    assert "Tuesday 22 December 10:30" in summary
    assert "Reference: 4711" in summary
    await town.rosa.tap("Make the code", town.group)
    await town.ana.send(f"/start {town.code()}")
    await town.ana.tap("I agree")
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    (treatment,) = await town.store.tx(patients.treatments, patient.id)
    assert patient.reference == "4711"
    assert treatment.waits == {"makeup": 72.0}
    assert treatment.treated_at.isoformat() == "2026-11-23T15:00:00+00:00"


async def test_two_people_enrol_at_once_and_their_choices_do_not_mix(town: Town) -> None:
    await town.rosa.send("/treated", town.group)
    rosas = town.group.last
    await town.bea.send("/treated", town.group)
    beas = town.group.last
    await town.rosa.tap("Microneedling", town.group, message=rosas)
    await town.bea.tap("Microneedling", town.group, message=beas)
    await town.rosa.tap("Face", town.group, message=rosas)
    await town.bea.tap("Neck", town.group, message=beas)
    await town.rosa.tap("Now", town.group, message=rosas)
    await town.bea.tap("2 hours ago", town.group, message=beas)
    assert "Face" in town.now(rosas).text
    assert "today 14:00" in town.now(rosas).text
    assert "Neck" in town.now(beas).text
    assert "today 12:00" in town.now(beas).text


async def test_a_draft_goes_on_after_a_restart(town: Town) -> None:
    await town.rosa.send("/treated", town.group)
    await town.rosa.tap("Microneedling", town.group)
    await town.bot.stop()
    again = Bot(
        settings_for(town.telegram), town.store, town.bot.catalog, clock=town.clock,
        knowledge=town.bot.house.knowledge,
    )  # fmt: skip
    await again.start()
    try:
        await town.rosa.tap("Face", town.group)
        await town.rosa.hears("When did it end?", town.group)
    finally:
        await again.stop()
        await town.bot.start()


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("2026-11-24T20", "That time cannot be: it is in the future or too long ago."),
        ("2024-11-24T10", "That time cannot be: it is in the future or too long ago."),
        ("2026-13-45T99", "That time cannot be: it is in the future or too long ago."),
    ],
)
async def test_a_time_that_cannot_be_gets_one_sentence(
    town: Town, choice: str, sentence: str
) -> None:
    await town.rosa.send("/treated", town.group)
    await town.rosa.tap("Microneedling", town.group)
    await town.rosa.tap("Face", town.group)
    number = data_of(town.group.last, "Now").split(":")[2]
    await town.rosa.tap(data=f"v1:tr.time:{number}:{choice}", at=town.group)
    assert town.rosa.toasts[-1].startswith(sentence)


async def test_the_code_is_not_kept_where_it_could_be_read(town: Town) -> None:
    await town.enrols(town.rosa)
    code = town.code()
    dump = await town.store.tx(lambda db: "\n".join(db.conn.iterdump()))
    assert code not in dump.replace(town.telegram.token, "")


async def test_a_code_that_could_not_be_sent_is_made_anew_with_one_tap(town: Town) -> None:
    await town.rosa.send("/treated", town.group)
    await town.rosa.tap("Microneedling", town.group)
    await town.rosa.tap("Face", town.group)
    await town.rosa.tap("Now", town.group)
    town.telegram.faults.fail(method="sendPhoto")
    await town.rosa.tap("Make the code", town.group)
    assert "could not be sent" in town.group.last.text
    await town.rosa.tap("New code", town.group)
    await town.ana.send(f"/start {town.code()}")
    assert "May we write to you?" in town.ana.last.text


async def test_an_urgent_message_is_taken_once_answered_and_closed(town: Town) -> None:
    await town.joins()
    hill_before = len(town.hill.messages)
    await town.ana.send("there is pus on my cheek")
    card = town.card()
    assert "there is pus on my cheek" in card.text
    take = data_of(card, "I'll take it")
    await town.rosa.tap("I'll take it", town.group)
    await town.bea.tap(data=take, at=town.group, message=card)
    assert "Rosa has it." in town.bea.toasts
    assert "Rosa has it" in town.now(card).text
    assert "has seen this" in town.ana.last.text
    await town.rosa.send("Come in at five today.", town.group, reply_to=card)
    assert town.ana.last.text == "Riverside Skin writes:\n\nCome in at five today."
    assert "Delivered" in town.group.last.text
    await town.ana.send("ok on my way")
    assert "ok on my way" in town.group.last.text
    assert town.group.last.reply_to == card.id
    assert "added this to your message" in town.ana.last.text
    await town.rosa.tap("Close", town.group, message=card)
    assert "Closed by Rosa" in town.now(card).text
    assert len(town.hill.messages) == hill_before


async def test_two_people_tap_together_and_one_has_it(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    take = data_of(town.card(), "I'll take it")
    await asyncio.gather(
        town.rosa.tap(data=take, at=town.group), town.bea.tap(data=take, at=town.group)
    )
    told = [name for name in (*town.rosa.toasts, *town.bea.toasts) if name.endswith("has it.")]
    assert len(told) == 1


async def test_the_reply_button_opens_the_field_for_the_one_who_tapped(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    await town.bea.tap("Reply", town.group)
    prompt = town.group.last
    assert prompt.markup.force_reply
    assert "Bea, reply to this message" in prompt.text
    await town.bea.send("We call you in ten minutes.", town.group, reply_to=prompt)
    assert "We call you in ten minutes." in town.ana.last.text


async def test_what_staff_say_to_each_other_stays_with_them(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    said = await town.bea.send("she called before lunch too", town.group)
    heard = len(town.ana.messages)
    await town.rosa.send("I know, difficult one", town.group, reply_to=said)
    assert len(town.ana.messages) == heard


async def test_a_reply_to_a_closed_card_is_kept_and_opens_it_again_with_one_tap(
    town: Town,
) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    card = town.card()
    await town.rosa.tap("Close", town.group)
    heard = len(town.ana.messages)
    await town.bea.send("Please keep it dry.", town.group, reply_to=card)
    assert "Not sent. This was closed by Rosa" in town.group.last.text
    assert len(town.ana.messages) == heard
    await town.bea.tap("Open again and send", town.group)
    assert "Please keep it dry." in town.ana.last.text
    assert "Bea has it" in town.now(card).text


async def test_a_reply_to_anything_else_says_that_it_went_nowhere(town: Town) -> None:
    await town.rosa.send("/inbox", town.group)
    await town.rosa.send("hello?", town.group, reply_to=town.group.last)
    assert "was not sent to anybody" in town.group.last.text


async def test_words_changed_after_they_left_are_not_sent_again(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    reply = await town.rosa.send("Come at fve", town.group, reply_to=town.card())
    heard = len(town.ana.messages)
    await town.rosa.edit(reply, "Come at five")
    assert len(town.ana.messages) == heard
    assert "has your first words already" in town.group.last.text


async def test_staff_learn_at_once_that_the_patient_has_blocked_the_bot(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    await town.ana.block()
    await town.rosa.send("Come today", town.group, reply_to=town.card())
    assert "has blocked the bot" in town.group.last.text
    await town.rosa.send("/patients", town.group)
    assert "waits for an answer" in town.group.last.text


async def test_call_patient_names_the_reference_and_can_ask_her_to_call(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    await town.rosa.tap("Call patient", town.group)
    assert "no names and no phone numbers" in town.group.last.text
    await town.rosa.tap("Ask her to call us", town.group)
    assert "Please call +44 20 7946 0018" in town.ana.last.text
    await town.ana.tap("Copy the clinic's number")
    assert town.ana.clipboard == "+44 20 7946 0018"


async def test_an_answer_becomes_a_draft_for_the_clinician(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    await town.rosa.send("Keep it clean and call us.", town.group, reply_to=town.card())
    await town.rosa.tap("Save as template", town.group)
    (draft,) = await town.store.tx(proposals.listed)
    assert draft["text"] == "Keep it clean and call us."


async def test_the_inbox_lists_the_oldest_first_with_its_age(town: Town) -> None:
    await town.rosa.send("/inbox", town.group)
    assert town.group.last.text == "No one waits for you now."
    await town.joins()
    await town.ana.send("there is pus")
    town.clock.forward(minutes=40)
    bo = town.telegram.person("Bo")
    await town.joins(bo)
    await bo.send("I am unhappy with it")
    town.clock.forward(minutes=5)
    await town.rosa.send("/inbox", town.group)
    lines = town.group.last.text.splitlines()
    assert lines[0] == "2 waiting, the oldest first"
    assert "URGENT, today · 45 minutes ago" in lines[-2]
    assert "5 minutes ago" in lines[-1]
    await town.rosa.tap(town.group.last.labels[0], town.group)
    assert "there is pus" in town.group.last.text


async def test_a_card_that_nobody_takes_is_raised_with_everybodys_name(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    town.clock.forward(minutes=11)
    await town.tick()
    raised = town.group.last
    assert raised.text.startswith("Nobody has taken this yet. Rosa, Bea")
    links = [entity["url"] for entity in raised.entities if "url" in entity]
    assert links == [f"tg://user?id={person.id}" for person in (town.rosa, town.bea)]
    await town.bea.tap("I'll take it", town.group)
    assert "Bea has it" in raised.text


async def test_an_album_is_passed_on_picture_by_picture_after_one_yes(town: Town) -> None:
    await town.joins()
    before, heard = len(town.group.messages), len(town.ana.messages)
    for _ in range(3):
        await picture(town, town.ana, media_group_id="album")
    assert len(town.ana.messages) == heard + 1, "asked once"
    assert "May we show this to Riverside Skin?" in town.ana.last.text
    assert len(town.group.messages) == before
    await town.ana.tap("Yes, show it")
    photos = [said for said in town.group.messages if (said.attached() or ("",))[0] == "photo"]
    assert len(photos) == 1 + 3, "the QR picture and hers"
    assert "This helper has not looked at it" in town.ana.last.text
    await picture(town, town.ana, media_group_id="next")
    await picture(town, town.ana, media_group_id="next")
    photos = [said for said in town.group.messages if (said.attached() or ("",))[0] == "photo"]
    assert len(photos) == 1 + 5


async def test_a_no_to_photos_shows_them_to_nobody(town: Town) -> None:
    await town.joins()
    before = len(town.group.messages)
    await town.ana.voice()
    await town.ana.tap("No, do not")
    assert "not shown it to anybody" in town.ana.last.text
    await town.ana.voice()
    assert "nobody has seen yours" in town.ana.last.text
    assert len(town.group.messages) == before


async def test_a_picture_sent_as_a_file_is_asked_for_as_a_photo(town: Town) -> None:
    await town.joins()
    file = town.telegram.cloud.files.keep("document", Upload("p.jpg", "image/jpeg", PHOTO))
    await town.ana._said({"document": file.head()}, None)
    assert "send it as a photo, not as a file" in town.ana.last.text


async def test_a_warning_in_a_caption_comes_first(town: Town) -> None:
    await town.joins()
    await town.ana.photo("there is pus")
    assert any("URGENT" in said.text for said in town.group.messages)
    assert "May we show this" in town.ana.last.text


async def test_staff_answer_with_a_photo(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    await picture(town, town.rosa, town.group, reply_to=town.card(), caption="Like this")
    kind, _ = town.ana.last.attached() or ("", {})
    assert kind == "photo"
    assert town.ana.last.text == "Riverside Skin writes:\n\nLike this"


async def test_the_group_becomes_a_supergroup_and_goes_on_with_its_open_cards(
    town: Town,
) -> None:
    await town.joins()
    await town.ana.send("there is pus")
    grown = await town.group.migrate(town.rosa)
    assert "there is pus" in grown.last.text
    await town.bea.tap("I'll take it", grown)
    await town.bea.send("Come today", grown, reply_to=grown.messages[0])
    assert "Come today" in town.ana.last.text


async def test_the_bot_put_out_of_the_group_loses_nothing(town: Town) -> None:
    await town.joins()
    await town.group.remove_bot(town.rosa)
    assert (await town.store.tx(clinics.by_id, town.riverside.id)).chat_id is None
    await town.ana.send("there is pus")
    assert "Your message is with Riverside Skin" in town.ana.last.text
    await town.group.add_bot(town.rosa)
    await town.rosa.send("/inbox", town.group)
    assert "not connected" in town.group.last.text
    code = await town.store.tx(desk.connect_code, town.riverside, town.clock())
    await town.rosa.send(f"/connect {code}", town.group)
    assert "there is pus" in town.group.last.text


async def test_patients_are_looked_through_opened_and_corrected(town: Town) -> None:
    await town.joins()
    await town.ana.send("can I wear makeup")
    await town.rosa.send("/patients", town.group)
    assert "Microneedling · day 0" in town.group.last.text
    await town.rosa.tap(town.group.last.labels[0], town.group)
    card = town.group.last
    assert "Tapped Done: 0 of 0" in card.text
    await town.rosa.tap("What she wrote", town.group)
    assert "can I wear makeup" in card.text
    assert "Makeup" in card.text
    await town.rosa.tap("Back", town.group)
    await town.rosa.tap("Exceptions", town.group)
    await town.rosa.tap("Wear makeup", town.group)
    await town.rosa.tap("48 h", town.group)
    assert "Exception: Wear makeup after 48 h" in card.text
    await town.rosa.tap("Other time", town.group)
    await town.rosa.tap("2 hours ago", town.group)
    assert "treated today 12:00" in card.text
    await town.rosa.tap("Note", town.group)
    await town.rosa.send("prefers to be called", town.group, reply_to=town.group.last)
    await town.rosa.tap("Open", town.group)
    card = town.group.last
    assert "prefers to be called" in card.text
    await town.rosa.tap("Stop messages", town.group, message=card)
    await town.rosa.tap("Yes, stop messages", town.group)
    assert "stopped messages" in card.text


async def test_what_was_sent_is_shown_word_for_word_with_its_edition(town: Town) -> None:
    await town.joins()
    town.clock.forward(hours=20)
    await town.tick()
    said = town.ana.last.text
    await town.ana.tap("Done")
    await town.rosa.send("/patients", town.group)
    await town.rosa.tap(town.group.last.labels[0], town.group)
    card = town.group.last
    assert "Tapped Done: 1 of 1" in card.text
    await town.rosa.tap("What was sent", town.group)
    assert said.splitlines()[0] in card.text
    assert f"edition {town.bot.catalog.version}" in card.text


async def test_why_a_message_that_may_have_come_was_not_tried_again_is_told_in_plain_words(
    town: Town,
) -> None:
    await town.joins()
    town.clock.forward(hours=20)
    await town.tick()
    town.bot.store.run(
        lambda db: db.execute("UPDATE outbox SET state = 'uncertain', detail = :why",
        {"why": "not tried again: opted_out"})
    )  # fmt: skip
    await town.rosa.send("/patients", town.group)
    await town.rosa.tap(town.group.last.labels[0], town.group)
    card = town.group.last
    await town.rosa.tap("What was sent", town.group)
    assert "not sure (not tried again: said stop)" in card.text


async def test_a_patient_who_erases_her_data_is_erased_from_the_cards_too(town: Town) -> None:
    await town.joins()
    await town.ana.send("my own words about pus")
    card = town.card()
    await town.ana.send("/forget")
    await town.ana.tap("Yes, erase everything")
    assert "erased" in town.now(card).text
    assert "my own words" not in town.now(card).text


async def test_somebody_who_writes_as_the_group_is_asked_to_show_who_it_is(town: Town) -> None:
    ghost = town.telegram.person("Group", user_id=1087968824)
    ghost.user.is_bot = True
    town.group.chat.members[ghost.id] = "administrator"
    await ghost.send("/patients", town.group)
    assert "cannot tell who you are" in town.group.last.text
