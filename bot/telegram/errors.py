"""The one place where Telegram's errors become results; nobody else catches `TelegramError`.

`BadRequest` and `TimedOut` are subclasses of `NetworkError`, so the order of the cases matters.
"""

from __future__ import annotations

from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.telegram.transport import NotSentError, ServerFailedError
from scheduler import messenger as result

_GONE = ("chat not found", "user is deactivated", "group chat was deleted", "bot was kicked")
UNCHANGED = "message is not modified"
NOT_THERE = "message to delete not found"
OTHER_KIND = ("there is no text in the message to edit", "there is no caption in the message to")


def result_of(error: TelegramError) -> result.SendResult:
    """Return what an error of python-telegram-bot says is certain about a request."""
    match error:
        case RetryAfter():
            return result.RetryAfter(seconds_of(error.retry_after))
        case Forbidden():
            return result.Blocked(error.message)
        case ChatMigrated():
            return result.Migrated(error.new_chat_id)
        case BadRequest():
            if any(sign in error.message.casefold() for sign in _GONE):
                return result.Blocked(error.message)
            return result.Rejected(error.message)
        case InvalidToken() | Conflict():
            return result.Unreachable("the token is refused")
        case NotSentError() | ServerFailedError():
            return result.Unreachable(error.message)
        case _:
            return result.Unknown(error.message)


def unchanged(error: TelegramError) -> bool:
    """Whether an edit failed only because the message says that already."""
    return isinstance(error, BadRequest) and UNCHANGED in error.message.casefold()


def gone(error: TelegramError) -> bool:
    """Whether a message could not be deleted because it is not there any more."""
    return isinstance(error, BadRequest) and NOT_THERE in error.message.casefold()


def other_kind(error: TelegramError) -> bool:
    """Whether an edit failed because a caption was taken for a text, or a text for a caption."""
    return isinstance(error, BadRequest) and any(
        sign in error.message.casefold() for sign in OTHER_KIND
    )


def seconds_of(value: int | timedelta) -> float:
    """Return a pause in seconds, in whichever of its two forms the library gives it."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
