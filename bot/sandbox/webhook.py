"""Updates posted to the bot's own address, one after the other, until it says that it has them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from bot.sandbox.updates import Updates

RETRY_SECONDS = 0.2
ANSWER_SECONDS = 30.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name, not its value


class Webhook:
    """Posts updates to where the bot wants them.

    Args:
        updates: What is to be posted.
        url: Where to.
        secret: What the header shows the bot, so that it knows who posts.
    """

    def __init__(self, updates: Updates, url: str, secret: str) -> None:
        self.url = url
        self.last_error = ""
        self._updates, self._secret = updates, secret
        self._task = asyncio.get_running_loop().create_task(self._run(), name="webhook")

    async def stop(self) -> None:
        """Post nothing more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        headers = {SECRET_HEADER: self._secret} if self._secret else {}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            while True:
                update = await self._updates.first()
                if await self._post(session, update):
                    self._updates.forget(update)
                else:
                    await asyncio.sleep(RETRY_SECONDS)

    async def _post(self, session: aiohttp.ClientSession, update: dict[str, Any]) -> bool:
        try:
            async with session.post(self.url, json=update) as answer:
                if answer.ok:
                    return True
                self.last_error = f"Wrong response from the webhook: {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            self.last_error = f"Connection failed: {type(error).__name__}"
        return False
