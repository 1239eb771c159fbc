"""Whatever Telegram tells the bot, nothing breaks, nobody else hears of it, nobody is left alone.

Left without an answer is only what nobody said to the bot (`NOT_FOR_US`, `SERVICE`), a shared
location that moves on, a message that it has answered before, and a further photo or voice note
while the bot waits to hear whether it may pass them on.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.patient import contents as patient_contents
from bot.sandbox.chats import Json
from bot.staff import contents as staff_contents
from tests.fakes.people import ANA_CHAT, HILLTOP_GROUP, RIVERSIDE_GROUP, ROSA
from tests.fakes.wire import Called
from tests.security.conftest import BEN_CHAT, BENS_WORD, BOT_ID, PATIENTS, STRANGER, Line, log_lines
from tests.security.updates import NOON, Happening, as_sent, happenings, user

THOROUGH = settings(
    max_examples=250,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink streams takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FAILED = {"update.failed", "intake.unreadable", "delivery.failed", "delivery.row_pushed_aside"}

SERVICE = {
    "boost_added", "connected_website", "delete_chat_photo", "forum_topic_created",
    "group_chat_created", "left_chat_member", "message_auto_delete_timer_changed",
    "migrate_from_chat_id", "migrate_to_chat_id", "new_chat_members", "new_chat_title",
    "pinned_message", "successful_payment", "users_shared", "video_chat_started", "web_app_data",
    "write_access_allowed",
}  # fmt: skip
"""What Telegram notes in a chat: nobody wrote it, so nobody waits for an answer."""

NOT_FOR_US = {
    "business_connection", "business_message", "edited_business_message", "guest_message",
    "deleted_business_messages", "channel_post", "edited_channel_post", "inline_query", "poll",
    "poll_answer", "message_reaction", "message_reaction_count", "a_kind_of_next_year",
}  # fmt: skip
"""What nobody said to the bot: it keeps out of other people's conversations."""

GROUP_OF = {"riverside": RIVERSIDE_GROUP, "hilltop": HILLTOP_GROUP}


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it would hide what failed
@THOROUGH
@given(stream=st.lists(happenings(), min_size=1, max_size=6))
def test_no_update_breaks_the_bot_or_reaches_anybody_it_is_not_for(
    line: Line, stream: list[Happening]
) -> None:
    line.fresh()
    before, heard = line.kept(), Heard()
    for number, happening in enumerate(stream, start=1000):
        update = happening if isinstance(happening, dict) else happening.update(line)
        if update is None:
            continue
        update = as_sent(update, line.invitation)
        with log_lines() as lines:
            calls = line.hear({"update_id": number, **update})
        assert not line.failures, repr(line.failures[0])
        assert not FAILED & {entry["event"] for entry in lines}, lines
        nobody_else_hears(line, update, calls)
        assert heard.answered(update, calls), update
    after = line.kept()
    assert after.audit[: len(before.audit)] == before.audit
    assert {ref: after.clinic_of.get(ref, clinic) for ref, clinic in before.clinic_of.items()} == (
        before.clinic_of
    )
    assert not line.broken()


def nobody_else_hears(line: Line, update: Json, calls: list[Called]) -> None:
    """A clinic's group hears only of its own patients, and a patient only from her own clinic."""
    for call in calls:
        if line.bens_ref in call.text or BENS_WORD in call.text:
            assert call.chat_id in (HILLTOP_GROUP, BEN_CHAT)
    (told,) = update.values()
    chat: int = ((told.get("message") or told).get("chat") or {}).get("id", 0)
    reached = {call.chat_id for call in calls if call.chat_id not in (None, chat)}
    for name, group in GROUP_OF.items():
        if group in reached:
            assert chat not in GROUP_OF.values(), "a group spoke to another"
            assert PATIENTS.get(chat, name) == name
    for patient in reached & PATIENTS.keys():
        assert patient is not None
        assert chat == GROUP_OF[PATIENTS[patient]]


FORGED = (
    "", ":1", ":2", ":3", ":0", ":-1", f":{'9' * 19}", ":" + "9" * 40, ":yes", ":no", ":1:1",
    ":2:makeup:24", ":1:1:1:1", ":..", ":hilltop-clinic:24", ":x:y:z:1:2",
)  # fmt: skip
"""What follows a button's kind: rows of others, numbers that no row has, too little, too much."""


@pytest.mark.parametrize(
    ("person", "chat", "kinds"),
    [
        (ANA_CHAT, {"id": ANA_CHAT, "type": "private"}, patient_contents.TAPS),
        (STRANGER, {"id": STRANGER, "type": "private"}, patient_contents.TAPS),
        (ROSA, {"id": RIVERSIDE_GROUP, "type": "group"}, staff_contents.TAPS),
    ],
    ids=["a patient", "a stranger", "staff"],
)
def test_no_forged_button_breaks_anything_or_shows_another_clinics_patient(
    line: Line, person: int, chat: Json, kinds: Iterable[str]
) -> None:
    line.fresh()
    asked = {"message_id": 3, "date": NOON, "chat": chat, "from": user(BOT_ID, is_bot=True)}
    for number, (kind, rest) in enumerate(product(kinds, FORGED), start=5000):
        tap = {"id": "1", "from": user(person), "chat_instance": "1", "data": f"v1:{kind}{rest}"}
        update: Json = {"callback_query": {**tap, "message": {**asked, "text": "x"}}}
        calls = line.hear({"update_id": number, **update})
        assert not line.failures, (tap["data"], repr(line.failures[0]))
        assert [call for call in calls if call.method == "answercallbackquery"], tap["data"]
        nobody_else_hears(line, update, calls)
    assert not line.broken()


class Heard:
    """What was said before, for what need not be answered again."""

    def __init__(self) -> None:
        self._said: set[tuple[int, object]] = set()

    def answered(self, update: Json, calls: list[Called]) -> bool:
        """Whether whoever wrote to the bot has an answer, and nobody else got one."""
        (kind,), (told,) = update.keys(), update.values()
        if kind in NOT_FOR_US:
            return not calls
        if kind not in ("message", "edited_message") or told["chat"]["type"] != "private":
            return True
        keys = {(told["chat"]["id"], told["message_id"])}
        if not told.keys().isdisjoint({"photo", "voice"}):
            keys.add((told["chat"]["id"], "media"))
        known = keys & self._said
        self._said |= keys
        moves_on = kind == "edited_message" and "location" in told
        noted = not told.keys().isdisjoint(SERVICE)
        if known or moves_on or noted or told.get("from") is None:
            return True
        return any(call.chat_id == told["chat"]["id"] for call in calls)
