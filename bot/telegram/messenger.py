"""The messenger over the Bot API: an `Outgoing` to a request, its end to a `SendResult`.

Nearly everything that is said is text, so `sendMessage` is called as JSON, without building and
taking apart python-telegram-bot's objects for it; that is most of what a message costs. Files and
edits go through the library.
"""

from __future__ import annotations

from typing import Any

from telegram import Bot, InputFile, Message
from telegram.error import TelegramError

from bot.telegram.errors import gone, other_kind, result_of, unchanged
from bot.telegram.transport import AiohttpRequest
from scheduler.messenger import (
    Attachment,
    Button,
    Keyboard,
    Outgoing,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)

Json = dict[str, Any]

_NO_PREVIEW: Json = {"is_disabled": True}


class TelegramMessenger:
    """Sends and edits through a bot.

    Args:
        bot: The bot whose token speaks, over this project's transport.

    Raises:
        TypeError: If the bot has another transport.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        if not isinstance(bot.request, AiohttpRequest):
            raise TypeError(bot.request)
        self._request = bot.request

    async def send(self, message: Outgoing) -> SendResult:
        """Send one message and say how that ended; never raises for what a server does."""
        try:
            if message.attachment is None:
                return Sent(await self._say(message))
            sent = await self._show(message, message.attachment)
        except TelegramError as error:
            return result_of(error)
        return Sent(sent.message_id)

    async def edit(
        self,
        *,
        chat_id: int,
        message_id: int,
        text: str,
        buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:
        """Replace the text and buttons of a message; an unchanged text counts as sent.

        `caption` says that a file goes with it; what was thought wrongly of that is put right.
        """
        markup: Json = {"reply_markup": inline(buttons)} if buttons else {}
        for captioned in (caption, not caption):
            method, told = _change(chat_id, text, captioned=captioned)
            values = {**told, "message_id": message_id, **markup}
            try:
                await self._request.call(f"{self._bot.base_url}/{method}", values)
            except TelegramError as error:
                if unchanged(error):
                    break
                if captioned is caption and other_kind(error):
                    continue
                return result_of(error)
            break
        return Sent(message_id)

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        """Take a message back; one that is gone counts as sent."""
        values = {"chat_id": chat_id, "message_id": message_id}
        try:
            await self._request.call(f"{self._bot.base_url}/deleteMessage", values)
        except TelegramError as error:
            if not gone(error):
                return result_of(error)
        return Sent(message_id)

    async def answers(self) -> bool:
        """Ask who the bot is, which does no harm, and say whether Telegram answers."""
        try:
            await self._request.call(f"{self._bot.base_url}/getMe", {})
        except TelegramError as error:
            return not isinstance(result_of(error), Unknown | Unreachable)
        return True

    async def _say(self, message: Outgoing) -> int:
        """Send a text; return the number of the message."""
        values = {**_text(message.chat_id, message.text), **_common(message)}
        sent = await self._request.call(f"{self._bot.base_url}/sendMessage", values)
        return int(sent["message_id"])

    async def _show(self, message: Outgoing, attachment: Attachment) -> Message:
        """Send a file with a caption."""
        common: Json = {"chat_id": message.chat_id, **_common(message)}
        file, caption = _file(attachment), message.text or None
        match attachment.kind:
            case "photo":
                return await self._bot.send_photo(photo=file, caption=caption, **common)
            case "voice":
                return await self._bot.send_voice(voice=file, caption=caption, **common)
            case "video":
                return await self._bot.send_video(video=file, caption=caption, **common)
            case "video_note":
                return await self._bot.send_video_note(video_note=file, **common)
            case "audio":
                return await self._bot.send_audio(audio=file, caption=caption, **common)
            case "document":
                return await self._bot.send_document(document=file, caption=caption, **common)


def inline(buttons: Keyboard) -> Json | None:
    """Return rows of buttons as Telegram takes them."""
    if not buttons:
        return None
    return {"inline_keyboard": [[_button(button) for button in row] for row in buttons]}


def _text(chat_id: int, text: str) -> Json:
    return {
        "chat_id": chat_id,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": _NO_PREVIEW,
    }


def _change(chat_id: int, text: str, *, captioned: bool) -> tuple[str, Json]:
    """Return the method that changes a text or a caption, and what it is called with."""
    if captioned:
        return "editMessageCaption", {"chat_id": chat_id, "caption": text, "parse_mode": "HTML"}
    return "editMessageText", _text(chat_id, text)


def _common(message: Outgoing) -> Json:
    """Return what goes with a text and a file alike, and only what is not the default."""
    values: Json = {}
    if message.silent:
        values["disable_notification"] = True
    if message.reply_to is not None:
        values["reply_parameters"] = {
            "message_id": message.reply_to,
            "allow_sending_without_reply": True,
        }
    markup = _markup(message)
    if markup is not None:
        values["reply_markup"] = markup
    return values


def _button(button: Button) -> Json:
    shown: Json = {"text": button.text}
    if button.data is not None:
        shown["callback_data"] = button.data
    if button.url is not None:
        shown["url"] = button.url
    if button.copy_text is not None:
        shown["copy_text"] = {"text": button.copy_text}
    if button.style is not None:
        shown["style"] = button.style
    return shown


def _markup(message: Outgoing) -> Json | None:
    if message.ask_location:
        return {
            "keyboard": [[{"text": message.ask_location, "request_location": True}]],
            "resize_keyboard": True,
            "one_time_keyboard": True,
        }
    if message.ask_reply is not None:
        hint = {"input_field_placeholder": message.ask_reply} if message.ask_reply else {}
        return {"force_reply": True, "selective": True, **hint}
    if message.remove_keyboard and not message.buttons:
        return {"remove_keyboard": True}
    return inline(message.buttons)


def _file(attachment: Attachment) -> InputFile | str:
    if attachment.file_id is not None:
        return attachment.file_id
    return InputFile(attachment.content or b"", filename=attachment.filename)
