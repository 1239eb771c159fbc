"""The messenger over the Bot API: an `Outgoing` to a request, its end to a `SendResult`."""

from __future__ import annotations

from typing import Any

from telegram import (
    Bot,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import TelegramError

from bot.telegram.errors import result_of, unchanged
from scheduler.messenger import Attachment, Button, Keyboard, Outgoing, SendResult, Sent

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramMessenger:
    """Sends and edits through a bot.

    Args:
        bot: The bot whose token speaks.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, message: Outgoing) -> SendResult:
        """Send one message and say how that ended; never raises for what a server does."""
        try:
            sent = await self._send(message)
        except TelegramError as error:
            return result_of(error)
        return Sent(sent.message_id)

    async def edit(
        self, *, chat_id: int, message_id: int, text: str, buttons: Keyboard = ()
    ) -> SendResult:
        """Replace the text and buttons of a message; an unchanged text counts as sent."""
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                reply_markup=inline(buttons),
                link_preview_options=_NO_PREVIEW,
            )
        except TelegramError as error:
            return Sent(message_id) if unchanged(error) else result_of(error)
        return Sent(message_id)

    async def _send(self, message: Outgoing) -> Message:
        common: dict[str, Any] = {
            "chat_id": message.chat_id,
            "disable_notification": message.silent or None,
            "reply_markup": _markup(message),
        }
        if message.reply_to is not None:
            common["reply_parameters"] = ReplyParameters(
                message.reply_to, allow_sending_without_reply=True
            )
        if message.attachment is None:
            return await self._bot.send_message(
                text=message.text, link_preview_options=_NO_PREVIEW, **common
            )
        file, caption = _file(message.attachment), message.text or None
        match message.attachment.kind:
            case "photo":
                return await self._bot.send_photo(photo=file, caption=caption, **common)
            case "voice":
                return await self._bot.send_voice(voice=file, caption=caption, **common)
            case "document":
                return await self._bot.send_document(document=file, caption=caption, **common)


def inline(buttons: Keyboard) -> InlineKeyboardMarkup | None:
    """Return rows of buttons as Telegram takes them."""
    if not buttons:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in buttons])


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        button.text,
        url=button.url,
        callback_data=button.data,
        copy_text=CopyTextButton(button.copy_text) if button.copy_text else None,
        style=button.style,
    )


def _markup(message: Outgoing) -> Any:
    if message.ask_location:
        return ReplyKeyboardMarkup(
            [[KeyboardButton(message.ask_location, request_location=True)]],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
    if message.ask_reply is not None:
        return ForceReply(selective=True, input_field_placeholder=message.ask_reply or None)
    if message.remove_keyboard and not message.buttons:
        return ReplyKeyboardRemove()
    return inline(message.buttons)


def _file(attachment: Attachment) -> InputFile | str:
    if attachment.file_id is not None:
        return attachment.file_id
    return InputFile(attachment.content or b"", filename=attachment.filename)
