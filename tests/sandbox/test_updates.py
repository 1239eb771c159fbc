"""A bot hears what people do: by long polling or by webhook, once, and not twice at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.sandbox.people import Person
from bot.sandbox.telegram import Telegram
from bot.sandbox.webhook import SECRET_HEADER
from tests.sandbox.conftest import Api


async def test_an_update_comes_again_until_the_bot_says_that_it_has_it(
    api: Api, ana: Person
) -> None:
    await ana.send("one")
    await ana.send("two")
    first = await api.updates(limit=1)
    assert [u["message"]["text"] for u in first] == ["one"]
    assert await api.updates(limit=1) == first

    rest = await api.updates(offset=first[0]["update_id"] + 1)
    assert [u["message"]["text"] for u in rest] == ["two"]
    assert await api.updates(offset=rest[0]["update_id"] + 1) == []


async def test_a_negative_offset_keeps_only_the_newest(api: Api, ana: Person) -> None:
    for word in ("one", "two", "three"):
        await ana.send(word)
    assert [u["message"]["text"] for u in await api.updates(offset=-1)] == ["three"]
    assert len(await api.updates()) == 1


async def test_a_long_poll_returns_as_soon_as_somebody_writes(api: Api, ana: Person) -> None:
    poll = asyncio.create_task(api.updates(timeout=30))
    await _polling(api)
    await ana.send("hello")
    assert [u["message"]["text"] for u in await poll] == ["hello"]


async def test_a_second_poller_ends_the_wait_of_the_first_with_a_conflict(
    api: Api, ana: Person
) -> None:
    first = asyncio.create_task(api("getUpdates", timeout=30))
    await _polling(api)
    second = asyncio.create_task(api("getUpdates", timeout=30))

    code, reason = (await first).refusal
    assert code == 409
    assert reason.startswith("Conflict: terminated by other getUpdates request")
    await ana.send("hello")
    assert len((await second).result) == 1


async def test_kinds_that_the_bot_does_not_ask_for_do_not_come(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    await api.updates(allowed_updates=["message"])
    group = telegram.group("Staff", [ana])
    await group.join(telegram.person("Tom"))
    await ana.tap(data="x", message=await ana.send("hello"))
    kinds = [key for update in await api.updates() for key in update if key != "update_id"]
    assert set(kinds) == {"message"}


async def test_a_tap_brings_its_message_and_its_answer_reaches_who_tapped(
    api: Api, ana: Person
) -> None:
    markup = {"inline_keyboard": [[{"text": "Done", "callback_data": "v1:done:7"}]]}
    await api("sendMessage", chat_id=ana.id, text="Sunscreen", reply_markup=markup)
    await ana.tap("Done")

    (update,) = await api.updates()
    query = update["callback_query"]
    await api("answerCallbackQuery", callback_query_id=query["id"], text="Noted")

    assert query["data"] == "v1:done:7"
    assert query["message"]["reply_markup"] == markup
    assert query["from"]["language_code"] == "en"
    assert ana.toasts == ["Noted"]


async def test_an_edited_message_is_told_as_such(api: Api, ana: Person) -> None:
    said = await ana.send("hello")
    await ana.edit(said, "hello again")
    kinds = [(u.get("message") or u["edited_message"])["text"] for u in await api.updates()]
    assert kinds == ["hello", "hello again"]


async def test_in_a_group_the_bot_hears_commands_and_replies_but_not_the_talk(
    api: Api, telegram: Telegram
) -> None:
    rosa = telegram.person("Rosa")
    group = telegram.group("Staff", [rosa])
    card = await api("sendMessage", chat_id=group.id, text="A patient asks")
    await rosa.send("lunch?", group)
    await rosa.send("/inbox", group)
    await rosa.send(f"/inbox@{telegram.username}", group)
    await rosa.send("/inbox@another_bot", group)
    await rosa.send("please rest", group, reply_to=group.chat.log[card.result["message_id"]])

    heard = [u["message"]["text"] for u in await api.updates()]
    assert heard == ["/inbox", f"/inbox@{telegram.username}", "please rest"]


async def test_a_bot_that_is_administrator_hears_everything_in_the_group(
    api: Api, telegram: Telegram
) -> None:
    rosa = telegram.person("Rosa")
    group = telegram.group("Staff", [rosa], with_bot=False)
    await rosa.send("lunch?", group)
    await group.add_bot(rosa, "administrator")
    await rosa.send("lunch!", group)
    updates = await api.updates()
    assert [u["message"]["text"] for u in updates if "message" in u] == ["lunch!"]
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "administrator"


async def test_a_webhook_gets_every_update_with_the_secret_and_again_until_it_answers(
    api: Api, telegram: Telegram, ana: Person
) -> None:
    heard: list[tuple[str, str]] = []
    all_heard = asyncio.Event()

    async def hook(request: web.Request) -> web.Response:
        update: dict[str, Any] = await request.json()
        heard.append((request.headers[SECRET_HEADER], update["message"]["text"]))
        if len(heard) == 1:
            return web.Response(status=500)
        if len(heard) == 3:
            all_heard.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        secret = "s" * 20
        assert (await api("setWebhook", url=url, secret_token=secret)).result is True
        await ana.send("one")
        await ana.send("two")
        async with asyncio.timeout(10):
            await all_heard.wait()
            await telegram.taken()

        assert heard == [(secret, "one"), (secret, "one"), (secret, "two")]
        info = (await api("getWebhookInfo")).result
        assert (info["url"], info["pending_update_count"]) == (url, 0)
        assert info["last_error_message"] == "Wrong response from the webhook: 500"
        assert (await api("getUpdates")).refusal[0] == 409
        await api("deleteWebhook")
        assert await api.updates() == []
    finally:
        await runner.cleanup()


async def test_a_webhook_elsewhere_than_on_this_machine_is_refused(api: Api) -> None:
    refused = await api("setWebhook", url="https://bot.example.org/hook")
    assert refused.refusal[0] == 400
    assert (await api("getWebhookInfo")).result["url"] == ""


async def _polling(api: Api) -> None:
    """Return once the server is waiting on behalf of a poller."""
    async with asyncio.timeout(10):
        while not api.telegram.cloud.updates.polled:
            await api("getMe")
