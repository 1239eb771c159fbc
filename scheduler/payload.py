"""How a message waits in the outbox: text, buttons and file as JSON."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from scheduler.messenger import Attachment, Button, Keyboard, Outgoing

_JSON = json.JSONEncoder(ensure_ascii=False)


def pack(
    text: str,
    buttons: Keyboard = (),
    *,
    silent: bool = False,
    attachment: Attachment | None = None,
    reply_to: int | None = None,
    ask_reply: str | None = None,
) -> str:
    """Return the JSON that is stored for a message."""
    stored: dict[str, Any] = {"text": text}
    if buttons:
        stored["buttons"] = [[_stored(button) for button in row] for row in buttons]
    if silent:
        stored["silent"] = True
    if reply_to is not None:
        stored["reply_to"] = reply_to
    if ask_reply is not None:
        stored["ask_reply"] = ask_reply
    if attachment is not None:
        stored["attachment"] = {
            "kind": attachment.kind,
            "filename": attachment.filename,
            "file_id": attachment.file_id,
            "content": b64encode(attachment.content).decode() if attachment.content else None,
        }
    return _JSON.encode(stored)


def without_content(payload: str) -> str:
    """Return what `pack` stored without the file whose bytes were in it."""
    stored = json.loads(payload)
    stored.pop("attachment", None)
    return _JSON.encode(stored)


def _stored(button: Button) -> dict[str, str]:
    named = {
        "text": button.text,
        "data": button.data,
        "url": button.url,
        "copy_text": button.copy_text,
        "style": button.style,
    }
    return {name: value for name, value in named.items() if value is not None}


def unpack(payload: str, chat_id: int) -> Outgoing:
    """Return the message that `pack` stored, addressed to a chat."""
    stored = json.loads(payload)
    attachment = stored.get("attachment")
    return Outgoing(
        chat_id=chat_id,
        text=stored["text"],
        buttons=tuple(
            [tuple([Button(**button) for button in row]) for row in stored.get("buttons", ())]
        ),
        silent=stored.get("silent", False),
        reply_to=stored.get("reply_to"),
        ask_reply=stored.get("ask_reply"),
        attachment=Attachment(
            kind=attachment["kind"],
            filename=attachment["filename"],
            file_id=attachment["file_id"],
            content=b64decode(attachment["content"]) if attachment["content"] else None,
        )
        if attachment
        else None,
    )
