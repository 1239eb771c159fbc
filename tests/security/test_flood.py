"""A flood from one chat harms nobody else, and a warning in it is heard wherever it stands."""

from __future__ import annotations

from bot.sandbox.chats import Json
from bot.telegram.processor import CROWD
from scheduler.model import Priority
from scheduler.pacer import CHAT_BURST, Pacer
from scheduler.store.rows import all_rows
from tests.fakes.people import ANA_CHAT, RIVERSIDE_GROUP
from tests.fakes.wire import Called
from tests.scheduler.test_pacer import Time, all_leave, leave
from tests.security.conftest import BEN_CHAT, OUT_CHAT, Line
from tests.security.updates import NOON, user

FLOOD = 500
QUESTION = "can I wear makeup yet?"
WARNING = "there is pus and it smells"


def typed(number: int, chat_id: int, text: str) -> Json:
    message: Json = {
        "message_id": 10_000 + number,
        "date": NOON,
        "chat": {"id": chat_id, "type": "private"},
        "from": user(chat_id),
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": 10_000 + number, "message": message}


def hear_all(line: Line, *updates: Json) -> list[Called]:
    line.runner.run(line._hear(list(updates)))
    return line.wire.told


def said_to(calls: list[Called], chat_id: int) -> list[str]:
    return [call.text for call in calls if call.chat_id == chat_id]


def test_another_patient_is_answered_while_five_hundred_updates_of_one_chat_wait(
    line: Line,
) -> None:
    line.fresh()
    flood = [typed(number, OUT_CHAT, QUESTION) for number in range(FLOOD)]
    calls = hear_all(line, *flood, typed(FLOOD, BEN_CHAT, QUESTION))
    order = [call.chat_id for call in calls]
    answers_before = order[: order.index(BEN_CHAT)].count(OUT_CHAT)
    assert answers_before <= 2, "the one who asked waits for the flood"
    assert not line.failures


def test_a_warning_at_the_end_of_a_patients_own_burst_is_answered_and_reaches_the_clinic(
    line: Line,
) -> None:
    line.fresh()
    alone = said_to(hear_all(line, typed(99, BEN_CHAT, WARNING)), BEN_CHAT)
    line.fresh()
    burst = [typed(number, BEN_CHAT, QUESTION) for number in range(CROWD + 20)]
    calls = hear_all(line, *burst, typed(99, BEN_CHAT, WARNING))
    said = said_to(calls, BEN_CHAT)
    assert said[-len(alone) :] == alone
    assert len(said) <= 2 * CROWD, "a flood is not answered word by word"
    cards = [call for call in calls if (call.chat_id or 0) < 0]
    assert cards
    assert all(call.chat_id != RIVERSIDE_GROUP for call in cards)


def test_what_is_not_answered_in_a_flood_is_done_all_the_same(line: Line) -> None:
    line.fresh()
    burst = [typed(number, ANA_CHAT, QUESTION) for number in range(CROWD + 5)]
    hear_all(line, *burst, typed(99, ANA_CHAT, "/stop"))
    kept = line.on_disk(lambda db: all_rows(db, "SELECT 1 FROM exchange WHERE message_id >= 10000"))
    (ana,) = line.on_disk(
        lambda db: all_rows(db, f"SELECT state FROM patient WHERE chat_id = {ANA_CHAT}")
    )
    assert len(kept) == len(burst)
    assert ana["state"] == "stopped"


async def test_answers_to_a_flood_of_warnings_keep_telegrams_pace_and_hold_nobody_up() -> None:
    time = Time()
    pacer = Pacer(per_second=1000, time=time, sleep=time.sleep)
    left: list[tuple[float, str]] = []
    reply = Priority.REPLY
    flood = [leave(pacer, time, left, "ana", chat_id=1, priority=reply) for _ in range(60)]
    await all_leave(time, *flood, leave(pacer, time, left, "ben", chat_id=2, priority=reply))
    ana = [at for at, name in left if name == "ana"]
    (ben,) = [at for at, name in left if name == "ben"]
    assert ben < 1
    assert sum(at < 1 for at in ana) in (CHAT_BURST, CHAT_BURST + 1)
    for second in range(1, int(ana[-1])):
        assert sum(second <= at < second + 1 for at in ana) <= 2
