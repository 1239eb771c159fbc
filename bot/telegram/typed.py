"""A text that somebody typed to the bot alone, which nearly every update is.

python-telegram-bot makes four objects with 150 attributes of it and asks forty handlers whose it
is; that is a tenth of what an answer costs. Whatever is more than such a text, such as one with a
command or a picture, goes to the library, which knows all that can be sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_OF_UPDATE = {"update_id", "message"}
_OF_MESSAGE = {"message_id", "date", "from", "chat", "text"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A text of a private chat.

    Attributes:
        update_id: The number of the update.
        chat_id: The chat.
        message_id: The number of the message in it.
        text: What was typed.
        language_code: The language of the person's app, an IETF tag, if it tells.
        caption: Nothing; it is not a picture.
        edit_date: Nothing; it is new.
    """

    update_id: int
    chat_id: int
    message_id: int
    text: str
    language_code: str | None
    caption: None = None
    edit_date: None = None


def typed(raw: dict[str, Any]) -> Typed | None:
    """Return an update as a typed text; None if it is anything more."""
    message = raw.get("message")
    if not isinstance(message, dict) or raw.keys() != _OF_UPDATE or message.keys() != _OF_MESSAGE:
        return None
    match message:
        case {
            "message_id": int(message_id),
            "from": {"id": int()} as person,
            "chat": {"id": int(chat_id), "type": "private"},
            "text": str(text),
        } if text and not text.startswith("/"):
            return Typed(raw["update_id"], chat_id, message_id, text, person.get("language_code"))
        case _:
            return None
