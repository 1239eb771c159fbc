"""What sending and editing share: the text of a message, its file, its buttons, its reply."""

from __future__ import annotations

from typing import Any

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Chat, Json, Message
from bot.sandbox.cloud import Cloud
from bot.sandbox.entities import Entity, merged, read_html, units
from bot.sandbox.files import File
from bot.sandbox.markup import Markup, read_markup
from bot.sandbox.refusal import bad_request

MAX_TEXT = 4096
MAX_CAPTION = 1024


def formatted(args: Arguments, name: str, entities: str) -> tuple[str, list[Entity]]:
    """Return the text under a name and its entities.

    Raises:
        Refusal: If it cannot be read.
    """
    text = args.text(name)
    mode = args.text("parse_mode").lower()
    if "\x00" in text:
        raise bad_request("strings must be encoded in UTF-8")
    if mode == "html":
        said, given = read_html(text)
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        said, given = text.strip(), [_entity(entity) for entity in args.rows(entities)]
    return said, merged(said, given)


def text_of(args: Arguments) -> Json:
    """Return the text part of a message."""
    said, entities = formatted(args, "text", "entities")
    if not said:
        raise bad_request("message text is empty")
    if units(said) > MAX_TEXT:
        raise bad_request("message is too long")
    return {"text": said, **({"entities": entities} if entities else {})}


def caption_of(args: Arguments) -> Json:
    """Return the caption part of a message; empty if there is none."""
    said, entities = formatted(args, "caption", "caption_entities")
    if units(said) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    if not said:
        return {}
    return {"caption": said, **({"caption_entities": entities} if entities else {})}


def file_of(cloud: Cloud, args: Arguments, kind: str) -> File:
    """Return the file that a call sends: a new one, or one that is held already."""
    upload = args.upload(kind)
    if upload is not None:
        return cloud.files.keep(kind, upload)
    if kind not in args:
        raise bad_request(f"there is no {kind} in the request")
    told = args.text(kind)
    if told.startswith("attach://"):
        raise bad_request(f"there is no {kind} in the request")
    if told.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    return cloud.files.find(told)


def shown(file: File) -> Json:
    """Return the file part of a message."""
    head: Any = file.head()
    return {file.kind: [head] if file.kind == "photo" else head}


def markup_of(args: Arguments, chat: Chat) -> Markup:
    """Return the buttons that a call brings."""
    return read_markup(args.table("reply_markup"), private=chat.kind == "private")


def reply_of(cloud: Cloud, args: Arguments, chat: Chat) -> Message | None:
    """Return the message that a call answers."""
    told = args.table("reply_parameters")
    number = Arguments(told).whole("message_id") or args.whole("reply_to_message_id")
    if not number:
        return None
    if told.get("allow_sending_without_reply") or args.flag("allow_sending_without_reply"):
        return chat.log.get(number)
    return cloud.message(chat, number, "message to be replied not found")


def _entity(given: Any) -> Entity:
    """Return an entity that a call brought itself."""
    known = {"type": str, "offset": int, "length": int}
    if not isinstance(given, dict) or not all(
        isinstance(given.get(name), kind) for name, kind in known.items()
    ):
        raise bad_request("can't parse MessageEntity: expected type, offset and length")
    return given
