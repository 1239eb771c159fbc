"""Buttons as Telegram takes them: under a message, in the place of the keyboard, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.sandbox.refusal import bad_request

MAX_DATA_BYTES = 64
MAX_COPY_UNITS = 256
MAX_BUTTONS = 100
STYLES = ("primary", "success", "danger")

Rows = list[list[dict[str, Any]]]

_ACTIONS = (
    "callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "pay",
)  # fmt: skip
_URL = re.compile(r"(?:https?|tg|ton)://[^\s/?#]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Markup:
    """What a message brings with it.

    Attributes:
        inline: Rows of buttons below the message.
        keyboard: Rows of buttons in the place of the person's keyboard.
        one_time: Whether that keyboard goes away once used.
        remove: Whether a keyboard shown before goes away.
        force_reply: Whether the person's answer becomes a reply to this message.
    """

    inline: Rows | None = None
    keyboard: Rows | None = None
    one_time: bool = False
    remove: bool = False
    force_reply: bool = False


def read_markup(given: dict[str, Any], *, private: bool) -> Markup:
    """Return what `reply_markup` means.

    Args:
        given: The JSON object; empty for none.
        private: Whether it goes to a private chat.

    Raises:
        Refusal: As Telegram would.
    """
    if not given:
        return Markup()
    if "inline_keyboard" in given:
        rows = [[_inline(button) for button in row] for row in _rows(given["inline_keyboard"])]
        return Markup(inline=[row for row in rows if row] or None)
    if "keyboard" in given:
        rows = [
            [_key(button, private=private) for button in row] for row in _rows(given["keyboard"])
        ]
        return Markup(keyboard=rows, one_time=bool(given.get("one_time_keyboard")))
    if given.get("remove_keyboard"):
        return Markup(remove=True)
    if given.get("force_reply"):
        return Markup(force_reply=True)
    raise bad_request("can't parse reply keyboard markup JSON object")


def _rows(given: Any) -> list[list[Any]]:
    if not isinstance(given, list) or not all(isinstance(row, list) for row in given):
        raise bad_request("can't parse inline keyboard: expected an Array of Arrays of buttons")
    if sum(len(row) for row in given) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return given


def _inline(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the "
                          "inline keyboard")  # fmt: skip
    _check_style(button)
    data = button.get("callback_data")
    if "callback_data" in button and not (
        isinstance(data, str) and 1 <= len(data.encode()) <= MAX_DATA_BYTES
    ):
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not _URL.match(str(button["url"])):
        raise bad_request(
            f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
        )
    if "copy_text" in button:
        _check_copy(button["copy_text"])
    return button


def _check_copy(given: Any) -> None:
    text = given.get("text") if isinstance(given, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_COPY_UNITS:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _key(button: Any, *, private: bool) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise bad_request('can\'t parse keyboard button: Field "text" must be non-empty')
    _check_style(button)
    for name in ("location", "contact"):
        if button.get(f"request_{name}") and not private:
            raise bad_request(f"{name} can be requested in private chats only")
    return button


def _check_style(button: dict[str, Any]) -> None:
    if "style" in button and button["style"] not in STYLES:
        raise bad_request("can't parse button: invalid button style specified")
