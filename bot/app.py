"""The only place that knows every concrete part: it wires them, starts them and stops them."""

from __future__ import annotations

import structlog
from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeAllGroupChats,
    Update,
)
from telegram.constants import ParseMode
from telegram.ext import Application, ApplicationBuilder, Defaults

from bot.house import Context, House
from bot.patient import contents as patient_contents
from bot.patient.conversation import open_conversation
from bot.settings import Settings
from bot.staff import contents as staff_contents
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.processor import OrderedProcessor
from bot.telegram.transport import AiohttpRequest
from content.catalog import FALLBACK_LANGUAGE, Catalog
from content.understand import Knowledge, load_knowledge
from scheduler.clock import Clock, system_clock
from scheduler.delivery import Delivery
from scheduler.pacer import Pacer
from scheduler.replying import Replies
from scheduler.runner import Runner
from scheduler.store.engine import Store
from scheduler.tick import tick

log = structlog.get_logger()

_STAFF_COMMANDS = ("connect",)


class Bot:
    """The whole running bot.

    Args:
        settings: What the operator set; a token must be among it.
        store: The open database.
        catalog: The words.
        clock: The present instant; a movable one in `aftercare try` and in tests.
        knowledge: How words are understood; read from the catalog's library if not given.

    Raises:
        ValueError: If there is no token.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        catalog: Catalog,
        *,
        clock: Clock = system_clock,
        knowledge: Knowledge | None = None,
    ) -> None:
        if settings.token is None:
            raise ValueError("AFTERCARE_TOKEN is not set; it comes from @BotFather")
        self.settings = settings
        self.application = _application(settings)
        messenger = TelegramMessenger(self.application.bot)
        pacer = Pacer(per_second=settings.messages_per_second)
        self.delivery = Delivery(store, messenger, pacer, clock)
        self.house = House(
            store=store,
            catalog=catalog,
            knowledge=knowledge or load_knowledge(catalog.library),
            clock=clock,
            messenger=messenger,
            replies=Replies(store, messenger, pacer, clock),
            delivery=self.delivery,
        )
        self.runner = Runner(self.tick)
        self.house.install(self.application.bot_data)
        patient_contents.install(self.application, catalog)
        staff_contents.install(self.application)
        self.application.add_error_handler(_failed)
        self.application.post_init = self._begin
        self.application.post_stop = self._end

    def run(self) -> None:
        """Run until SIGINT or SIGTERM; Telegram is asked for updates by long polling."""
        self.application.run_polling(
            allowed_updates=Update.ALL_TYPES,
            bootstrap_retries=5,
            drop_pending_updates=False,
        )

    async def tick(self) -> None:
        """Do one round of the schedule and let the sender know of what it queued."""
        house = self.house
        counts = await tick(house.store, house.catalog, house.clock())
        if counts:
            log.info("tick", **counts)
        self.delivery.wake()

    async def start(self) -> None:
        """Start within an event loop that is running already, as `aftercare try` does."""
        await self.application.initialize()
        await self._begin(self.application)
        await self.application.start()
        if self.application.updater is not None:
            await self.application.updater.start_polling(
                allowed_updates=Update.ALL_TYPES, bootstrap_retries=5, poll_interval=0.0
            )

    async def stop(self) -> None:
        """Stop what `start` started: no new updates, the running work finished."""
        if self.application.updater is not None:
            await self.application.updater.stop()
        await self.application.stop()
        await self._end(self.application)
        await self.application.shutdown()

    async def _begin(self, application: Application) -> None:  # type: ignore[type-arg]
        await self.delivery.recover()
        await _tell_commands(application, self.house.catalog)
        self.delivery.start()
        self.runner.start()

    async def _end(self, _: Application) -> None:  # type: ignore[type-arg]
        await self.runner.stop()
        await self.delivery.stop()


def _application(settings: Settings) -> Application:  # type: ignore[type-arg]
    if settings.token is None:
        raise ValueError("AFTERCARE_TOKEN is not set; it comes from @BotFather")
    return (
        ApplicationBuilder()
        .token(settings.token.get_secret_value())
        .base_url(f"{settings.telegram_url}/bot")
        .base_file_url(f"{settings.telegram_url}/file/bot")
        .request(AiohttpRequest())
        .get_updates_request(AiohttpRequest())
        .concurrent_updates(OrderedProcessor())
        .defaults(Defaults(parse_mode=ParseMode.HTML))
        .job_queue(None)
        .build()
    )


async def _tell_commands(application: Application, catalog: Catalog) -> None:  # type: ignore[type-arg]
    """Give Telegram the command menus, in every language; a bot without menus still works."""
    for language in catalog.languages:
        words = catalog.words(language).table("command")
        told = "" if language == FALLBACK_LANGUAGE else language
        patient = [
            BotCommand(name, str(words[name]))
            for name in patient_contents.COMMANDS
            if name in words
        ]
        staff = [BotCommand(name, str(words[name])) for name in _STAFF_COMMANDS if name in words]
        await application.bot.set_my_commands(
            patient, scope=BotCommandScopeAllPrivateChats(), language_code=told
        )
        await application.bot.set_my_commands(
            staff, scope=BotCommandScopeAllGroupChats(), language_code=told
        )


async def _failed(update: object, context: Context) -> None:
    """A handler failed: log what failed, not what was said, and give the patient a way on."""
    log.error("update.failed", exc_info=context.error)
    if not isinstance(update, Update):
        return
    conversation = await open_conversation(update, context)
    if conversation is not None:
        await conversation.say(conversation.screen("failed"))
