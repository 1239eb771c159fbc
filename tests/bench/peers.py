"""What several experiments need of the peers, set up as their own documentation does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from telegram.ext import Application, ApplicationBuilder

from scheduler.messenger import Keyboard, Outgoing, SendResult, Sent
from tests.bench.process import TOKEN

if TYPE_CHECKING:
    from aiogram import Bot


class Mute:
    """A messenger that says nothing, so that only the sender's own work is measured."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: Outgoing) -> SendResult:
        """Count a message and call it sent."""
        self.sent += 1
        return Sent(self.sent)

    async def edit(
        self,
        *,
        chat_id: int,
        message_id: int,
        text: str,
        buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:
        """Call it edited."""
        return Sent(message_id)

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        """Call it deleted."""
        return Sent(message_id)

    async def answers(self) -> bool:
        """Always."""
        return True


class Unpaced:
    """A pacer that lets everything go at once, as the peers' schedules do."""

    async def turn(self, *, chat_id: int, priority: int, group: int) -> None:
        """Go."""

    async def go(self, *, priority: int) -> float:
        """Go."""
        return 0.0

    async def pause(self, seconds: float) -> None:
        """Never wait."""

    def hold(self, seconds: float, *, everybody: bool = False) -> None:
        """Never wait."""


async def nothing(*_: Any) -> None:
    """A job that does nothing."""


def quiet_application() -> Application[Any, Any, Any, Any, Any, Any]:
    """Return an application of python-telegram-bot that talks to nobody."""
    return ApplicationBuilder().token(TOKEN).build()


def application_builder(url: str) -> Any:
    """Return python-telegram-bot's builder with its defaults, for the loopback server."""
    return ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot")


def job_store(path: str, *, durable: bool = True) -> AsyncIOScheduler:
    """Return APScheduler with its SQLAlchemy store; not durable only to fill it in no time."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # noqa: PLC0415
    from sqlalchemy import event  # noqa: PLC0415

    store = SQLAlchemyJobStore(url=f"sqlite:///{path}")
    if not durable:
        event.listen(store.engine, "connect", _hasty)
    return AsyncIOScheduler(jobstores={"default": store}, timezone="UTC")


def _hasty(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")


def aiogram_bot(url: str) -> Bot:
    """Return a bot of aiogram with its defaults, for the loopback server."""
    from aiogram import Bot  # noqa: PLC0415
    from aiogram.client.default import DefaultBotProperties  # noqa: PLC0415
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415

    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    return Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
