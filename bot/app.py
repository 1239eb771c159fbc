"""The only place that knows every concrete part: it wires them, starts them and stops them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from functools import lru_cache, partial
from typing import Any

import structlog
from telegram.constants import ParseMode
from telegram.ext import Application, ApplicationBuilder, Defaults

from bot import mishap
from bot.health import Health
from bot.heartbeat import ping
from bot.house import House
from bot.memory import keep_what_is_loaded
from bot.menus import tell_menus
from bot.patient import contents as patient_contents
from bot.settings import Settings
from bot.staff import contents as staff_contents
from bot.staff.board import Board
from bot.staff.broadcast.progress import show_progress
from bot.staff.report import send_weekly
from bot.telegram.intake import Intake
from bot.telegram.introduction import introduce
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.processor import OrderedProcessor
from bot.telegram.transport import AiohttpRequest
from bot.webhook import Webhook
from content.catalog import Catalog
from content.rehearsal import rehearse
from content.understand import Knowledge, load_knowledge
from scheduler.clock import Clock, system_clock
from scheduler.delivery import Delivery
from scheduler.ending import ANSWERS, MARKS, TURNS, WORK, Ending
from scheduler.housekeeping import Keeping, keep_house
from scheduler.pacer import Pacer
from scheduler.replying import Replies
from scheduler.runner import Runner
from scheduler.services import outage
from scheduler.store import clinics, records
from scheduler.store.engine import Store
from scheduler.tick import tick

HOUSEKEEPING_SECONDS = 600.0
HEARTBEAT_SECONDS = 60.0
WEBHOOK_SECONDS = 60.0
PROGRESS_SECONDS = 3.0
CARDS_SECONDS = 2.0
REPORT_SECONDS = 600.0
REQUEST_SECONDS = 0.13  # about what a request takes; what is under way has to fill the pace
LEAST_IN_FLIGHT = 16

log = structlog.get_logger()


class Bot:
    """The whole running bot.

    Args:
        settings: What the operator set; a token must be among it.
        store: The open database.
        catalog: The words.
        clock: The present instant; a movable one in `aftercare try` and in tests.
        knowledge: How words are understood; read from the catalog's library if not given.
        pacer: Who sends when; one for the settings' pace if not given.

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
        pacer: Pacer | None = None,
    ) -> None:
        self.settings, self.store, self.catalog = settings, store, catalog
        catalog.told = lru_cache(maxsize=256)(mishap.not_used)
        processor = OrderedProcessor(after_flood=self.tell_of_flood)
        self.application = _application(settings, processor)
        self.pacer = pacer = pacer or Pacer(per_second=settings.messages_per_second)
        in_flight = max(round(settings.messages_per_second * REQUEST_SECONDS), LEAST_IN_FLIGHT)
        self.delivery = Delivery(
            store,
            TelegramMessenger(self.application.bot),
            pacer,
            clock,
            in_flight=in_flight,
            batch=4 * in_flight,
        )
        messenger = self.delivery.line
        self.intake = Intake(self.application, store, clock, AiohttpRequest(connections=2))
        self.house = House(
            store=store,
            catalog=catalog,
            knowledge=knowledge or load_knowledge(catalog.library),
            clock=clock,
            messenger=messenger,
            replies=Replies(store, messenger, pacer, clock, behind=self.delivery.behind),
            delivery=self.delivery,
            board=Board(store, catalog, messenger, pacer, clock),
            per_second=settings.messages_per_second,
            again=self.intake.again,
            crowded=processor.crowded,
            unfinished=self.intake.unfinished,
        )
        self.webhook = Webhook(settings, self.application, self.intake)
        self.health = Health(self.house, self.intake, self.webhook, port=settings.health_port)
        self.runner = Runner(self.tick, set_back=self.delivery.clock_set_back)
        self.runner.beside("housekeeping", self.keep_house, seconds=HOUSEKEEPING_SECONDS)
        self.runner.beside("progress", self.show_progress, seconds=PROGRESS_SECONDS, finishes=True)
        self.runner.beside("cards", self.show_cards, seconds=CARDS_SECONDS, finishes=True)
        self.runner.beside("reports", self.send_reports, seconds=REPORT_SECONDS)
        if self.webhook.wanted:
            self.runner.beside("webhook", self.webhook.look, seconds=WEBHOOK_SECONDS)
        if settings.ping_url:
            self.runner.beside("heartbeat", self.ping, seconds=HEARTBEAT_SECONDS)
        self.house.install(self.application.bot_data)
        self.intake.hear = partial(patient_contents.typed, house=self.house)
        staff_contents.install(self.application)
        patient_contents.install(self.application, catalog)
        self.application.add_error_handler(mishap.failed)

    def run(self) -> None:
        """Run until SIGINT or SIGTERM; raises `SettingsError` if Telegram refuses the token."""
        asyncio.run(self._until_told_to_stop())

    async def tick(self) -> None:
        """Do one round of the schedule and let the sender know of what it queued."""
        house, now = self.house, self.house.clock()
        counts = await tick(house.store, house.catalog, now)
        self.delivery.line.heard(self.intake.last_heard or self.webhook.last_answer)
        if self._reached():
            counts["told_of_outage"] += await house.store.tx(outage.reached, house.catalog, now)
        self.health.ticked(now, counts)
        if +counts:
            log.info("tick", **(+counts))
        self.delivery.wake()

    async def keep_house(self) -> None:
        """Do the night's work if it is time for it."""
        settings = self.settings
        keeping = Keeping(
            settings.backups, settings.backups_kept, settings.keep_words_days, settings.keep_days
        )
        counts = await keep_house(self.house.store, keeping, self.house.clock())
        if counts:
            log.info("housekeeping", **counts)

    async def show_progress(self) -> None:
        """Bring what the groups see of their broadcasts up to date."""
        await show_progress(self.house)

    async def show_cards(self) -> None:
        """Bring what the groups see of their patients' messages up to date."""
        await self.house.board.sweep()

    async def tell_of_flood(self, chat_id: int) -> None:
        """Tell a group that some of what was tapped or typed there was not done."""
        await mishap.flooded(self.house, chat_id)

    async def send_reports(self) -> None:
        """Post the weekly reports that are due."""
        await send_weekly(self.house)

    async def ping(self) -> None:
        """Tell the dead-man switch that the bot is alive, if it is."""
        if (await self.health.look()).ok:
            await ping(self.settings.ping_url)

    async def make_ready(self) -> None:
        """Do beforehand what the first patients would wait for: it takes half a second."""
        known = await self.store.look(clinics.listed)
        for language in sorted({self.catalog.language(clinic.language) for clinic in known}):
            try:
                rehearse(self.catalog, self.house.knowledge, language)
            except Exception:  # a wrong word in one answer must not keep the others from patients
                log.exception("rehearsal.failed", language=language)
        keep_what_is_loaded()

    async def start(self) -> None:
        """Start within a running event loop; waits for Telegram, however long it is away.

        What was started is stopped again if the start fails or is given up.

        Raises:
            SettingsError: If Telegram refuses the token or the address of the webhook.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        await self.health.start()
        await introduce(self.application)
        bot = self.application.bot
        await self.store.tx(records.keep, "bot.username", bot.username)
        await self.delivery.recover()
        await self.application.start()
        await self.webhook.start()
        await self.intake.start(poll=not self.webhook.wanted)
        self.delivery.start()
        self.runner.start()
        await tell_menus(bot, self.catalog, patient_contents.COMMANDS, staff_contents.MENU)
        log.info("started", content=self.catalog.version)
        if self.house.knowledge.outdated:
            log.warning("knowledge.outdated", reason=self.house.knowledge.outdated)

    async def stop(self) -> None:
        """Stop what `start` started: no new updates, then what is in hand comes to its end.

        It takes no longer than `scheduler.ending` allows, and nothing is half-done after it.
        """
        ending = Ending()
        cut = asyncio.get_running_loop().call_later(ANSWERS, self.delivery.line.cut)
        self.store.break_off_backup()
        updates = asyncio.create_task(self._take_no_more(ending), name="updates")
        await asyncio.wait([updates], timeout=ending.left(TURNS))
        self.pacer.close()
        await ending.see_to(
            MARKS,
            delivery=self.delivery.stop(),
            jobs=self.runner.stop(within=ending.left(WORK)),
            updates=updates,
            health=self.health.stop(),
        )
        cut.cancel()
        if self.application.running:
            await self.application.stop()
        await self.application.shutdown()
        log.info("stopped")

    async def _take_no_more(self, ending: Ending) -> None:
        """Let no update in any more, and those in hand come to their end."""
        await asyncio.gather(self.webhook.stop(), self.intake.close())
        await self.intake.stop(within=ending.left(WORK))

    async def _until_told_to_stop(self) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
        await self.health.start()
        try:
            if await _unless(told, introduce(self.application)):
                await self.make_ready()
                if await _unless(told, self.start()):
                    await told.wait()
                    await self.stop()
        finally:
            await self.health.stop()

    def _reached(self) -> bool:
        """Whether Telegram has been heard of within the last minute."""
        now = self.house.clock()
        heard = (
            self.intake.last_heard,
            self.delivery.last_success,
            self.webhook.last_heard,
            self.webhook.last_answer,
        )
        return any(at is not None and (now - at).total_seconds() < 60 for at in heard)  # noqa: PLR2004


async def _unless(told: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do some work, and return False if it was broken off since we were told to stop before."""
    doing, stop = asyncio.create_task(work), asyncio.create_task(told.wait())
    await asyncio.wait((doing, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if doing.done():
        await doing
        return True
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    return False


def _application(
    settings: Settings,
    processor: OrderedProcessor,
) -> Application:  # type: ignore[type-arg]
    if settings.token is None:
        raise ValueError("AFTERCARE_TOKEN is not set; it comes from @BotFather")
    return (
        ApplicationBuilder()
        .token(settings.token.get_secret_value())
        .base_url(f"{settings.telegram_url}/bot")
        .base_file_url(f"{settings.telegram_url}/file/bot")
        .request(AiohttpRequest())
        .get_updates_request(AiohttpRequest(connections=1))
        .concurrent_updates(processor)
        .defaults(Defaults(parse_mode=ParseMode.HTML))
        .updater(None)
        .job_queue(None)
        .build()
    )
