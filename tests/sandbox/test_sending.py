"""What a bot says arrives as Telegram would show it."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from bot.sandbox.people import Person
from bot.sandbox.samples import PHOTO
from bot.sandbox.telegram import Telegram
from tests.sandbox.conftest import Api


async def test_a_message_arrives_as_text_and_entities_whose_offsets_count_utf16_units(
    api: Api, ana: Person
) -> None:
    sent = await api(
        "sendMessage", chat_id=ana.id, parse_mode="HTML", text="🙂 <b>Day 1</b> &amp; on"
    )

    assert sent.result["text"] == ana.last.text == "🙂 Day 1 & on"
    assert sent.result["entities"] == [{"type": "bold", "offset": 3, "length": 5}]
    assert sent.result["chat"] == {"id": ana.id, "type": "private", "first_name": "Ana"}
    assert sent.result["from"]["is_bot"] is True


@pytest.mark.parametrize("how", ["json", "form", "multipart", "query"])
async def test_a_call_is_understood_however_it_is_sent(api: Api, ana: Person, how: str) -> None:
    values = {"chat_id": str(ana.id), "text": "hello", "disable_notification": "true"}
    match how:
        case "json":
            await api.post("sendMessage", json=values)
        case "form":
            await api.post("SENDMESSAGE", data=values)
        case "multipart":
            form = aiohttp.FormData(values, quote_fields=False)
            form.add_field("unused", b"x", filename="x.bin")
            await api.post("sendMessage", data=form)
        case "query":
            url = f"{api.telegram.url}/bot{api.telegram.token}/sendMessage"
            async with api.session.get(url, params=values) as response:
                assert response.status == 200

    assert ana.last.text == "hello"
    assert ana.last.silent


async def test_buttons_are_kept_and_an_edit_without_them_takes_them_away(
    api: Api, ana: Person
) -> None:
    markup = {"inline_keyboard": [[{"text": "Done", "callback_data": "d", "style": "success"}]]}
    sent = await api("sendMessage", chat_id=ana.id, text="Sunscreen", reply_markup=markup)
    assert sent.result["reply_markup"] == markup
    assert ana.last.labels == ["Done"]

    where = {"chat_id": ana.id, "message_id": sent.result["message_id"]}
    edited = await api("editMessageText", **where, text="Sunscreen, done")

    assert "reply_markup" not in edited.result
    assert (ana.last.text, ana.last.labels, ana.last.edited) == ("Sunscreen, done", [], True)


async def test_only_the_buttons_of_a_message_can_be_changed(api: Api, ana: Person) -> None:
    sent = await api("sendMessage", chat_id=ana.id, text="Offers?")
    markup = json.dumps({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]})
    where = {"chat_id": ana.id, "message_id": sent.result["message_id"]}

    await api("editMessageReplyMarkup", **where, reply_markup=markup)

    assert (ana.last.text, ana.last.labels) == ("Offers?", ["Yes"])


async def test_a_document_can_be_fetched_again_and_sent_on_by_its_name(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id), "caption": "Your data"})
    form.add_field("document", b"{}", filename="mydata.json", content_type="application/json")
    sent = (await api.post("sendDocument", data=form)).result["document"]
    assert (sent["file_name"], sent["file_size"]) == ("mydata.json", 2)

    path = (await api("getFile", file_id=sent["file_id"])).result["file_path"]
    async with api.session.get(f"{telegram.url}/file/bot{telegram.token}/{path}") as response:
        assert await response.read() == b"{}"
    again = await api("sendDocument", chat_id=ana.id, document=sent["file_id"])
    assert again.result["document"]["file_id"] == sent["file_id"]


async def test_a_picture_tells_its_size_whether_it_is_attached_or_named(
    api: Api, ana: Person
) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id), "photo": "attach://qr"})
    form.add_field("qr", PHOTO, filename="qr.png", content_type="image/png")

    photo = (await api.post("sendPhoto", data=form)).result["photo"][-1]

    assert (photo["width"], photo["height"]) == (240, 180)


async def test_a_caption_can_be_changed_and_a_text_has_none(api: Api, ana: Person) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id), "caption": "Progress: 1 of 3"})
    form.add_field("photo", PHOTO, filename="p.png")
    sent = (await api.post("sendPhoto", data=form)).result
    where = {"chat_id": ana.id, "message_id": sent["message_id"]}

    edited = await api("editMessageCaption", **where, caption="Progress: 2 of 3")
    assert edited.result["caption"] == ana.last.text == "Progress: 2 of 3"
    assert (await api("editMessageText", **where, text="x")).refusal == (
        400,
        "Bad Request: there is no text in the message to edit",
    )
    text = await api("sendMessage", chat_id=ana.id, text="x")
    where["message_id"] = text.result["message_id"]
    assert (await api("editMessageCaption", **where, caption="x")).refusal == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )


async def test_a_place_can_be_sent_and_one_beyond_the_pole_cannot(api: Api, ana: Person) -> None:
    sent = await api("sendLocation", chat_id=ana.id, latitude=51.5, longitude=-0.1)
    assert sent.result["location"] == {"latitude": 51.5, "longitude": -0.1}
    refused = await api("sendLocation", chat_id=ana.id, latitude=91, longitude=0)
    assert refused.refusal == (400, "Bad Request: wrong location specified")


async def test_a_voice_note_of_a_patient_can_be_copied_to_the_group(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    group = telegram.group("Staff", [telegram.person("Rosa")])
    said = await ana.voice()

    copied = await api("copyMessage", chat_id=group.id, from_chat_id=ana.id, message_id=said.id)
    forwarded = await api(
        "forwardMessage", chat_id=group.id, from_chat_id=ana.id, message_id=said.id
    )

    assert copied.result == {"message_id": 1}
    assert "voice" in forwarded.result
    assert forwarded.result["forward_origin"]["sender_user"]["first_name"] == "Ana"


async def test_a_reply_shows_what_it_answers(api: Api, ana: Person) -> None:
    question = await ana.send("can I swim?")
    sent = await api(
        "sendMessage", chat_id=ana.id, text="Not yet", reply_parameters={"message_id": question.id}
    )
    assert sent.result["reply_to_message"]["text"] == "can I swim?"


async def test_a_reply_to_a_message_that_is_gone_is_sent_all_the_same_if_allowed(
    api: Api, ana: Person
) -> None:
    how = {"message_id": 99, "allow_sending_without_reply": True}
    sent = await api("sendMessage", chat_id=ana.id, text="Not yet", reply_parameters=how)
    assert "reply_to_message" not in sent.result


async def test_a_deleted_message_is_gone(api: Api, ana: Person) -> None:
    sent = await api("sendMessage", chat_id=ana.id, text="oops")
    where = {"chat_id": ana.id, "message_id": sent.result["message_id"]}
    assert (await api("deleteMessage", **where)).result is True
    assert ana.messages == []
    assert (await api("deleteMessage", **where)).refusal == (
        400,
        "Bad Request: message to delete not found",
    )


async def test_command_menus_are_kept_by_language_and_scope(api: Api) -> None:
    scope = {"type": "all_private_chats"}
    english = [{"command": "today", "description": "Today"}]
    spanish = [{"command": "hoy", "description": "Hoy"}]
    await api("setMyCommands", commands=english, scope=scope)
    await api("setMyCommands", commands=spanish, scope=scope, language_code="es")

    assert (await api("getMyCommands", scope=scope)).result == english
    assert (await api("getMyCommands", scope=scope, language_code="es")).result == spanish
    await api("deleteMyCommands", scope=scope, language_code="es")
    assert (await api("getMyCommands", scope=scope, language_code="es")).result == []


@pytest.mark.parametrize("field", ["Description", "ShortDescription", "Name"])
async def test_what_the_bot_says_of_itself_is_kept(api: Api, field: str) -> None:
    key = {"Description": "description", "ShortDescription": "short_description", "Name": "name"}
    words: dict[str, Any] = {key[field]: "Aftercare"}
    await api(f"setMy{field}", **words)
    assert (await api(f"getMy{field}")).result == words


async def test_the_members_of_a_group_can_be_looked_at(api: Api, telegram: Telegram) -> None:
    rosa, tom = telegram.person("Rosa"), telegram.person("Tom")
    group = telegram.group("Staff", [rosa, tom])

    administrators = (await api("getChatAdministrators", chat_id=group.id)).result
    tom_there = (await api("getChatMember", chat_id=group.id, user_id=tom.id)).result
    await group.leave(tom)
    tom_gone = (await api("getChatMember", chat_id=group.id, user_id=tom.id)).result

    assert [admin["user"]["first_name"] for admin in administrators] == ["Rosa"]
    assert (tom_there["status"], tom_gone["status"]) == ("member", "left")
    assert (await api("getChat", chat_id=group.id)).result["title"] == "Staff"
    assert (await api("getChatMemberCount", chat_id=group.id)).result == 2


async def test_a_pinned_message_shows_in_the_chat(api: Api, telegram: Telegram) -> None:
    group = telegram.group("Staff", [telegram.person("Rosa")])
    sent = await api("sendMessage", chat_id=group.id, text="Inbox")
    where = {"chat_id": group.id, "message_id": sent.result["message_id"]}

    await api("pinChatMessage", **where)
    assert (await api("getChat", chat_id=group.id)).result["pinned_message"]["text"] == "Inbox"
    await api("unpinChatMessage", **where)
    assert "pinned_message" not in (await api("getChat", chat_id=group.id)).result


async def test_a_bot_that_left_a_group_cannot_write_there(api: Api, telegram: Telegram) -> None:
    group = telegram.group("Staff", [telegram.person("Rosa")])
    assert (await api("leaveChat", chat_id=group.id)).result is True
    code, reason = (await api("sendMessage", chat_id=group.id, text="hello?")).refusal
    assert (code, reason) == (403, "Forbidden: bot is not a member of the group chat")
