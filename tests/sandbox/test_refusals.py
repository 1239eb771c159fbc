"""Telegram refuses in its own words, so that what the bot makes of them is tested too."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.sandbox.methods import METHODS
from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from tests.sandbox.conftest import Api

SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)

UNMATCHED = (
    'can\'t parse entities: Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'
)


def inline(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **button}]]}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "   \n "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🙂" * 2049}, "message is too long"),
        (
            {"text": "a <q>b</q>", "parse_mode": "HTML"},
            'can\'t parse entities: Unsupported start tag "q" at byte offset 2',
        ),
        (
            {"text": "é <b>b", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            {"text": "é <b>b</i>", "parse_mode": "HTML"},
            UNMATCHED,
        ),
        (
            {"text": "a</b>", "parse_mode": "HTML"},
            "can't parse entities: Unexpected end tag at byte offset 1",
        ),
        (
            {"text": "3 < 4", "parse_mode": "HTML"},
            'can\'t parse entities: Unsupported start tag "" at byte offset 2',
        ),
        ({"text": "x", "parse_mode": "Klingon"}, "unsupported parse_mode"),
        ({"text": "x", "reply_markup": inline(callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": inline(callback_data="")}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": inline()},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": inline(url="no")},
            "inline keyboard button URL 'no' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "reply_markup": inline(copy_text={"text": ""})},
            "BUTTON_COPY_TEXT_INVALID",
        ),
        (
            {"text": "x", "reply_markup": inline(callback_data="d", style="pink")},
            "can't parse button: invalid button style specified",
        ),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "x", "reply_parameters": {"message_id": 9}}, "message to be replied not found"),
    ],
)
async def test_a_message_that_telegram_does_not_take_is_refused(
    api: Api, ana: Person, values: dict[str, Any], reason: str
) -> None:
    refused = await api("sendMessage", chat_id=ana.id, **values)
    assert refused.refusal == (400, f"Bad Request: {reason}")
    assert ana.messages == []


async def test_a_text_of_exactly_the_limit_after_entities_is_taken(api: Api, ana: Person) -> None:
    text = f"<b>{'x' * 4094}</b>&lt;&gt;"
    await api("sendMessage", chat_id=ana.id, text=text, parse_mode="HTML")
    assert len(ana.last.text) == 4096


@pytest.mark.parametrize(
    ("chat", "code", "reason"),
    [
        ("", 400, "Bad Request: chat_id is empty"),
        (987654, 400, "Bad Request: chat not found"),
        ("@nobody_here", 400, "Bad Request: chat not found"),
    ],
)
async def test_a_chat_that_is_not_there_is_refused(
    api: Api, chat: object, code: int, reason: str
) -> None:
    assert (await api("sendMessage", chat_id=chat, text="x")).refusal == (code, reason)


async def test_a_bot_cannot_write_first(api: Api, telegram: Telegram) -> None:
    stranger = telegram.person("Sam")
    assert (await api("sendMessage", chat_id=stranger.id, text="x")).refusal == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )


async def test_a_patient_who_blocks_the_bot_is_out_of_reach_until_she_returns(
    api: Api, ana: Person
) -> None:
    await ana.block()
    refused = await api("sendMessage", chat_id=ana.id, text="x")
    assert refused.refusal == (403, "Forbidden: bot was blocked by the user")

    await ana.unblock()
    assert (await api("sendMessage", chat_id=ana.id, text="back")).result

    changes = [
        update["my_chat_member"]["new_chat_member"]["status"] for update in await api.updates()
    ]
    assert changes == ["kicked", "member"]


async def test_a_group_that_became_a_supergroup_tells_its_new_number(
    api: Api, telegram: Telegram
) -> None:
    rosa = telegram.person("Rosa")
    group = telegram.group("Staff", [rosa])
    grown = await group.migrate(by=rosa)

    refused = await api("sendMessage", chat_id=group.id, text="x")

    assert refused.refusal == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
    )
    assert refused.body["parameters"] == {"migrate_to_chat_id": grown.id}
    told = [update["message"] for update in await api.updates()]
    assert [m.get("migrate_to_chat_id") for m in told] == [grown.id, None]
    assert [m.get("migrate_from_chat_id") for m in told] == [None, group.id]


async def test_a_wrong_token_opens_nothing(api: Api) -> None:
    other = "4242:" + "x" * 35
    assert (await api.post("getMe", token=other)).refusal == (401, "Unauthorized")
    assert (await api.post("getMe", token="nonsense")).refusal == (404, "Not Found")
    async with api.session.get(f"{api.telegram.url}/file/bot{other}/photos/1.png") as response:
        assert response.status == 401


async def test_an_unknown_method_is_refused(api: Api) -> None:
    assert (await api("sendTelepathy")).refusal == (404, "Not Found: method not found")


async def test_an_edit_that_changes_nothing_is_refused(api: Api, ana: Person) -> None:
    sent = await api(
        "sendMessage", chat_id=ana.id, text="Sun", reply_markup=inline(callback_data="d")
    )
    where = {"chat_id": ana.id, "message_id": sent.result["message_id"]}
    same = await api("editMessageText", **where, text="Sun", reply_markup=inline(callback_data="d"))
    assert same.refusal == (400, f"Bad Request: {SAME}")

    changed = {**where, "text": "Shade", "reply_markup": inline(callback_data="d")}
    assert (await api("editMessageText", **changed)).result["text"] == "Shade"
    assert (await api("editMessageText", **changed)).refusal == (400, f"Bad Request: {SAME}")


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("editMessageText", "message to edit not found"),
        ("editMessageCaption", "message to edit not found"),
        ("editMessageReplyMarkup", "message to edit not found"),
        ("pinChatMessage", "message to pin not found"),
        ("deleteMessage", "message to delete not found"),
    ],
)
async def test_what_is_not_there_cannot_be_changed(
    api: Api, ana: Person, method: str, reason: str
) -> None:
    refused = await api(method, chat_id=ana.id, message_id=99, text="x")
    assert refused.refusal == (400, f"Bad Request: {reason}")


async def test_a_bot_cannot_edit_what_a_person_wrote(api: Api, ana: Person) -> None:
    hers = await ana.send("hello")
    refused = await api("editMessageText", chat_id=ana.id, message_id=hers.id, text="x")
    assert refused.refusal == (400, "Bad Request: message can't be edited")


async def test_an_answer_to_a_tap_that_never_was_is_refused(api: Api) -> None:
    refused = await api("answerCallbackQuery", callback_query_id="17")
    assert refused.refusal == (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo", b"", "file must be non-empty"),
        ("photo", b"not a picture", "IMAGE_PROCESS_FAILED"),
        ("document", b"", "file must be non-empty"),
    ],
)
async def test_a_file_that_is_none_is_refused(
    api: Api, ana: Person, name: str, content: bytes, reason: str
) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id)})
    form.add_field(name, content, filename="x.bin")
    refused = await api.post(f"send{name.title()}", data=form)
    assert refused.refusal == (400, f"Bad Request: {reason}")


@pytest.mark.parametrize(
    "how",
    [
        {"data": b"{", "headers": {"Content-Type": "application/json"}},
        {"data": b"[1]", "headers": {"Content-Type": "application/json"}},
        {"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}},
        {"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}},
        {"data": b"--x\r\nbroken", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"--x\r\nbr", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"text=%ff%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {"chat_id": {"a": 1}, "text": ["x"]}},
        {"json": {"chat_id": 1, "text": None, "reply_markup": 17}},
        {"json": {"chat_id": 10**40, "text": "x"}},
    ],
)
async def test_a_malformed_call_gets_a_clear_refusal_and_the_server_goes_on(
    api: Api, how: dict[str, Any]
) -> None:
    assert (await api.post("sendMessage", **how)).refusal[0] == 400
    assert (await api("getMe")).result["is_bot"]


NONSENSE: tuple[Any, ...] = (
    *(None, True, -1, 1.5, 10**30, "", "x", "{", "[1]", "\x00", "attach://x", "https://x"),
    *([1], [[1]], [{}], [{"type": 1}], {"a": 1}, {"message_id": "x"}, {"type": []}),
    *({"inline_keyboard": 7}, {"inline_keyboard": [[7]]}, {"inline_keyboard": [[{"text": 7}]]}),
    *({"keyboard": [[None]]}, {"keyboard": [["x"]]}, {"force_reply": True}, float("inf")),
)


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_whatever_a_method_is_given_the_server_answers_and_never_breaks(
    api: Api, ana: Person, method: str
) -> None:
    said = await api("sendMessage", chat_id=ana.id, text="x")
    real = {"chat_id": ana.id, "from_chat_id": ana.id, "message_id": said.result["message_id"]}
    for name in NAMES:
        for value in NONSENSE:
            answer = await api(method, **{**real, "text": "y", name: value})
            assert answer.status in (200, 400, 401, 403), (name, value, answer.body)
    assert (await api("getMe")).result["is_bot"]


NAMES = (
    "chat_id", "from_chat_id", "message_id", "user_id", "text", "caption", "parse_mode",
    "entities", "caption_entities", "reply_markup", "reply_parameters", "commands", "scope",
    "language_code", "photo", "file_id", "latitude", "action", "url", "allowed_updates",
    "callback_query_id", "description", "disable_notification",
)  # fmt: skip


@pytest.mark.parametrize("command", ["Today", "to day", "", "x" * 33])
async def test_a_command_name_that_cannot_be_is_refused(api: Api, command: str) -> None:
    commands = [{"command": command, "description": "x"}]
    refused = await api("setMyCommands", commands=commands)
    assert refused.refusal == (400, "Bad Request: BOT_COMMAND_INVALID")
