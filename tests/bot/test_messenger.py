"""What the schedule hands over arrives at Telegram as it was meant."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram.ext import ExtBot

from bot.app import Bot
from bot.sandbox.people import Person
from bot.sandbox.samples import PHOTO
from bot.sandbox.telegram import Telegram
from bot.telegram.messenger import TelegramMessenger, inline
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.messenger import (
    Attachment,
    Blocked,
    Button,
    Outgoing,
    Rejected,
    RetryAfter,
    Sent,
    Unknown,
    Unreachable,
)
from scheduler.store.engine import Store
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import telegram_with_bot

KEYBOARD = (
    (Button("Done", "v1:done:1", style="success"), Button("Site", url="https://example.org/")),
    (Button("Copy", copy_text="+44 20 7946 0018"),),
)


class Line:
    """A messenger, and the phone at the other end."""

    def __init__(self, telegram: Telegram, bot: Bot) -> None:
        self.telegram = telegram
        self.messenger = TelegramMessenger(bot.application.bot)
        self.ana: Person = telegram.person("Ana")


@pytest.fixture
async def line(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge
) -> AsyncIterator[Line]:
    async with telegram_with_bot(store, catalog, clock, knowledge=knowledge) as (telegram, bot):
        line = Line(telegram, bot)
        await line.ana.send("/start")
        yield line


async def test_a_message_with_buttons_and_without_a_sound(line: Line) -> None:
    result = await line.messenger.send(
        Outgoing(line.ana.id, "<b>Wash</b> gently.", KEYBOARD, silent=True)
    )
    last = line.ana.last
    assert result == Sent(last.id)
    assert last.text == "Wash gently."
    assert last.silent
    assert last.labels == ["Done", "Site", "Copy"]
    assert last.rows[0][0]["style"] == "success"


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "video", "audio"])
async def test_a_file_of_ours_and_one_that_telegram_has(line: Line, kind: str) -> None:
    ours = Attachment(kind, "x.bin", content=PHOTO)  # type: ignore[arg-type]
    await line.messenger.send(Outgoing(line.ana.id, "Here.", attachment=ours))
    attached = line.ana.last.attached()
    assert attached is not None
    assert attached[0] == kind
    again = Attachment(kind, "x.bin", file_id=attached[1]["file_id"])  # type: ignore[arg-type]
    await line.messenger.send(Outgoing(line.ana.id, "", attachment=again))
    assert line.ana.last.attached() == attached


async def test_a_reply_quotes_and_does_not_fail_when_that_is_gone(line: Line) -> None:
    asked = await line.ana.send("/help")
    await line.messenger.send(Outgoing(line.ana.id, "Yes.", reply_to=asked.id))
    assert line.ana.last.reply_to == asked.id
    assert isinstance(await line.messenger.send(Outgoing(line.ana.id, "Yes.", reply_to=9999)), Sent)


async def test_a_keyboard_to_share_a_location_comes_and_goes(line: Line) -> None:
    await line.messenger.send(Outgoing(line.ana.id, "Where?", ask_location="Share"))
    assert line.ana.chat.keyboard is not None
    await line.messenger.send(Outgoing(line.ana.id, "Thanks.", remove_keyboard=True))
    assert line.ana.chat.keyboard is None


async def test_an_answer_can_be_asked_for(line: Line) -> None:
    await line.messenger.send(Outgoing(line.ana.id, "Your note?", ask_reply="Note"))
    (call,) = line.telegram.calls("sendMessage", chat_id=line.ana.id)[-1:]
    assert "force_reply" in str(call.arguments.values)


async def test_a_message_taken_back_is_gone_and_stays_gone(line: Line) -> None:
    sent = await line.messenger.send(Outgoing(line.ana.id, "One"))
    assert isinstance(sent, Sent)
    where = {"chat_id": line.ana.id, "message_id": sent.message_id}
    assert await line.messenger.delete(**where) == sent
    assert "One" not in [message.text for message in line.ana.messages]
    assert await line.messenger.delete(**where) == sent, "there is nothing left to take back"
    line.telegram.faults.fail(400, "Bad Request: message can't be deleted for everyone")
    assert isinstance(await line.messenger.delete(**where), Rejected)


async def test_an_edit_in_place_and_an_edit_that_changes_nothing(line: Line) -> None:
    sent = await line.messenger.send(Outgoing(line.ana.id, "One", KEYBOARD))
    assert isinstance(sent, Sent)
    edit = {"chat_id": line.ana.id, "message_id": sent.message_id, "text": "Two"}
    assert await line.messenger.edit(**edit) == sent  # type: ignore[arg-type]
    assert await line.messenger.edit(**edit) == sent  # type: ignore[arg-type]
    assert line.ana.last.text == "Two"
    assert line.ana.last.labels == []
    assert isinstance(
        await line.messenger.edit(chat_id=line.ana.id, message_id=9999, text="x"), Rejected
    )


@pytest.mark.parametrize("guess", [True, False])
async def test_a_caption_is_changed_and_the_file_stays_also_if_a_text_was_expected(
    line: Line, *, guess: bool
) -> None:
    file = Attachment("document", "x.ics", content=b"BEGIN:VCALENDAR")
    sent = await line.messenger.send(Outgoing(line.ana.id, "One", KEYBOARD, attachment=file))
    assert isinstance(sent, Sent)
    edit = {"chat_id": line.ana.id, "message_id": sent.message_id, "caption": guess}
    assert await line.messenger.edit(text="<b>Two</b>", **edit) == sent  # type: ignore[arg-type]
    assert line.ana.last.text == "Two"
    assert line.ana.last.labels == []
    assert line.ana.last.attached() is not None
    assert await line.messenger.edit(text="<b>Two</b>", **edit) == sent  # type: ignore[arg-type]
    plain = await line.messenger.send(Outgoing(line.ana.id, "Three"))
    assert isinstance(plain, Sent)
    edit = {"chat_id": line.ana.id, "message_id": plain.message_id, "caption": guess}
    assert await line.messenger.edit(text="Four", **edit) == plain  # type: ignore[arg-type]
    assert line.ana.last.text == "Four"


async def test_a_video_note_goes_without_words(line: Line) -> None:
    note = Attachment("video_note", "x.mp4", content=PHOTO)
    await line.messenger.send(Outgoing(line.ana.id, "", attachment=note))
    attached = line.ana.last.attached()
    assert attached is not None
    assert attached[0] == "video_note"


async def test_every_end_of_a_request_is_told_and_none_is_raised(line: Line) -> None:
    faults, send = line.telegram.faults, Outgoing(line.ana.id, "Hello")
    faults.too_many(3, method="sendMessage")
    assert await line.messenger.send(send) == RetryAfter(3)
    faults.fail(502, "Bad Gateway", method="sendMessage")
    assert isinstance(await line.messenger.send(send), Unreachable)
    faults.drop(handled=True, method="sendMessage")
    assert isinstance(await line.messenger.send(send), Unknown)
    assert isinstance(await line.messenger.send(Outgoing(line.ana.id, "<b>open")), Rejected)
    assert isinstance(await line.messenger.send(Outgoing(987_654, "Hello")), Blocked)
    await line.ana.block()
    assert isinstance(await line.messenger.send(send), Blocked)


async def test_telegram_is_asked_whether_it_answers_and_says_nothing_to_anybody(
    line: Line,
) -> None:
    before, faults = line.ana.last, line.telegram.faults
    assert await line.messenger.answers()
    faults.too_many(3, method="getMe")
    assert await line.messenger.answers(), "to be told to wait is an answer"
    faults.fail(502, "Bad Gateway", method="getMe")
    assert not await line.messenger.answers()
    faults.drop(handled=True, method="getMe")
    assert not await line.messenger.answers()
    assert line.ana.last is before


def test_no_buttons_make_no_keyboard() -> None:
    assert inline(()) is None


def test_a_bot_over_another_transport_is_refused() -> None:
    with pytest.raises(TypeError):
        TelegramMessenger(ExtBot("4242:" + "x" * 35))
