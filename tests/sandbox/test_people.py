"""People do with the sandbox what they do with Telegram."""

from __future__ import annotations

import pytest

from bot.sandbox.people import Person
from bot.sandbox.phone import Impossible
from bot.sandbox.telegram import Telegram
from tests.sandbox.conftest import Api


async def test_a_patient_taps_the_newest_button_of_that_name(api: Api, ana: Person) -> None:
    for number in (1, 2):
        markup = {"inline_keyboard": [[{"text": "Done", "callback_data": str(number)}]]}
        await api("sendMessage", chat_id=ana.id, text="x", reply_markup=markup)
    await ana.tap("Done")
    (update,) = await api.updates()
    assert update["callback_query"]["data"] == "2"


async def test_a_button_that_is_not_there_is_named_with_those_that_are(
    api: Api, ana: Person
) -> None:
    markup = {"inline_keyboard": [[{"text": "Done", "callback_data": "d"}]]}
    await api("sendMessage", chat_id=ana.id, text="x", reply_markup=markup)
    with pytest.raises(LookupError, match="no button 'Later'; there are: Done"):
        await ana.tap("Later")


async def test_a_button_that_copies_fills_the_clipboard_and_tells_the_bot_nothing(
    api: Api, ana: Person
) -> None:
    button = {"text": "Copy", "copy_text": {"text": "+44 20 7946 0018"}}
    link = {"text": "Map", "url": "https://example.org/map"}
    markup = {"inline_keyboard": [[button, link]]}
    await api("sendMessage", chat_id=ana.id, text="x", reply_markup=markup)
    await ana.tap("Copy")
    assert ana.clipboard == "+44 20 7946 0018"
    assert await ana.tap("Map") == "https://example.org/map"
    assert await api.updates() == []


async def test_a_shown_keyboard_shares_the_location_and_goes(api: Api, ana: Person) -> None:
    markup = {
        "keyboard": [[{"text": "Share where I am", "request_location": True}]],
        "one_time_keyboard": True,
    }
    await api("sendMessage", chat_id=ana.id, text="Where?", reply_markup=markup)
    await ana.tap("Share where I am")
    (update,) = await api.updates()
    assert round(update["message"]["location"]["latitude"]) == 52
    assert ana.chat.keyboard is None


async def test_a_ten_thousand_character_text_arrives_in_parts(api: Api, ana: Person) -> None:
    await ana.send("word " * 2000)
    lengths = [len(u["message"]["text"]) for u in await api.updates()]
    assert sum(lengths) == 9999
    assert max(lengths) == 4096


async def test_everything_that_is_not_text_reaches_the_bot_as_what_it_is(
    api: Api, ana: Person
) -> None:
    await ana.photo("my cheek")
    await ana.voice()
    await ana.sticker()
    await ana.document("note.txt", b"hello")
    await ana.forward("drink water")
    photo, voice, sticker, document, forwarded = [u["message"] for u in await api.updates()]
    assert photo["caption"] == "my cheek"
    assert photo["photo"][0]["width"] == 240
    assert {"voice", "sticker", "document"} <= {*voice, *sticker, *document}
    assert forwarded["forward_origin"]["type"] == "hidden_user"


async def test_a_command_is_marked_as_telegram_marks_it(api: Api, ana: Person) -> None:
    await ana.send("/start ABC")
    (update,) = await api.updates()
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_nobody_writes_where_they_are_not(telegram: Telegram, ana: Person) -> None:
    group = telegram.group("Staff", [telegram.person("Rosa")])
    with pytest.raises(Impossible, match="Ana is not in Staff"):
        await ana.send("hello", group)
    with pytest.raises(Impossible, match="empty"):
        await ana.send("  ")
    await ana.block()
    with pytest.raises(Impossible, match="has blocked the bot"):
        await ana.send("hello")


async def test_who_waits_in_vain_is_told_what_was_said_last(api: Api, ana: Person) -> None:
    await api("sendMessage", chat_id=ana.id, text="Good night")
    with pytest.raises(TimeoutError, match="the last was: Good night"):
        await ana.hears("Good morning", within=0.01)
