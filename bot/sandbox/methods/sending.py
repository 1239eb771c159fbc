"""The methods by which a bot says something."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import MEDIA, Chat, Json, Message
from bot.sandbox.cloud import Cloud, Event
from bot.sandbox.methods.compose import (
    caption_of,
    file_of,
    markup_of,
    reply_of,
    shown,
    text_of,
)
from bot.sandbox.refusal import bad_request

ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note",
        "upload_video_note",
    }
)  # fmt: skip
WORDLESS = frozenset({"video_note", "sticker"})
"""What is shown without words, whatever a call brings."""

_CARRIED = (*MEDIA, "text", "entities", "caption", "caption_entities", "location")


def send_message(cloud: Cloud, args: Arguments) -> Json:
    """`sendMessage`."""
    return _post(cloud, cloud.open_chat(args), text_of(args), args).raw


def send_file(kind: str) -> Callable[[Cloud, Arguments], Json]:
    """Return `sendPhoto`, `sendDocument` and their like."""

    def send(cloud: Cloud, args: Arguments) -> Json:
        chat = cloud.open_chat(args)
        caption = {} if kind in WORDLESS else caption_of(args)
        file = file_of(cloud, args, kind)
        if file.kind != kind:
            raise bad_request(f"can't use file of type {file.kind.title()} as {kind.title()}")
        return _post(cloud, chat, {**shown(file), **caption}, args).raw

    return send


def send_location(cloud: Cloud, args: Arguments) -> Json:
    """`sendLocation`."""
    chat = cloud.open_chat(args)
    place = {name: args.number(name, default=999.0) for name in ("latitude", "longitude")}
    if abs(place["latitude"]) > 90 or abs(place["longitude"]) > 180:  # noqa: PLR2004 - degrees
        raise bad_request("wrong location specified")
    return _post(cloud, chat, {"location": place}, args).raw


def send_chat_action(cloud: Cloud, args: Arguments) -> bool:
    """`sendChatAction`."""
    chat = cloud.open_chat(args)
    action = args.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.actions.append(action)
    cloud.tell(Event("typing", chat, detail={"action": action}))
    return True


def forward_message(cloud: Cloud, args: Arguments) -> Json:
    """`forwardMessage`."""
    chat, source = cloud.open_chat(args), _source(cloud, args, "message to forward not found")
    content = _content(source)
    content["forward_date"] = source.raw["date"]
    content["forward_origin"] = {
        "type": "user",
        "sender_user": source.raw["from"],
        "date": source.raw["date"],
    }
    return _post(cloud, chat, content, args).raw


def copy_message(cloud: Cloud, args: Arguments) -> Json:
    """`copyMessage`."""
    chat, source = cloud.open_chat(args), _source(cloud, args, "message to copy not found")
    content = _content(source)
    if "caption" in args.values and "text" not in content:
        content = {k: v for k, v in content.items() if not k.startswith("caption")}
        content |= caption_of(args)
    return {"message_id": _post(cloud, chat, content, args).id}


def _source(cloud: Cloud, args: Arguments, otherwise: str) -> Message:
    return cloud.message(
        cloud.known_chat(args, "from_chat_id"), args.whole("message_id"), otherwise
    )


def _content(message: Message) -> Json:
    content = {key: message.raw[key] for key in _CARRIED if key in message.raw}
    if not content:
        raise bad_request("message can't be copied")
    return content


def _post(cloud: Cloud, chat: Chat, content: Json, args: Arguments) -> Message:
    return cloud.post(
        chat,
        cloud.bot,
        content,
        markup=markup_of(args, chat),
        silent=args.flag("disable_notification"),
        reply_to=reply_of(cloud, args, chat),
    )
