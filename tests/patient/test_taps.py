"""What a tap is answered with reaches the patient, whatever becomes of the change it makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox.faults import Faults
from bot.sandbox.people import Person
from scheduler.model import Priority
from scheduler.pacer import Pacer
from scheduler.store.rows import all_rows
from tests.patient.conftest import Phones
from tests.patient.test_reminders import reminder, taps  # noqa: F401 - a fixture

EDIT = "editMessageText"
WRONG: dict[str, Callable[[Faults], object]] = {
    "429": lambda faults: faults.too_many(7, method=EDIT),
    "5xx": lambda faults: faults.fail(500, method=EDIT),
    "the line breaks": lambda faults: faults.drop(handled=False, method=EDIT),
    "the message is gone": lambda faults: faults.fail(
        400, "Bad Request: message to edit not found", method=EDIT
    ),
}


@pytest.fixture
def turns(phones: Phones, ana: Person, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Who takes a turn from now on, and how pressing it is."""
    taken: list[tuple[int, int]] = []
    turn = Pacer.turn

    async def noted(self: Pacer, *, chat_id: int, priority: int, group: int) -> None:
        taken.append((chat_id, priority))
        await turn(self, chat_id=chat_id, priority=priority, group=group)

    monkeypatch.setattr(Pacer, "turn", noted)
    return taken


@pytest.mark.usefixtures("reminder")
async def test_the_change_after_a_tap_takes_the_turn_of_an_answer(
    ana: Person, turns: list[tuple[int, int]]
) -> None:
    turns.clear()
    await ana.tap("Done")
    assert turns == [(ana.id, Priority.REPLY)]


@pytest.mark.usefixtures("reminder")
@pytest.mark.parametrize("wrong", WRONG)
async def test_done_is_answered_below_if_the_message_itself_cannot_change(
    phones: Phones, ana: Person, wrong: str
) -> None:
    count = len(ana.messages)
    WRONG[wrong](phones.telegram.faults)
    await ana.tap("Done")
    await phones.later(minutes=1)
    assert taps(phones, ana) == ["done"]
    assert len(ana.messages) == count + 1
    assert "Thank you" in ana.last.text
    assert ana.last.labels == ["Something's wrong"]


@pytest.mark.parametrize("wrong", WRONG)
async def test_who_erased_everything_is_told_so_even_if_the_question_cannot_change(
    phones: Phones, ana: Person, wrong: str
) -> None:
    await ana.send("/forget")
    WRONG[wrong](phones.telegram.faults)
    await ana.tap("Yes, erase everything")
    await phones.later(minutes=1)
    assert "It is erased" in ana.last.text
    kept = phones.store.run(lambda db: all_rows(db, "SELECT patient_id FROM outbox"))
    assert [row for row in kept if row["patient_id"] is not None] == []
    assert ana.last.labels == []
