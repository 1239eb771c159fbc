"""Each error of Telegram says one thing for certain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.error import RetryAfter as Asked

from bot.telegram.errors import result_of, seconds_of, unchanged
from bot.telegram.transport import NotSentError, ServerFailedError
from scheduler.messenger import (
    Blocked,
    Migrated,
    Rejected,
    RetryAfter,
    SendResult,
    Unknown,
    Unreachable,
)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Asked(7), RetryAfter(7)),
        (Asked(timedelta(seconds=7)), RetryAfter(7)),
        (Forbidden("bot was blocked by the user"), Blocked("bot was blocked by the user")),
        (ChatMigrated(-100_777), Migrated(-100_777)),
        (BadRequest("Chat not found"), Blocked("Chat not found")),
        (BadRequest("can't parse entities"), Rejected("Can't parse entities")),
        (InvalidToken("no"), Unreachable("the token is refused")),
        (Conflict("other"), Unreachable("the token is refused")),
        (NotSentError("no connection"), Unreachable("No connection")),
        (ServerFailedError("500"), Unreachable("500")),
        (TimedOut("no answer"), Unknown("No answer")),
        (NetworkError("broke"), Unknown("Broke")),
        (TelegramError("new"), Unknown("New")),
    ],
)  # fmt: skip
def test_an_error_becomes_what_is_certain(error: TelegramError, result: SendResult) -> None:
    found = result_of(error)
    assert type(found) is type(result)
    said = getattr(result, "reason", None)
    if said is None:
        assert found == result
    else:
        assert found.reason.casefold().endswith(said.casefold())  # type: ignore[union-attr]


def test_an_edit_that_changes_nothing_is_no_failure() -> None:
    assert unchanged(BadRequest("Message is not modified: it is the same"))
    assert not unchanged(BadRequest("message to edit not found"))
    assert not unchanged(TimedOut())


def test_a_pause_is_read_in_either_form() -> None:
    assert seconds_of(3) == seconds_of(timedelta(seconds=3)) == 3.0
