"""How the bot is, for the operator: a health answer and Prometheus metrics, on loopback only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlite_utils import Database

from bot.house import House
from bot.loopback import listen
from bot.telegram.intake import Intake
from bot.webhook import Webhook
from scheduler.ending import CALLS
from scheduler.housekeeping import backup_age
from scheduler.store import outbox, queues, talk

TICK_TOO_OLD = 60.0
DUE_TOO_OLD = 600.0
HEARD_TOO_OLD = 180.0
"""A poll is answered within half a minute, and of a webhook Telegram is asked each minute; several
questions have failed by then."""

STOPPED = "no round of the schedule was finished within the last minute"
OVERDUE = "a message has waited for more than ten minutes"
SILENT = "Telegram has given no good answer for three minutes"


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the bot is at a moment; ages in seconds, None for what has not happened yet.

    Attributes:
        ok: Whether the schedule ticks, Telegram answers, updates come and nothing waited too long.
        why: The reasons if it is not well; they hold no address, number or word of anybody's.
        last_tick_seconds: Since the last finished round.
        oldest_due_seconds: How long the longest waiting message is overdue.
        queue: How many messages wait in the outbox.
        last_success_seconds: Since Telegram last took a message.
        last_heard_seconds: Since Telegram last answered when asked for updates, or, if it calls us,
            when asked whether it does.
        open_escalations: How many patients wait for a person.
        last_backup_seconds: Since the last good backup of a night.
    """

    ok: bool
    why: tuple[str, ...]
    last_tick_seconds: float | None
    oldest_due_seconds: float
    queue: int
    last_success_seconds: float | None
    last_heard_seconds: float | None
    open_escalations: int
    last_backup_seconds: float | None


class Health:
    """Answers on `/health` and `/metrics`.

    Args:
        house: The parts of the bot.
        intake: Who hears from Telegram.
        webhook: Where Telegram calls, if it does.
        port: Where to listen on 127.0.0.1; 0 for nowhere.
    """

    def __init__(self, house: House, intake: Intake, webhook: Webhook, *, port: int) -> None:
        self._house, self._intake, self._webhook, self._port = house, intake, webhook, port
        self._last_tick: datetime | None = None
        self._counts: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None

    def ticked(self, at: datetime, counts: Mapping[str, int]) -> None:
        """Take note of a finished round and what it counted."""
        self._last_tick = at
        self._counts.update(counts)

    async def look(self) -> Pulse:
        """Return how the bot is now."""
        now = self._house.clock()
        queue, oldest, escalations = await self._house.store.tx(_queue, now)
        backup = await self._house.store.tx(backup_age, now)
        tick_age = _age(self._last_tick, now)
        why = [
            (tick_age is None or abs(tick_age) > TICK_TOO_OLD, STOPPED),
            (oldest > DUE_TOO_OLD, OVERDUE),
            (self._deaf(now), SILENT),
            (bool(self._webhook.trouble), self._webhook.trouble),
        ]
        reasons = tuple(reason for holds, reason in why if holds)
        return Pulse(
            ok=not reasons,
            why=reasons,
            last_tick_seconds=tick_age,
            oldest_due_seconds=oldest,
            queue=queue,
            last_success_seconds=_age(self._house.delivery.last_success, now),
            last_heard_seconds=_age(self._last_answer, now),
            open_escalations=escalations,
            last_backup_seconds=None if backup is None else round(backup.total_seconds(), 3),
        )

    @property
    def _last_answer(self) -> datetime | None:
        return self._intake.last_heard or self._webhook.last_answer

    def _deaf(self, now: datetime) -> bool:
        """Whether Telegram was asked for updates, or of its calls, and was silent for minutes."""
        began = self._intake.polls_since or self._webhook.began
        if began is None:
            return False
        heard = max(began, self._last_answer or began)
        return abs((now - heard).total_seconds()) > HEARD_TOO_OLD

    async def start(self) -> None:
        """Listen, if there is a port to listen on and it does not listen yet.

        Raises:
            SettingsError: If the port is taken.
        """
        if not self._port or self._runner is not None:
            return
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CALLS)
        await listen(self._runner, self._port, setting="AFTERCARE_HEALTH_PORT")

    async def stop(self) -> None:
        """Stop to listen."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, _: web.Request) -> web.Response:
        pulse = await self.look()
        return web.json_response(asdict(pulse), status=200 if pulse.ok else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(list(self._families(await self.look()))))
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    def _families(self, pulse: Pulse) -> Iterable[Metric]:
        for name, told in _TOLD.items():
            if (value := getattr(pulse, name)) is not None:
                yield GaugeMetricFamily(f"aftercare_{name}", told, value=float(value))
        delivery = self._house.delivery
        yield _counter("messages", "Messages by outcome.", "outcome", delivery.counts)
        yield _counter("ticks", "What the rounds counted.", "what", self._counts)
        dwell = CounterMetricFamily(
            "aftercare_dwell_seconds", "Time from due to sent, summed over messages."
        )
        dwell.add_metric([], delivery.dwell_seconds)
        yield dwell


class _Collected:
    """What was collected just now, in the shape that the library asks for."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


_TOLD = {
    "ok": "1 if the schedule ticks, Telegram answers, updates come and nothing waited too long.",
    "last_tick_seconds": "Seconds since the last finished round.",
    "oldest_due_seconds": "How long the longest waiting message is overdue.",
    "queue": "Messages that wait in the outbox.",
    "last_success_seconds": "Seconds since Telegram last took a message.",
    "last_heard_seconds": "Seconds since Telegram last answered a poll or told of the webhook.",
    "open_escalations": "Patients who wait for a person.",
    "last_backup_seconds": "Seconds since the last good backup of a night.",
}


def _counter(name: str, told: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"aftercare_{name}", told, labels=[label])
    for key, value in sorted(counts.items()):
        family.add_metric([key], value)
    return family


def _queue(db: Database, now: datetime) -> tuple[int, float, int]:
    counts = outbox.counts(db)
    due = queues.next_due(db)
    overdue = max((now - due).total_seconds(), 0.0) if due else 0.0
    return counts.get("waiting", 0), overdue, talk.open_count(db)


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 3)
