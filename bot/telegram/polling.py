"""One question to Telegram for updates, and which of what comes back can be dealt with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeGuard
from urllib.parse import urlencode

import structlog
from telegram import Update
from telegram.error import NetworkError
from telegram.request import BaseRequest

POLL_SECONDS = 25
AT_MOST = 100  # what one call may bring
LARGEST_NUMBER = 2**52 - 1
"""The Bot API promises no number more than 52 bits; to confirm a larger one would confirm all that
is to come."""

log = structlog.get_logger()


async def ask(request: BaseRequest, base_url: str, offset: int) -> list[object]:
    """Return updates as they are; one that this version cannot read must not stop others.

    Args:
        request: The transport.
        base_url: The Bot API with the token.
        offset: Everything before it is confirmed.

    Raises:
        TelegramError: If Telegram refuses, or what answered is not Telegram.
    """
    wanted = urlencode(
        {
            "offset": offset,
            "limit": AT_MOST,
            "timeout": POLL_SECONDS,
            "allowed_updates": json.dumps(Update.ALL_TYPES),
        }
    )
    body = await request.retrieve(f"{base_url}/getUpdates?{wanted}", read_timeout=POLL_SECONDS + 10)
    result = request.parse_json_payload(body).get("result")
    if not isinstance(result, list):
        raise NetworkError("the answer holds no list of updates")
    return result


def is_update(raw: object) -> TypeGuard[dict[str, Any]]:
    """Whether something is an update with a number that Telegram could have given it."""
    if not isinstance(raw, dict):
        return False
    number = raw.get("update_id")
    return type(number) is int and 0 <= number <= LARGEST_NUMBER


def numbered(updates: Sequence[object]) -> list[dict[str, Any]]:
    """Return those that are updates, and say in the log how many are not."""
    sound = [raw for raw in updates if is_update(raw)]
    if odd := len(updates) - len(sound):
        log.warning("intake.odd_number", updates=odd)
    return sound


def offset_after(updates: Sequence[dict[str, Any]], offset: int) -> int:
    """Return what confirms these updates; the offset itself if there are none."""
    return max((raw["update_id"] + 1 for raw in updates), default=offset)
