"""What the page is told: chats, messages and the clock as small JSON."""

from __future__ import annotations

from typing import Any

from bot.sandbox.chats import Chat, Json, Message
from bot.sandbox.methods.profile import commands_for
from bot.sandbox.stage import ZONE, Stage

SHORT = 80

_SERVICE = {
    "new_chat_members": "joined the group",
    "left_chat_member": "left the group",
    "migrate_to_chat_id": "made this a supergroup",
    "migrate_from_chat_id": "made this a supergroup",
}


async def whole(stage: Stage) -> Json:
    """Return everything that a page which has just been opened has to show."""
    return {
        "type": "whole",
        "chats": {
            name: [message_view(stage, message) for message in chat.log.values()]
            for name, chat in chats(stage).items()
        },
        "staff": list(stage.staff),
        "people": {"patient": stage.patient.user.first_name, "group": stage.group.chat.title},
        "status": await status(stage),
    }


async def status(stage: Stage) -> Json:
    """Return what may change after anything that was done."""
    zone, day = await stage.standing()
    phone = stage.patient.chat
    return {
        "type": "status",
        "now": stage.clock().timestamp(),
        "day": day,
        "zone": ZONE.key,
        "phone_zone": zone,
        "language": stage.patient.user.language,
        "begun": bool(phone.log),
        "blocked": phone.members[stage.telegram.cloud.bot.id] == "kicked",
        "scannable": bool(stage.code()),
        "keyboard": keyboard(phone),
        "commands": {
            "patient": commands_for(
                stage.telegram.cloud, "private", stage.patient.user.language or ""
            ),
            "group": commands_for(stage.telegram.cloud, "group", "en"),
        },
    }


def chats(stage: Stage) -> dict[str, Chat]:
    """Return the two chats that the page shows."""
    return {"patient": stage.patient.chat, "group": stage.group.chat}


def keyboard(chat: Chat) -> list[list[str]]:
    """Return the buttons in the place of the keyboard."""
    shown = chat.keyboard and chat.keyboard.keyboard
    return [[str(button["text"]) for button in row] for row in shown or []]


def message_view(stage: Stage, message: Message) -> Json:
    """Return a message as the page shows it."""
    raw = message.raw
    view: Json = {
        "id": message.id,
        "from": raw["from"]["id"],
        "name": raw["from"]["first_name"],
        "bot": message.from_bot,
        "text": message.text,
        "entities": message.entities,
        "at": raw["date"],
        "edited": message.edited,
        "silent": message.silent,
        "rows": [[_button(button) for button in row] for row in message.rows],
        "force_reply": message.markup.force_reply,
    }
    if attached := message.attached():
        kind, head = attached
        file = stage.telegram.cloud.files.find(head["file_id"])
        view["file"] = {
            "kind": kind,
            "name": file.filename,
            "url": f"/files/{file.path}",
            "width": head.get("width"),
            "height": head.get("height"),
        }
    if "location" in raw:
        view["place"] = raw["location"]
    if answered := raw.get("reply_to_message"):
        text = str(answered.get("text", answered.get("caption", "")))
        view["reply_to"] = {
            "id": answered["message_id"],
            "name": answered["from"]["first_name"],
            "text": text[:SHORT],
        }
    for key, words in _SERVICE.items():
        if key in raw:
            view["service"] = words
    return view


def _button(button: dict[str, Any]) -> Json:
    view: Json = {"text": button["text"], "style": button.get("style", "")}
    if "url" in button:
        view["url"] = button["url"]
    if "copy_text" in button:
        view["copy"] = button["copy_text"]["text"]
    return view
