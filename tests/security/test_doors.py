"""The two doors on loopback: only Telegram's word comes in, and no word of a patient goes out."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import Bot
from bot.sandbox.chats import Json
from bot.sandbox.settle import settled
from bot.sandbox.stage import settings_for
from bot.sandbox.telegram import Telegram
from bot.webhook import HEADER, MOST_BYTES, PATH
from content.catalog import Catalog
from content.understand import Knowledge
from scheduler.store.engine import Store
from scheduler.store.rows import all_rows
from tests.fakes.clock import FakeClock
from tests.fakes.people import ANA_CHAT, World

SECRET = "s" * 24
WORDS = "there is pus and it smells"


@dataclass
class House:
    """A running bot with both doors open."""

    telegram: Telegram
    bot: Bot
    store: Store
    hook: str
    health: str
    session: aiohttp.ClientSession

    async def post(self, body: bytes | str | BytesIO, secret: str = SECRET) -> int:
        async with self.session.post(
            self.hook + PATH, data=body, headers={HEADER: secret}
        ) as answer:
            return answer.status

    async def kept(self) -> list[int]:
        rows = await self.store.tx(lambda db: all_rows(db, "SELECT update_id FROM incoming"))
        return [row["update_id"] for row in rows]


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])


@pytest.fixture
async def house(
    store: Store, catalog: Catalog, clock: FakeClock, knowledge: Knowledge, world: World
) -> AsyncIterator[House]:
    hook, health = free_ports()
    async with Telegram(clock) as telegram, aiohttp.ClientSession() as session:
        settings = settings_for(telegram).model_copy(
            update={
                "webhook_url": f"http://127.0.0.1:{hook}",
                "webhook_port": hook,
                "webhook_secret": SecretStr(SECRET),
                "health_port": health,
            }
        )
        bot = Bot(settings, store, catalog, clock=clock, knowledge=knowledge)
        await bot.start()
        telegram.settle = settled(telegram, bot)
        urls = (f"http://127.0.0.1:{hook}", f"http://127.0.0.1:{health}")
        yield House(telegram, bot, store, *urls, session)
        await bot.stop()


def typed(number: object, text: str = "hello") -> str:
    message: Json = {
        "message_id": 7,
        "date": 1_795_528_800,
        "chat": {"id": ANA_CHAT, "type": "private"},
        "from": {"id": ANA_CHAT, "is_bot": False, "first_name": "Ana"},
        "text": text,
    }
    return json.dumps({"update_id": number, "message": message})


@pytest.mark.parametrize("number", ["5", 5.0, True, None, -1, 2**63, 10**40, [], {}])
async def test_a_number_that_no_update_has_is_refused_before_it_is_kept(
    house: House, number: object
) -> None:
    assert await house.post(typed(number)) == 400
    assert await house.kept() == []


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"[" * 50_000, b'{"update_id": ' + b"9" * 5_000 + b"}", b"\x00", b"{}" * 2],
    ids=["no text", "deep", "long number", "nothing", "twice"],
)
async def test_a_body_that_is_no_update_is_refused(house: House, body: bytes) -> None:
    assert await house.post(body) == 400
    assert await house.kept() == []


async def test_a_huge_body_is_refused_unread(house: House) -> None:
    assert await house.post(BytesIO(typed(5, "x" * MOST_BYTES).encode())) == 413
    assert await house.kept() == []


async def test_an_update_with_half_a_character_is_kept_and_answered(
    house: House, world: World, clock: FakeClock
) -> None:
    half = typed(5, "is this normal?").replace("normal", "normal\\ud83d")
    assert await house.post(half) == 200
    assert await house.post(typed(6, "hello")) == 200
    assert sorted(await house.kept()) == [5, 6]


async def test_a_replayed_update_is_dealt_with_once(house: House) -> None:
    ana = house.telegram.person("Ana", user_id=ANA_CHAT)
    await ana.send("/start")
    before = len(house.telegram.calls("sendMessage", chat_id=ANA_CHAT))
    for _ in range(3):
        assert await house.post(typed(5)) == 200
    await house.telegram._settled()
    assert len(house.telegram.calls("sendMessage", chat_id=ANA_CHAT)) == before + 1


async def test_health_and_metrics_hold_no_number_of_a_chat_and_no_word(
    house: House, world: World, clock: FakeClock
) -> None:
    ana = house.telegram.person("Ana", user_id=ANA_CHAT)
    patient = world.join(treated_at=clock(), now=clock())
    await ana.send(WORDS)
    await house.bot.tick()
    told = ""
    for page in ("/health", "/metrics"):
        async with house.session.get(house.health + page) as answer:
            told += await answer.text()
    assert "open_escalations" in told
    private = (WORDS, "pus", str(ANA_CHAT), patient.ref, "Riverside", SECRET, house.telegram.token)
    assert not [word for word in private if word in told]


async def test_both_doors_are_open_to_this_machine_alone(house: House) -> None:
    for server in (house.bot.webhook._runner, house.bot.health._runner):
        assert server is not None
        assert {address[0] for address in server.addresses} == {"127.0.0.1"}
