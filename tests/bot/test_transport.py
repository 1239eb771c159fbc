"""The transport says what is certain: it arrived, it surely did not, or nobody can know."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from telegram import InputFile
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.telegram.transport import AiohttpRequest, NotSentError, ServerFailedError
from scheduler.leaving import when_written
from tests.bot.conftest import Far


@pytest.fixture
async def line() -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(connections=1, read_seconds=5) as request:
        yield request


def data(**values: object) -> RequestData:
    return RequestData([RequestParameter.from_input(key, value) for key, value in values.items()])


async def test_a_request_brings_status_and_body(line: AiohttpRequest, far: Far) -> None:
    status, body = await line.do_request(f"{far.url}/getMe", "POST", data(text="¿Puedo?"))
    assert status == 200
    assert body == b'{"ok": true, "result": true}'
    assert far.requests[0][:3] == ("POST", "/getMe", b"text=%C2%BFPuedo%3F")


async def test_a_message_is_counted_once_its_connection_is_there(
    line: AiohttpRequest, far: Far
) -> None:
    told: list[int] = []
    when_written(lambda: told.append(len(far.requests)))
    assert told == []
    await line.do_request(f"{far.url}/sendMessage", "POST", data(text="a"))
    assert told == [0], "before the server had it"
    await line.do_request(f"{far.url}/getFile", "POST", data(file_id="b"))
    assert told == [0], "what nobody let go is not counted"


async def test_what_finds_no_connection_is_not_counted_as_written(line: AiohttpRequest) -> None:
    told: list[int] = []
    when_written(lambda: told.append(1))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/sendMessage"
        with pytest.raises(NotSentError):
            await line.do_request(url, "POST")
    assert told == []


async def test_a_file_goes_along(line: AiohttpRequest, far: Far) -> None:
    file = InputFile(b"%PNG", filename="code.png")
    await line.do_request(f"{far.url}/sendPhoto", "POST", data(chat_id=1, photo=file))
    _, _, body, kind = far.requests[0]
    assert kind == "multipart/form-data"
    assert b"%PNG" in body
    assert b'filename="code.png"' in body


async def test_without_data_nothing_is_sent_along(line: AiohttpRequest, far: Far) -> None:
    await line.do_request(f"{far.url}/getMe", "GET")
    assert far.requests[0][2] == b""


async def test_a_refusal_is_an_answer_for_others_to_read(line: AiohttpRequest, far: Far) -> None:
    async def blocked(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "description": "blocked"}, status=403)

    far.answer = blocked
    assert (await line.do_request(f"{far.url}/sendMessage", "POST"))[0] == 403


async def test_without_a_server_it_was_surely_not_sent(line: AiohttpRequest) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/getMe"
        with pytest.raises(NotSentError, match="no connection"):
            await line.do_request(url, "POST")


async def test_a_closed_transport_sends_nothing() -> None:
    request = AiohttpRequest()
    with pytest.raises(NotSentError, match="closed"):
        await request.do_request("http://127.0.0.1:1/getMe", "POST")
    await request.shutdown()


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_that_failed_did_not_do_it(
    line: AiohttpRequest, far: Far, status: int
) -> None:
    async def failing(_: web.Request) -> web.Response:
        return web.Response(status=status)

    far.answer = failing
    with pytest.raises(ServerFailedError, match=str(status)):
        await line.do_request(f"{far.url}/sendMessage", "POST")


async def test_a_gateway_that_gave_up_leaves_it_open(line: AiohttpRequest, far: Far) -> None:
    async def gave_up(_: web.Request) -> web.Response:
        return web.Response(status=504)

    far.answer = gave_up
    assert (await line.do_request(f"{far.url}/sendMessage", "POST"))[0] == 504


async def test_an_answer_that_does_not_come_leaves_it_open(line: AiohttpRequest, far: Far) -> None:
    never = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    far.answer = silent
    with pytest.raises(TimedOut):
        await line.do_request(f"{far.url}/sendMessage", "POST", read_timeout=0.05)
    never.set()


async def test_a_connection_that_breaks_leaves_it_open(line: AiohttpRequest, far: Far) -> None:
    async def breaks(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    far.answer = breaks
    with pytest.raises(NetworkError) as error:
        await line.do_request(f"{far.url}/sendMessage", "POST")
    assert not isinstance(error.value, NotSentError | ServerFailedError | TimedOut)


async def test_a_full_pool_means_that_it_was_not_sent(line: AiohttpRequest, far: Far) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        arrived.set()
        await go_on.wait()
        return web.json_response({})

    far.answer = slow
    first = asyncio.create_task(line.do_request(f"{far.url}/a", "POST"))
    await arrived.wait()
    with pytest.raises(NotSentError, match="in time"):
        await line.do_request(f"{far.url}/b", "POST", connect_timeout=0.05)
    go_on.set()
    await first


async def test_opening_twice_keeps_the_pool(line: AiohttpRequest, far: Far) -> None:
    await line.initialize()
    assert line.read_timeout == 5
    assert (await line.do_request(f"{far.url}/getMe", "POST"))[0] == 200


async def test_values_can_go_as_one_json_document(line: AiohttpRequest, far: Far) -> None:
    assert await line.call(f"{far.url}/sendMessage", {"text": "¿Puedo?", "buttons": [1]}) is True
    verb, path, body, kind = far.requests[0]
    assert (verb, path, kind) == ("POST", "/sendMessage", "application/json")
    assert json.loads(body) == {"text": "¿Puedo?", "buttons": [1]}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_nothing_was_done(
    line: AiohttpRequest, far: Far, status: int
) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{far.url}/elsewhere"})

    far.answer = elsewhere
    with pytest.raises(ServerFailedError, match=rf"redirect .{status}"):
        await line.do_request(f"{far.url}/sendMessage", "POST", data(text="hello"))
    assert [path for _, path, _, _ in far.requests] == ["/sendMessage"]


async def test_a_redirect_to_what_was_done_leaves_it_open(line: AiohttpRequest, far: Far) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=303, headers={"Location": f"{far.url}/elsewhere"})

    far.answer = elsewhere
    with pytest.raises(NetworkError, match=r"redirect .303") as error:
        await line.do_request(f"{far.url}/sendMessage", "POST")
    assert not isinstance(error.value, ServerFailedError)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/bot{}/x", "http://127.0.0.1:99999/bot{}/x", "http://[::1/bot{}/x",
     "http://" + "a" * 70 + ".test/bot{}/x", "file:///bot{}/x", "http:///bot{}/x"],
)  # fmt: skip
async def test_no_error_of_an_address_quotes_it(line: AiohttpRequest, url: str) -> None:
    secret = "4242:" + "x" * 35
    with pytest.raises(NetworkError) as error:
        await line.call(url.format(secret), {})
    assert "x" * 20 not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"is this pus", b"{}", b'{"ok": true}', b"[" * 50_000],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
async def test_what_is_no_answer_of_telegrams_leaves_it_open_and_is_not_logged(
    line: AiohttpRequest, far: Far, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def odd(_: web.Request) -> web.Response:
        return web.Response(body=body)

    far.answer = odd
    with pytest.raises(NetworkError) as error:
        await line.call(f"{far.url}/sendMessage", {})
    assert not isinstance(error.value, NotSentError | ServerFailedError)
    assert "pus" not in caplog.text
