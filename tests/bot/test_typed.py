"""A typed text is read without the library's objects, and whatever is more is left to it."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.telegram.typed import Typed, typed

PERSON = {"id": 1001, "is_bot": False, "first_name": "Ana", "language_code": "es-MX"}
CHAT = {"id": 1001, "type": "private", "first_name": "Ana"}


def update(**more: Any) -> dict[str, Any]:
    message = {"message_id": 7, "date": 1_795_528_800, "from": PERSON, "chat": CHAT, "text": "hola"}
    return {"update_id": 500, "message": message | more}


def test_a_typed_text_reads_as_the_library_reads_it() -> None:
    read, known = typed(update()), Update.de_json(update())
    assert known.effective_chat is not None
    assert known.effective_user is not None
    assert known.message is not None
    assert read == Typed(
        update_id=known.update_id,
        chat_id=known.effective_chat.id,
        message_id=known.message.message_id,
        text=known.message.text or "",
        language_code=known.effective_user.language_code,
    )


def test_a_person_whose_app_tells_no_language_is_heard_too() -> None:
    read = typed(update(**{"from": {"id": 1001, "is_bot": False, "first_name": "Ana"}}))
    assert read is not None
    assert read.language_code is None


@pytest.mark.parametrize(
    "raw",
    [
        update(entities=[{"type": "bot_command", "offset": 0, "length": 5}], text="/help"),
        update(text="/help"),
        update(text=""),
        update(text=None),
        update(chat={"id": -5, "type": "group", "title": "Clinic"}),
        update(reply_to_message={"message_id": 6}),
        update(photo=[{"file_id": "x"}]),
        update(edit_date=1_795_528_900),
        update(**{"from": "Ana"}),
        {"update_id": 500, "edited_message": update()["message"]},
        {"update_id": 500, "message": "hola"},
        {**update(), "business_connection": {}},
        {"update_id": 500},
    ],
)
def test_whatever_is_more_than_a_typed_text_is_left_to_the_library(raw: dict[str, Any]) -> None:
    assert typed(raw) is None
