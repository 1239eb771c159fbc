"""The table of contents of the Bot API: which method does what. Capitals do not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.arguments import Arguments
from bot.sandbox.cloud import Cloud
from bot.sandbox.methods import editing, listening, profile, rooms, sending

Method = Callable[[Cloud, Arguments], Any]
"""Does what a call asks and returns the result, or an awaitable of it; may raise `Refusal`."""

_NAMED: dict[str, Method] = {
    "getMe": profile.get_me,
    "setMyCommands": profile.set_my_commands,
    "getMyCommands": profile.get_my_commands,
    "deleteMyCommands": profile.delete_my_commands,
    "setMyDescription": profile.set_my("description"),
    "getMyDescription": profile.get_my("description"),
    "setMyShortDescription": profile.set_my("short_description"),
    "getMyShortDescription": profile.get_my("short_description"),
    "setMyName": profile.set_my("name"),
    "getMyName": profile.get_my("name"),
    "setWebhook": listening.set_webhook,
    "deleteWebhook": listening.delete_webhook,
    "getWebhookInfo": listening.get_webhook_info,
    "answerCallbackQuery": listening.answer_callback_query,
    "getFile": listening.get_file,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_file("photo"),
    "sendDocument": sending.send_file("document"),
    "sendVoice": sending.send_file("voice"),
    "sendVideo": sending.send_file("video"),
    "sendVideoNote": sending.send_file("video_note"),
    "sendAudio": sending.send_file("audio"),
    "sendAnimation": sending.send_file("animation"),
    "sendSticker": sending.send_file("sticker"),
    "sendLocation": sending.send_location,
    "sendChatAction": sending.send_chat_action,
    "forwardMessage": sending.forward_message,
    "copyMessage": sending.copy_message,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "pinChatMessage": editing.pin_chat_message,
    "unpinChatMessage": editing.unpin_chat_message,
    "getChat": rooms.get_chat,
    "getChatMember": rooms.get_chat_member,
    "getChatAdministrators": rooms.get_chat_administrators,
    "getChatMemberCount": rooms.get_chat_member_count,
    "leaveChat": rooms.leave_chat,
}

METHODS: dict[str, Method] = {name.lower(): method for name, method in _NAMED.items()}
