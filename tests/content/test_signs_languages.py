"""Warning signs in languages that the bot does not answer in are found all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.catalog import LIBRARY
from content.understand.signs import Signs, find_signs, load_signs
from content.understand.signs.model import RANK
from tests.bench.safety.messages import FOLDER, Message, read_set

ROUNDS: Path = FOLDER / "rounds"


@pytest.fixture(scope="module")
def signs() -> Signs:
    return load_signs(LIBRARY)


def _messages() -> list[Message]:
    return read_set("signs_languages", ROUNDS)


@pytest.mark.parametrize("message", _messages(), ids=lambda message: str(message.id))
def test_a_patient_in_danger_is_found_in_her_own_language(message: Message, signs: Signs) -> None:
    reading = find_signs(message.text, signs, hours_since=message.hours_since)

    assert reading.level is not None
    expected = {"emergency": 3, "urgent": 2}[message.level]
    assert RANK[reading.level] >= expected


@pytest.mark.parametrize("language", ["pt", "fr", "de", "it"])
def test_each_language_has_fifteen_messages(language: str) -> None:
    assert sum(message.language == language for message in _messages()) >= 15
