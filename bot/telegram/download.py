"""The bytes of a file that somebody sent to the bot."""

from __future__ import annotations

import structlog
from telegram import Document
from telegram.error import TelegramError

log = structlog.get_logger()


async def fetch(document: Document) -> bytes | None:
    """Return the content of a file; None if Telegram does not hand it out now."""
    try:
        file = await document.get_file()
        return bytes(await file.download_as_bytearray())
    except TelegramError as error:
        log.info("file.not_fetched", error=type(error).__name__)
        return None
