"""`python -m bot run`: a first conversation, a reminder, a clean end, and two ends that are not."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot.app import LEAST_IN_FLIGHT
from content.catalog import Catalog
from scheduler.clock import system_clock
from scheduler.ending import CUT
from scheduler.services.preferences import set_timezone
from scheduler.store import incoming, outbox, patients
from scheduler.store.engine import Store, stamp
from scheduler.store.rows import all_rows
from tests.bot.conftest import Far
from tests.fakes.people import World, build_world
from tests.process.conftest import PATIENCE, Process, until

pytestmark = pytest.mark.process

ME = {"id": 4242, "is_bot": True, "first_name": "Riverside", "username": "riverside_bot"}
IN_FLIGHT = LEAST_IN_FLIGHT  # at the pace that these tests set
CROWD = 60


def noon_zone(now: datetime) -> str:
    """Return a zone in which it is about noon, so that no test meets quiet hours."""
    ahead = 12 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


@pytest.fixture
def now() -> datetime:
    return system_clock()


@pytest.fixture
def world(process: Process, catalog: Catalog, now: datetime) -> World:
    return build_world(Store(process.database), catalog, now)


def reminder_due(world: World, chat_id: int, due: datetime) -> None:
    """Give a patient one reminder, due at that instant."""
    store = world.store
    ana = world.join(treated_at=due - timedelta(hours=20), now=due, chat_id=chat_id)
    store.run(set_timezone, world.catalog, ana, noon_zone(due), due)
    times = {"due": stamp(due), "stale": stamp(due + timedelta(hours=1)), "ana": ana.id}
    store.run(
        lambda db: db.execute(
            "DELETE FROM reminder WHERE patient_id = :ana AND step <> 'day3_morning'", times
        )
    )
    store.run(
        lambda db: db.execute(
            "UPDATE reminder SET due_at = :due, not_before = :due, stale_at = :stale"
            " WHERE patient_id = :ana",
            times,
        )
    )


async def test_a_first_conversation_a_reminder_and_a_clean_end(
    process: Process, world: World, now: datetime
) -> None:
    code = world.invite(treated_at=now, now=now)
    bea = process.phone("Bea", user_id=102)
    reminder_due(world, bea.id, now + timedelta(seconds=1))
    world.store.close()
    running = await process.start()
    second = await process.launch()
    ana = process.telegram.person("Ana")
    await ana.send(f"/start {code}")
    await ana.hears("May we write to you?")
    await ana.tap("I agree")
    await ana.hears("where you are")
    await ana.tap("Yes, that is right")
    await ana.hears("Day 0")
    await ana.send("can I wear makeup, asks Persephone")
    await ana.hears("You can wear makeup from")
    await ana.send("I can't breathe and my tongue is swelling")
    await ana.hears("severe allergic reaction")
    await bea.hears("Day 3", within=PATIENCE)
    await bea.tap("Done")
    await bea.hears("Thank you")
    await ana.send("/mydata")
    await ana.hears("as a file")
    await ana.send("/forget")
    await ana.hears("Erase everything")
    await ana.tap("Yes, erase everything")
    await ana.hears("It is erased")
    assert await second.wait() == 2
    assert "another bot is running" in process.log
    assert await process.end(running) == 0
    store = Store(process.database)
    assert store.run(outbox.in_doubt) == []
    assert store.run(patients.by_chat, ana.id) is None
    store.close()
    for untold in (process.telegram.token, "Persephone", "breathe"):
        assert untold not in process.log


async def test_a_kill_in_the_middle_of_sending_loses_no_reminder(
    process: Process, world: World, now: datetime
) -> None:
    crowd = [process.phone(f"P{number}", user_id=5000 + number) for number in range(CROWD)]
    for person in crowd:
        reminder_due(world, person.id, now)
    world.store.close()
    telegram = process.telegram
    telegram.round_trip = 0.1
    running = await process.start()
    await until(lambda: len(telegram.calls("sendMessage")) >= CROWD // 3)
    await process.kill(running)
    assert len(telegram.calls("sendMessage")) < CROWD
    telegram.round_trip = 0.0
    running = await process.start()
    store = Store(process.database)
    await until(lambda: store.run(outbox.counts) == {"sent": CROWD})
    store.close()
    assert await process.end(running) == 0
    times = Counter(call.chat_id for call in telegram.calls("sendMessage"))
    assert set(times) == {person.id for person in crowd}
    repeated = [chat_id for chat_id, count in times.items() if count > 1]
    assert max(times.values()) <= 2
    assert len(repeated) <= IN_FLIGHT
    assert all("Day 3" in person.last.text for person in crowd)


async def test_what_was_written_just_before_a_kill_is_answered_after_it(
    process: Process, world: World, now: datetime
) -> None:
    ana = process.phone("Ana", user_id=101)
    world.join(treated_at=now, now=now, chat_id=ana.id)
    world.store.close()
    telegram = process.telegram
    running = await process.start()
    telegram.round_trip = 0.4
    await ana.send("I can't breathe and my tongue is swelling")
    async with asyncio.timeout(PATIENCE):
        await telegram.taken()
    await process.kill(running)
    before = len(telegram.calls("sendMessage", chat_id=ana.id))
    telegram.round_trip = 0.0
    running = await process.start()
    await until(lambda: len(telegram.calls("sendMessage", chat_id=ana.id)) > before)
    await ana.hears("severe allergic reaction")
    assert await process.end(running) == 0


async def test_a_stop_while_nothing_is_answered_names_what_is_in_doubt_and_ends(
    process: Process, world: World, now: datetime
) -> None:
    ana, bea = process.phone("Ana", user_id=101), process.phone("Bea", user_id=102)
    world.join(treated_at=now, now=now, chat_id=ana.id)
    reminder_due(world, bea.id, now)
    world.store.close()
    telegram = process.telegram
    running = await process.start()
    telegram.faults.delay(10 * PATIENCE, method="sendMessage", times=1000)
    await until(lambda: len(telegram.calls("sendMessage", chat_id=bea.id)) == 1)
    await ana.send("can I wear makeup?")
    await until(lambda: len(telegram.calls("sendMessage", chat_id=ana.id)) == 1)
    running.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(running.wait(), timeout=PATIENCE) == 0
    store = Store(process.database)
    assert store.run(outbox.in_doubt) == []
    assert store.run(incoming.left) == []
    rows = store.run(lambda db: all_rows(db, "SELECT * FROM outbox ORDER BY chat_id"))
    assert [(row["chat_id"], row["state"], row["attempts"]) for row in rows] == [
        (ana.id, "waiting", 1),
        (bea.id, "waiting", 1),
    ]
    assert rows[1]["detail"] == CUT
    telegram.faults.clear()
    running = await process.start()
    await until(lambda: store.run(outbox.counts) == {"sent": 2})
    store.close()
    assert await process.end(running) == 0
    assert Counter(call.chat_id for call in telegram.calls("sendMessage")) == {ana.id: 2, bea.id: 2}


async def test_a_start_without_a_network_waits_for_it(process: Process, world: World) -> None:
    process.telegram.faults.fail(502, method="getMe")
    started = await process.start()
    assert "telegram.not_reached" in process.log
    assert await process.end(started) == 0


async def test_a_start_without_a_network_ends_when_it_is_told_to(
    process: Process, world: World
) -> None:
    process.telegram.faults.fail(502, method="getMe", times=1000)
    started = await process.launch()
    await until(lambda: "telegram.not_reached" in process.log)
    assert await process.end(started) == 0
    assert "Unclosed" not in process.log


async def test_a_refused_token_ends_the_start_with_one_line(process: Process, world: World) -> None:
    process.telegram.faults.fail(401, "Unauthorized", method="getMe", times=1000)
    started = await process.launch()
    async with asyncio.timeout(PATIENCE):
        assert await started.wait() == 2
    assert "AFTERCARE_TOKEN is refused by Telegram" in process.log
    assert "Unclosed" not in process.log


async def test_a_start_waits_for_a_network_that_breaks_in_the_middle_of_it(
    process: Process, world: World
) -> None:
    process.telegram.faults.fail(502, method="deleteWebhook")
    started = await process.start()
    assert "telegram.not_reached" in process.log
    assert await process.end(started) == 0
    assert "Traceback" not in process.log


async def test_a_start_that_waits_in_the_middle_ends_when_it_is_told_to(
    process: Process, world: World
) -> None:
    process.telegram.faults.fail(502, method="deleteWebhook", times=1000)
    started = await process.launch()
    await until(lambda: "telegram.not_reached" in process.log)
    assert await process.end(started) == 0
    for unwanted in ("Unclosed", "Traceback", "started "):
        assert unwanted not in process.log


async def test_an_address_that_redirects_gets_no_token_into_the_log(
    process: Process, far: Far
) -> None:
    async def round_and_round(request: web.Request) -> web.Response:
        if request.path.endswith("/getMe"):
            return web.json_response({"ok": True, "result": ME})
        raise web.HTTPFound(str(request.rel_url))

    far.answer = round_and_round
    process.settings["AFTERCARE_TELEGRAM_URL"] = far.url
    started = await process.launch()
    await until(lambda: "telegram.not_reached" in process.log)
    assert await process.end(started) == 0
    assert process.telegram.token not in process.log
    assert "Traceback" not in process.log


async def test_an_error_that_nobody_foresaw_ends_it_with_one_line_that_quotes_nothing(
    process: Process, far: Far
) -> None:
    async def odd(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": "is this pus"})

    far.answer = odd
    process.settings["AFTERCARE_TELEGRAM_URL"] = far.url
    started = await process.launch()
    async with asyncio.timeout(PATIENCE):
        assert await started.wait() == 1
    (line,) = [line for line in process.log.splitlines() if "aftercare.failed" in line]
    assert "error=" in line
    for untold in ("Traceback", "pus", process.telegram.token):
        assert untold not in process.log


@pytest.mark.parametrize("setting", ["AFTERCARE_HEALTH_PORT", "AFTERCARE_WEBHOOK_PORT"])
async def test_a_port_that_is_taken_ends_the_start_with_one_line_that_names_the_setting(
    process: Process, world: World, setting: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process.settings |= {
            setting: str(taken.getsockname()[1]),
            "AFTERCARE_WEBHOOK_URL": "http://127.0.0.1:1",
            "AFTERCARE_WEBHOOK_SECRET": "s" * 16,
        }
        started = await process.launch()
        async with asyncio.timeout(PATIENCE):
            assert await started.wait() == 2
    assert f"aftercare: {setting} is wrong: port" in process.log
    for unwanted in ("Traceback", "Unclosed"):
        assert unwanted not in process.log
