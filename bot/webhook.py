"""Updates by webhook instead of polling: Telegram calls us, and proves it with a secret.

An update is answered with 200 only when it is kept, so Telegram sends it again if we could not.
Who is called cannot tell a quiet hour from one in which nobody gets through, so Telegram is asked
now and then whether it still calls us, and whether that works.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web
from telegram import Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application

from bot.loopback import listen
from bot.settings import Settings, SettingsError
from bot.telegram.intake import Intake
from bot.telegram.patience import Pause, until_answered
from bot.telegram.polling import is_update
from bot.telegram.transport import AiohttpRequest
from scheduler.ending import CALLS

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram"
MOST_BYTES = 1024 * 1024
TAKEN = "Telegram calls another address than ours, or none"
FAILING = "Telegram cannot deliver updates to our address"

log = structlog.get_logger()


class Webhook:
    """The server that Telegram calls, if the operator wants one.

    Args:
        settings: `webhook_url` turns it on.
        application: Whose bot tells Telegram where to call.
        intake: Where updates go.
        pause: How it waits, for so many seconds, before it tells Telegram again.

    Attributes:
        began: When Telegram was told where to call; None if it is not to.
        last_heard: When Telegram last called.
        last_answer: When Telegram last answered where it calls.
        trouble: Why no updates come although Telegram answers; empty if they do.
    """

    def __init__(
        self,
        settings: Settings,
        application: Application,  # type: ignore[type-arg]
        intake: Intake,
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._settings, self._application, self._intake = settings, application, intake
        self._runner: web.AppRunner | None = None
        self.pause = pause
        self.began: datetime | None = None
        self.last_heard: datetime | None = None
        self.last_answer: datetime | None = None
        self.trouble = ""

    @property
    def wanted(self) -> bool:
        """Whether updates come by webhook."""
        return bool(self._settings.webhook_url)

    async def start(self) -> None:
        """Listen and tell Telegram where; without a webhook, tell it that there is none.

        Raises:
            SettingsError: If Telegram refuses the address or the token, or the port is taken.
        """
        if self.wanted:
            await self._listen()
        await until_answered(self._tell, pause=self.pause)
        if self.wanted:
            self.began = self.last_answer = self._intake.now()

    async def look(self) -> None:
        """Ask Telegram where it calls and whether that works; a change of that is logged."""
        bot = self._application.bot
        if not isinstance(bot.request, AiohttpRequest):
            raise TypeError(bot.request)
        try:
            told = await bot.request.call(f"{bot.base_url}/getWebhookInfo", {})
            trouble = self._trouble(told)
        except (TelegramError, AttributeError, TypeError) as error:
            log.warning("webhook.not_told", error=type(error).__name__)
            return
        self.last_answer = self._intake.now()
        if trouble != self.trouble:
            log.warning("webhook.changed", why=trouble or "updates come again")
        self.trouble = trouble

    async def stop(self) -> None:
        """Stop to listen; Telegram keeps what comes meanwhile."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post(PATH, self._called)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CALLS)
        port = self._settings.webhook_port
        await listen(self._runner, port, setting="AFTERCARE_WEBHOOK_PORT")

    async def _tell(self) -> None:
        bot = self._application.bot
        if not self.wanted:
            await bot.delete_webhook(drop_pending_updates=False)
            return
        try:
            await bot.set_webhook(
                self._address,
                secret_token=self._secret,
                allowed_updates=Update.ALL_TYPES,
                drop_pending_updates=False,
            )
        except BadRequest:
            raise SettingsError("AFTERCARE_WEBHOOK_URL is refused by Telegram; check it") from None

    def _trouble(self, told: dict[str, Any]) -> str:
        """Return why no updates come, from what Telegram tells of the webhook."""
        if str(told.get("url")).casefold() != self._address.casefold():
            return TAKEN
        waiting, failed = told.get("pending_update_count", 0), told.get("last_error_date", 0)
        since = max(at.timestamp() for at in (self.began, self.last_heard) if at)
        return FAILING if waiting > 0 and failed > since else ""

    @property
    def _address(self) -> str:
        return f"{self._settings.webhook_url}{PATH}"

    @property
    def _secret(self) -> str:
        secret = self._settings.webhook_secret
        return secret.get_secret_value() if secret else ""

    async def _called(self, request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "")
        # what is no text comes as halves of characters, which have to become bytes again
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        try:
            raw = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not is_update(raw):
            return web.Response(status=400)
        await self._intake.take([raw])
        self.last_heard = self._intake.now()
        return web.Response()
