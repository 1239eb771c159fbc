"""The methods by which a bot changes, pins or takes back what it said."""

from __future__ import annotations

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Chat, Json, Message
from bot.sandbox.cloud import Cloud, Event
from bot.sandbox.methods.compose import caption_of, markup_of, text_of
from bot.sandbox.methods.sending import WORDLESS
from bot.sandbox.refusal import bad_request

_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_NOT_FOUND = "message to edit not found"


def edit_message_text(cloud: Cloud, args: Arguments) -> Json:
    """`editMessageText`."""
    chat, message = _editable(cloud, args)
    if "text" not in message.raw:
        raise bad_request("there is no text in the message to edit")
    return _change(cloud, chat, message, args, text_of(args), ("text", "entities"))


def edit_message_caption(cloud: Cloud, args: Arguments) -> Json:
    """`editMessageCaption`."""
    chat, message = _editable(cloud, args)
    attached = message.attached()
    if attached is None or attached[0] in WORDLESS:
        raise bad_request("there is no caption in the message to edit")
    return _change(cloud, chat, message, args, caption_of(args), ("caption", "caption_entities"))


def edit_message_reply_markup(cloud: Cloud, args: Arguments) -> Json:
    """`editMessageReplyMarkup`."""
    chat, message = _editable(cloud, args)
    return _change(cloud, chat, message, args, {}, ())


def delete_message(cloud: Cloud, args: Arguments) -> bool:
    """`deleteMessage`."""
    chat = cloud.open_chat(args)
    message = cloud.message(chat, args.whole("message_id"), "message to delete not found")
    rules_here = chat.members.get(cloud.bot.id) in ("administrator", "creator")
    if not (message.from_bot or chat.kind == "private" or rules_here):
        raise bad_request("message can't be deleted")
    del chat.log[message.id]
    cloud.tell(Event("deleted", chat, message))
    return True


def pin_chat_message(cloud: Cloud, args: Arguments) -> bool:
    """`pinChatMessage`."""
    chat = cloud.open_chat(args)
    message = cloud.message(chat, args.whole("message_id"), "message to pin not found")
    chat.pinned = [number for number in chat.pinned if number != message.id] + [message.id]
    return True


def unpin_chat_message(cloud: Cloud, args: Arguments) -> bool:
    """`unpinChatMessage`: the named one, else the newest."""
    chat = cloud.open_chat(args)
    number = args.whole("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if number not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(number)
    return True


def _editable(cloud: Cloud, args: Arguments) -> tuple[Chat, Message]:
    chat = cloud.open_chat(args)
    message = cloud.message(chat, args.whole("message_id"), _NOT_FOUND)
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return chat, message


def _change(
    cloud: Cloud,
    chat: Chat,
    message: Message,
    args: Arguments,
    content: Json,
    replaced: tuple[str, ...],
) -> Json:
    """Replace some fields and the buttons; an edit without buttons takes them away."""
    inline = markup_of(args, chat).inline
    changed = {key: value for key, value in message.raw.items() if key not in replaced}
    changed |= content
    changed.pop("reply_markup", None)
    if inline:
        changed["reply_markup"] = {"inline_keyboard": inline}
    if changed == message.raw:
        raise bad_request(_SAME)
    message.raw.clear()
    message.raw.update(changed, edit_date=cloud.now())
    cloud.tell(Event("edited", chat, message))
    return message.raw
