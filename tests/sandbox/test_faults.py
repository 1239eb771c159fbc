"""What goes wrong on demand, and what the server saw."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.sandbox.people import Person
from bot.sandbox.refusal import forbidden
from bot.sandbox.telegram import Telegram
from tests.sandbox.conftest import Api


async def test_the_next_calls_are_told_to_wait(api: Api, telegram: Telegram, ana: Person) -> None:
    telegram.faults.too_many(3, method="sendMessage", times=2)
    for _ in range(2):
        refused = await api("sendMessage", chat_id=ana.id, text="x")
        assert refused.refusal == (429, "Too Many Requests: retry after 3")
        assert refused.body["parameters"] == {"retry_after": 3}
    assert (await api("sendMessage", chat_id=ana.id, text="x")).result
    assert len(ana.messages) == 1


async def test_a_fault_meets_one_chat_only_and_may_come_later(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    bea = telegram.person("Bea")
    await bea.send("hello")
    fault = telegram.faults.fail(502, "Bad Gateway", chat_id=ana.id, after=1)
    for person in (ana, bea, ana):
        await api("sendMessage", chat_id=person.id, text="x")
    assert (len(ana.messages), len(bea.messages), fault.met) == (1, 1, 1)


async def test_any_refusal_can_be_given(api: Api, telegram: Telegram, ana: Person) -> None:
    telegram.faults.refuse(forbidden("user is deactivated"), chat_id=ana.id)
    refused = await api("sendMessage", chat_id=ana.id, text="x")
    assert refused.refusal == (403, "Forbidden: user is deactivated")


@pytest.mark.parametrize("arrived", [0, 1])
async def test_a_connection_may_break_before_or_after_the_message_arrived(
    api: Api, telegram: Telegram, ana: Person, arrived: int
) -> None:
    telegram.faults.drop(handled=bool(arrived), method="sendMessage")
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("sendMessage", chat_id=ana.id, text="x")
    assert len(ana.messages) == arrived


async def test_an_answer_may_come_late_though_the_message_is_there(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    telegram.faults.delay(30, method="sendMessage")
    call = asyncio.create_task(api("sendMessage", chat_id=ana.id, text="x"))
    assert (await ana.hears("x")).text == "x"
    assert not call.done()
    call.cancel()
    telegram.faults.clear()
    assert (await api("sendMessage", chat_id=ana.id, text="y")).result


async def test_a_fault_for_everything_lets_the_bot_go_on_listening(
    api: Api, telegram: Telegram
) -> None:
    telegram.faults.fail(times=100)
    assert (await api("getUpdates")).result == []
    assert (await api("getMe")).status == 500
    telegram.faults.clear()
    telegram.faults.fail(method="getUpdates")
    assert (await api("getUpdates")).status == 500


async def test_every_call_is_noted_with_its_moment_and_its_outcome(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    for _ in range(3):
        await api("sendMessage", chat_id=ana.id, text="x")
    await api("sendMessage", chat_id=ana.id, text="")
    calls = telegram.calls("sendMessage", chat_id=ana.id)
    assert [call.status for call in calls] == [200, 200, 200, 400]
    assert [call.at for call in calls] == sorted(call.at for call in calls)
    assert telegram.busiest(seconds=3600) == 4
    assert telegram.busiest(seconds=1e-9) == 1


async def test_a_round_trip_takes_as_long_as_it_is_set_to(api: Api, telegram: Telegram) -> None:
    telegram.round_trip = 0.02
    loop = asyncio.get_running_loop()
    before = loop.time()
    await api("getMe")
    assert loop.time() - before >= 0.02
