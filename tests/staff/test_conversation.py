"""A patient and her clinic talk: words, files, what is lost and sent again, over a loopback API."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.arguments import Upload
from bot.sandbox.chats import Message
from bot.sandbox.groups import Group
from bot.sandbox.people import Person
from bot.sandbox.samples import PHOTO
from bot.telegram.shared import MOST_BYTES
from scheduler.services import answering, cards, thread
from scheduler.store import patients, talk
from tests.staff.conftest import Town
from tests.staff.test_desk import data_of

KINDS = ("photo", "voice", "video", "video_note", "audio", "document")
TYPES = {"photo": "image/png", "voice": "audio/ogg", "audio": "audio/mpeg"}


async def share(
    town: Town,
    person: Person,
    kind: str,
    to: Group | None = None,
    *,
    reply_to: Message | None = None,
    caption: str = "",
    **more: Any,
) -> None:
    """Send a file of a kind; `more` is put into what Telegram says of it."""
    upload = Upload("notes.pdf", TYPES.get(kind, "application/pdf"), PHOTO)
    head: Any = {**town.telegram.cloud.files.keep(kind, upload).head(), **more}
    content: dict[str, Any] = {kind: [head] if kind == "photo" else head}
    if caption:
        content["caption"] = caption
    person._say(content, to, reply_to)
    await town.telegram._settled()


async def urgent(town: Town) -> Message:
    """Ana has joined and written of a warning sign; her card is in the group."""
    await town.joins()
    await town.ana.send("there is pus on my cheek")
    return town.card()


async def later(town: Town, **delta: float) -> None:
    town.clock.forward(**delta)
    await town.tick()


def said_posts(town: Town) -> list[Message]:
    """The posts with Ana's further words, oldest first."""
    return [
        message
        for message in town.group.messages
        if message.reply_to == town.card().id
        and "Delivered" not in message.text
        and message.attached() is None
    ]


async def kept(town: Town) -> list[str]:
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    return [row["said"] for row in await town.store.tx(talk.exchanges, patient.id)]


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_she_sends_reaches_her_clinic_after_her_yes_and_nobody_else(
    town: Town, kind: str
) -> None:
    card = await urgent(town)
    await share(town, town.ana, kind)
    assert "May we show this" in town.ana.last.text
    assert town.group.last.id == card.id
    await town.ana.tap("Yes, show it")
    assert (town.group.last.attached() or ("",))[0] == kind
    assert town.group.last.reply_to == card.id
    assert any("The bot has not looked at it" in said.text for said in town.group.messages)
    assert "has not looked at it" in town.ana.last.text
    await town.bea.send("Thank you, that helps.", town.group, reply_to=town.group.last)
    assert "Thank you, that helps." in town.ana.last.text
    assert all(said.attached() is None for said in town.hill.messages)


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_staff_reply_with_reaches_her_under_the_clinics_name(
    town: Town, kind: str
) -> None:
    card = await urgent(town)
    await share(town, town.rosa, kind, town.group, reply_to=card)
    assert (town.ana.last.attached() or ("",))[0] == kind
    assert "Riverside Skin writes:" in " ".join(said.text for said in town.ana.messages[-2:])
    assert "Delivered" in town.group.last.text


@pytest.mark.parametrize(
    "content",
    [
        {"dice": {"emoji": "🎲", "value": 3}},
        {"contact": {"phone_number": "+44", "first_name": "X"}},
        {"location": {"latitude": 51.5, "longitude": 0.1}},
    ],
)
async def test_what_cannot_be_passed_on_gets_one_sentence_on_either_side(
    town: Town, content: dict[str, Any]
) -> None:
    card = await urgent(town)
    heard = len(town.ana.messages)
    town.rosa._say(content, town.group, card)
    await town.telegram._settled()
    assert "cannot be passed on" in town.group.last.text
    assert len(town.ana.messages) == heard
    if "location" not in content:  # which sets her clock
        seen = len(town.group.messages)
        await town.ana._said(content, None)
        assert "We cannot pass that on to Riverside Skin" in town.ana.last.text
        assert len(town.group.messages) == seen


async def test_a_sticker_of_staff_goes_nowhere_and_says_so(town: Town) -> None:
    card = await urgent(town)
    heard = len(town.ana.messages)
    await share(town, town.rosa, "sticker", town.group, reply_to=card)
    assert "cannot be passed on" in town.group.last.text
    assert len(town.ana.messages) == heard


async def test_a_file_over_telegrams_limit_for_bots_is_refused_in_one_sentence(town: Town) -> None:
    card = await urgent(town)
    await share(town, town.ana, "video", file_size=MOST_BYTES + 1)
    assert "too big to pass on: Telegram lets us send up to 50 MB" in town.ana.last.text
    heard = len(town.ana.messages)
    await share(town, town.rosa, "document", town.group, reply_to=card, file_size=MOST_BYTES + 1)
    assert "files of up to 50 MB" in town.group.last.text
    assert len(town.ana.messages) == heard


async def test_a_file_that_telegram_does_not_let_pass_is_told_to_both(town: Town) -> None:
    await urgent(town)
    await share(town, town.ana, "video", file_id="gone")
    await town.ana.tap("Yes, show it")
    await later(town, seconds=30)
    assert "sent a video that Telegram did not let us show you" in town.group.last.text
    assert "did not let us show your file to Riverside Skin" in town.ana.last.text
    heard, seen = len(town.ana.messages), len(town.group.messages)
    await later(town, seconds=30)
    assert (len(town.ana.messages), len(town.group.messages)) == (heard, seen)


async def test_a_yes_to_photos_alone_is_asked_again_before_a_video_is_shown(town: Town) -> None:
    await urgent(town)
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    await town.store.tx(
        patients.record_consent, patient.id, "media", "2026.1", given=True, now=town.clock()
    )
    await share(town, town.ana, "photo")
    assert (town.group.last.attached() or ("",))[0] == "photo"
    seen = len(town.group.messages)
    await share(town, town.ana, "video")
    assert "May we show this" in town.ana.last.text
    assert len(town.group.messages) == seen


async def test_what_she_writes_shortly_after_one_another_is_one_post_that_grows(
    town: Town,
) -> None:
    card = await urgent(town)
    for said in ("it also itches", "since this morning", "should I wash it"):
        await town.ana.send(said)
        await later(town, seconds=7)
    (post,) = said_posts(town)
    assert post.reply_to == card.id
    for said in ("it also itches", "since this morning", "should I wash it"):
        assert said in post.text
    await town.bea.send("Please do not wash it.", town.group, reply_to=post)
    assert "Please do not wash it." in town.ana.last.text
    await town.ana.send("all right")
    assert "all right" in town.group.last.text, "after an answer a new post begins"
    assert "all right" not in town.now(post).text


async def test_after_a_while_her_words_come_in_a_post_of_their_own(town: Town) -> None:
    await urgent(town)
    await town.ana.send("it itches")
    await later(town, seconds=thread.TOGETHER.total_seconds() + 1)
    before = len(said_posts(town))
    await town.ana.send("it still itches")
    assert len(said_posts(town)) == before + 1


async def test_a_new_warning_sign_is_an_alert_of_its_own_in_the_middle_of_her_words(
    town: Town,
) -> None:
    card = await urgent(town)
    await town.rosa.tap("I'll take it", town.group)
    await town.ana.send("it itches")
    await town.ana.send("and a cold sore")
    alert = town.group.last
    assert alert.id != card.id
    assert not alert.silent
    assert "and a cold sore" in alert.text
    assert "cold sore" in alert.text.split("Matched:")[1]
    await town.ana.send("more pus now")
    assert town.group.last.id == alert.id, "a sign that is known comes with her words"
    await later(town, seconds=7)
    assert "more pus now" in said_posts_text(town)


async def test_a_sign_again_on_what_somebody_has_is_loud_and_waits_for_a_tap_on_seen(
    town: Town,
) -> None:
    card = await urgent(town)
    await town.rosa.tap("I'll take it", town.group)
    await later(town, hours=1)
    await town.ana.send("more pus now")
    alert = town.group.last
    assert alert.id != card.id
    assert not alert.silent
    assert alert.text.startswith("A warning sign again, today 15:00. Rosa has it.")
    assert "URGENT" in alert.text
    await town.rosa.send("/inbox", town.group)
    assert "Rosa has it · a warning sign again" in town.group.last.text
    await later(town, minutes=11)
    raised = town.group.last
    assert "Nobody has reacted yet. Bea" in raised.text
    heard = len(town.ana.messages)
    tap = data_of(raised, "Seen, I have it")
    await town.bea.tap("Seen, I have it", town.group, message=raised)
    assert "Bea has it" in town.now(raised).text
    assert "warning sign again" not in town.now(alert).text
    assert "has seen this" in town.ana.messages[heard].text
    await town.rosa.tap(data=tap, at=town.group, message=raised)
    assert town.rosa.toasts[-1] == "Bea has it."
    seen = len(town.group.messages)
    await later(town, minutes=60)
    assert len(town.group.messages) == seen


async def test_a_flood_of_photos_is_counted_and_shown_by_taps(town: Town) -> None:
    await urgent(town)
    await share(town, town.ana, "photo")
    await town.ana.tap("Yes, show it")
    for _ in range(17):
        await share(town, town.ana, "photo")
    await later(town, seconds=7)

    def shown() -> int:
        return sum((said.attached() or ("",))[0] == "photo" for said in town.group.messages)

    before = shown()
    counted = next(said for said in town.group.messages if "more files" in said.text)
    assert "sent 8 more files" in counted.text
    await town.rosa.tap("Show files", town.group, message=counted)
    assert shown() == before + 5
    await later(town, seconds=7)
    assert "sent 3 more files" in town.now(counted).text
    await town.bea.tap("Show files", town.group, message=counted)
    await later(town, seconds=7)
    assert shown() == before + 8
    assert town.now(counted).text == "All files are shown."


async def test_who_is_told_that_a_person_reads_it_has_a_card_before_the_group(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.joins()

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(cards, "card", breaks)
        patched.setattr(cards, "plain", breaks)
        await town.ana.send("there is pus on my cheek")
    assert "could not show it to Riverside Skin yet" in town.ana.last.text
    assert "+44 20 7946 0018" in town.ana.last.text
    assert all("went wrong" not in said.text for said in town.ana.messages)
    await later(town, minutes=11)
    assert "there is pus on my cheek" in town.card().text


def said_posts_text(town: Town) -> str:
    return " ".join(message.text for message in town.group.messages)


async def test_a_flood_is_counted_and_every_word_of_it_is_on_her_page(town: Town) -> None:
    await urgent(town)
    words = [f"and another thing, number {number}" for number in range(75)]
    for said in words:
        town.ana._say({"text": said}, None)
    await town.telegram._settled()
    await later(town, seconds=7)
    posts = said_posts(town)
    assert len(posts) == thread.MOST_POSTS
    assert "and 15 more. Tap What she wrote" in posts[-1].text
    assert [said for said in await kept(town) if said in words] == words
    await town.rosa.tap("What she wrote", town.group, message=posts[-1])
    assert "and 15 more" in town.now(posts[-1]).text, "the post stays what it is"
    page, read = town.group.last, ""
    for _ in range(20):
        read += town.now(page).text
        if "More" not in town.now(page).labels:
            break
        await town.rosa.tap("More", town.group, message=page)
    assert all(said in read for said in words)


async def test_a_message_as_long_as_telegram_takes_is_read_whole(town: Town) -> None:
    await urgent(town)
    story = " ".join(f"word{number}" for number in range(500))[:4000]
    await town.ana.send(story)
    assert story in town.group.last.text
    await town.ana.send("<" * 4096)
    assert "That was longer" in town.group.last.text
    await town.rosa.tap("What she wrote", town.group)
    page, read = town.group.last, ""
    for _ in range(12):
        read += "".join(town.now(page).text.split())
        if "More" not in town.now(page).labels:
            break
        await town.rosa.tap("More", town.group, message=page)
    assert all(word in read for word in ("word0", "word250", story.split()[-1]))
    assert read.count("<") == 4096


async def test_an_answer_nobody_can_be_sure_of_is_on_the_card_and_goes_again_only_by_a_tap(
    town: Town,
) -> None:
    card = await urgent(town)
    heard = len(town.ana.messages)
    town.telegram.faults.drop(handled=True, method="sendMessage", chat_id=town.ana.id)
    await town.rosa.send("Come at five", town.group, reply_to=card)
    assert "We cannot tell whether it reached" in town.group.last.text
    assert "Not sure that it arrived, by Rosa: Come at five" in town.now(card).text
    assert town.now(card).labels[0] == "Send again"
    for _ in range(5):
        await later(town, minutes=10)
    assert sum("Come at five" in said.text for said in town.ana.messages[heard:]) == 1
    again = data_of(town.now(card), "Send again")
    await town.bea.tap("Send again", town.group, message=card)
    assert sum("Come at five" in said.text for said in town.ana.messages[heard:]) == 2
    assert "Delivered" in town.group.last.text
    assert "Not sure" not in town.now(card).text
    assert "there is pus on my cheek" in town.now(card).text
    await town.rosa.tap(data=again, at=town.group, message=card)
    assert town.rosa.toasts[-1] == "That was sent already."
    assert sum("Come at five" in said.text for said in town.ana.messages[heard:]) == 2


async def test_an_answer_to_somebody_who_blocked_the_bot_goes_again_when_she_is_back(
    town: Town,
) -> None:
    card = await urgent(town)
    await town.ana.block()
    await town.rosa.send("Come at five", town.group, reply_to=card)
    assert "has blocked the bot" in town.group.last.text
    assert "Not delivered: the bot is blocked, by Rosa: Come at five" in town.now(card).text
    await town.ana.unblock()
    await town.rosa.tap("Send again", town.group)
    assert "Delivered" in town.group.last.text
    assert "Come at five" in town.ana.last.text
    assert "Not delivered" not in town.now(card).text


async def test_of_a_long_answer_only_the_lost_part_goes_again(town: Town) -> None:
    card = await urgent(town)
    heard = len(town.ana.messages)
    town.telegram.faults.drop(handled=False, method="sendPhoto", chat_id=town.ana.id)
    words = " ".join(f"step{number}" for number in range(180))
    await share(town, town.rosa, "photo", town.group, reply_to=card, caption=words)
    assert "We cannot tell" in town.group.last.text
    await town.rosa.tap("Send again", town.group)
    said = town.ana.messages[heard:]
    assert [bool(message.attached()) for message in said] == [False, True]
    assert "Delivered" in town.group.last.text


async def test_an_answer_that_waited_and_then_failed_is_on_the_card(town: Town) -> None:
    card = await urgent(town)
    town.telegram.faults.too_many(40, method="sendMessage", chat_id=town.ana.id)
    await town.rosa.send("Come at five", town.group, reply_to=card)
    assert "as soon as it can" in town.group.last.text
    town.telegram.faults.drop(handled=False, method="sendMessage", chat_id=town.ana.id)
    await later(town, minutes=1)
    await later(town, minutes=2)
    assert "We cannot tell whether it reached" in town.group.last.text
    assert town.group.last.labels == ["Send again"]
    assert "Not sure that it arrived" in town.now(card).text


async def test_an_edit_that_telegram_puts_off_is_made_when_it_may(town: Town) -> None:
    card = await urgent(town)
    await town.ana.send("it itches")
    town.telegram.faults.too_many(20, method="editMessageText", times=2)
    await town.ana.send("since this morning")
    await town.rosa.tap("I'll take it", town.group)
    assert "Nobody has it yet" in town.now(card).text
    await later(town, seconds=21)
    assert "since this morning" in said_posts_text(town)
    assert "Rosa has it" in town.now(card).text


async def test_words_whose_post_somebody_deleted_are_shown_again(town: Town) -> None:
    await urgent(town)
    await town.ana.send("it itches")
    del town.group.chat.log[town.group.last.id]
    await town.ana.send("since this morning")
    for _ in range(3):
        await later(town, seconds=7)
    assert "it itches" in said_posts_text(town)
    assert "since this morning" in said_posts_text(town)
    seen = len(town.group.messages)
    for _ in range(3):
        await later(town, seconds=30)
    assert len(town.group.messages) == seen


async def test_staff_are_told_when_a_flood_in_their_group_cost_a_tap(town: Town) -> None:
    await town.bot.tell_of_flood(town.group.id)
    assert "some taps and commands were not done" in town.group.last.text
    await town.bot.tell_of_flood(-987654)


async def test_an_answer_that_broke_inside_is_told_in_the_group(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await urgent(town)
    heard = len(town.ana.messages)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(answering, "answer", breaks)
        reply = await town.rosa.send("Come at five", town.group, reply_to=card)
    assert "Something went wrong on our side" in town.group.last.text
    assert town.group.last.reply_to == reply.id
    assert len(town.ana.messages) == heard
    await town.rosa.send("Come at five", town.group, reply_to=card)
    assert "Come at five" in town.ana.last.text


async def test_her_photos_leave_the_group_when_she_erases_her_data(
    town: Town,
) -> None:
    await urgent(town)
    await share(town, town.ana, "photo")
    await town.ana.tap("Yes, show it")
    shown = town.group.last
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    assert patient.ref in shown.text
    await town.ana.send("/forget")
    await town.ana.tap("Yes, erase everything")
    assert shown.id not in [message.id for message in town.group.messages]


async def test_a_page_about_her_that_staff_opened_is_emptied_when_she_erases_her_data(
    town: Town,
) -> None:
    await town.joins()
    await town.ana.send("can I wear makeup on this purple patch")
    await town.rosa.send("/patients", town.group)
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    await town.rosa.tap(patient.ref, town.group)
    await town.rosa.tap("What she wrote", town.group)
    assert any("purple patch" in message.text for message in town.group.messages)
    await town.ana.send("/forget")
    await town.ana.tap("Yes, erase everything")
    assert not any("purple patch" in message.text for message in town.group.messages)


async def test_two_clinics_talk_with_their_patients_at_once_and_nothing_crosses(
    town: Town,
) -> None:
    await urgent(town)
    bo = town.telegram.person("Bo")
    await town.olga.send("/treated", town.hill)
    for label in ("Microneedling", "Face", "1 hour ago", "Make the code"):
        await town.olga.tap(label, town.hill)
    await bo.send(f"/start {town.code(town.hill)}")
    await bo.tap("I agree")
    await bo.tap("Yes, that is right")
    await bo.send("my pus is worse")
    hers = next(said for said in town.hill.messages if "my pus is worse" in said.text)
    await town.olga.send("Come to the hill", town.hill, reply_to=hers)
    await town.rosa.send("Come to the river", town.group, reply_to=town.card())
    assert "Hilltop Clinic writes:" in bo.last.text
    assert "Come to the river" in town.ana.last.text
    assert not any("worse" in said.text or "hill" in said.text for said in town.group.messages)
    assert not any("cheek" in said.text or "river" in said.text for said in town.hill.messages)
