"""Updates by webhook instead of polling: Telegram calls us, and proves it with a secret.

An update is answered with 200 only when it is kept, so Telegram sends it again if we could not.
"""

from __future__ import annotations

import hmac
import json
from datetime import datetime

import structlog
from aiohttp import web
from telegram import Update
from telegram.ext import Application

from bot.settings import Settings
from bot.telegram.intake import Intake

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram"
MOST_BYTES = 1024 * 1024
LARGEST_NUMBER = 2**63 - 1

log = structlog.get_logger()


class Webhook:
    """The server that Telegram calls, if the operator wants one.

    Args:
        settings: `webhook_url` turns it on.
        application: Whose bot tells Telegram where to call.
        intake: Where updates go.
    """

    def __init__(
        self,
        settings: Settings,
        application: Application,  # type: ignore[type-arg]
        intake: Intake,
    ) -> None:
        self._settings, self._application, self._intake = settings, application, intake
        self._runner: web.AppRunner | None = None
        self.last_heard: datetime | None = None

    @property
    def wanted(self) -> bool:
        """Whether updates come by webhook."""
        return bool(self._settings.webhook_url)

    async def start(self) -> None:
        """Listen and tell Telegram where; without a webhook, tell it that there is none."""
        bot = self._application.bot
        if not self.wanted:
            await bot.delete_webhook(drop_pending_updates=False)
            return
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post(PATH, self._called)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._settings.webhook_port).start()
        await bot.set_webhook(
            f"{self._settings.webhook_url}{PATH}",
            secret_token=self._secret,
            allowed_updates=Update.ALL_TYPES,
            drop_pending_updates=False,
        )

    async def stop(self) -> None:
        """Stop to listen; Telegram keeps what comes meanwhile."""
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def _secret(self) -> str:
        secret = self._settings.webhook_secret
        return secret.get_secret_value() if secret else ""

    async def _called(self, request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=403)
        try:
            raw = json.loads(await request.read())
            number = raw["update_id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return web.Response(status=400)
        if type(number) is not int or not 0 <= number <= LARGEST_NUMBER:
            return web.Response(status=400)
        await self._intake.take([raw])
        self.last_heard = self._intake.now()
        return web.Response()
