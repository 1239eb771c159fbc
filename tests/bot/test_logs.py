"""Logs carry ids and places, never a patient's words and never the token."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from yarl import URL

from bot.logs import REDACTED, Redactor, set_up_logging

TOKEN = "4242:" + "x" * 35


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Put logging back, since it is one for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level for name in ("apscheduler", "aiohttp", "telegram")
    }
    form = structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.configure(**form)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_the_token_is_blotted_out_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json", TOKEN)
    structlog.get_logger().info("asked", url=f"https://example.org/bot{TOKEN}/getMe")
    logging.getLogger("telegram").warning("failed at https://example.org/bot%s/x", TOKEN)
    structlog.get_logger().info(f"whole {TOKEN}")
    text = capsys.readouterr().err
    assert "x" * 20 not in text
    assert text.count(REDACTED) == 3


def test_anything_shaped_like_a_token_goes_too() -> None:
    other = "998877:" + "Ab-_" * 9
    event = Redactor("")(None, "info", {"url": f"/bot{other}/getMe", "count": 3})
    assert event == {"url": f"/bot{REDACTED}/getMe", "count": 3}


def test_an_error_is_told_by_kind_and_place_and_not_by_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("INFO", "json", TOKEN)
    try:
        int("there is pus under my eye")
    except ValueError as error:
        structlog.get_logger().exception("update.failed")
        structlog.get_logger().error("update.failed", exc_info=error)
        logging.getLogger("x").exception("library.failed")
    found = lines(capsys)
    assert [line["error"] for line in found] == ["ValueError"] * 3
    assert all("test_logs.py" in str(line["at"]) for line in found)
    assert "pus" not in json.dumps(found)


@pytest.mark.parametrize("key", ["text", "said", "words", "payload", "caption", "name"])
def test_words_of_a_person_are_dropped_by_their_name(
    capsys: pytest.CaptureFixture[str], key: str
) -> None:
    set_up_logging("INFO", "json", TOKEN)
    structlog.get_logger().info("heard", patient=7, **{key: "is this pus"})
    (line,) = lines(capsys)
    assert line["patient"] == 7
    assert key not in line


def test_a_count_is_logged_whatever_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json", TOKEN)
    structlog.get_logger().info("housekeeping", words=37, messages=2)
    (line,) = lines(capsys)
    assert (line["words"], line["messages"]) == (37, 2)


@pytest.mark.parametrize(
    "value",
    [
        [TOKEN],
        (TOKEN, 3),
        TOKEN.encode(),
        {"asked": {TOKEN: [TOKEN.encode()]}},
        frozenset({TOKEN}),
        URL(f"https://example.org/bot{TOKEN}/getMe"),
        ValueError(TOKEN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_token_is_blotted_out_in_whatever_holds_it(
    capsys: pytest.CaptureFixture[str], value: object
) -> None:
    set_up_logging("INFO", "json", TOKEN)
    structlog.get_logger().info("asked", detail=value)
    told = capsys.readouterr().err
    assert "x" * 20 not in told
    assert REDACTED in told


def test_text_for_people_and_levels_as_set(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("WARNING", "text", TOKEN)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud", row=3)
    text = capsys.readouterr().err
    assert "quiet" not in text
    assert "loud" in text
    assert "row=3" in text
