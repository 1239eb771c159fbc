"""Whatever is sent gets one clear answer, stays inert, and loses nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog

from bot.patient import ask
from bot.sandbox.people import Person
from scheduler.store import talk
from tests.fakes.people import RIVERSIDE_GROUP
from tests.patient.conftest import Phones


def kept(phones: Phones, person: Person) -> list[str]:
    rows = phones.store.run(talk.exchanges, phones.patient(person).id)
    return [row["said"] for row in rows]


def levels(phones: Phones, person: Person) -> list[str]:
    rows = phones.store.run(talk.escalations, patient_id=phones.patient(person).id)
    return [row.level for row in rows]


async def test_ten_thousand_characters_are_kept_and_the_warning_at_their_end_is_heard(
    phones: Phones, ana: Person
) -> None:
    story = "my week was long and I slept a little. " * 254
    await ana.send(story + " and now I can't breathe")
    assert "emergency" in levels(phones, ana)
    assert sum(len(part) for part in kept(phones, ana)) >= 9_900


async def test_a_photo_is_shown_to_nobody_unless_she_says_so(phones: Phones, ana: Person) -> None:
    await ana.photo()
    assert "May we show this to Riverside Skin?" in ana.last.text
    assert levels(phones, ana) == []
    await ana.tap(data="v1:media:no")
    assert "not shown it to anybody" in ana.last.text
    assert phones.telegram.calls("sendPhoto", chat_id=RIVERSIDE_GROUP) == []


async def test_a_warning_in_a_caption_is_heard(phones: Phones, ana: Person) -> None:
    await ana.photo("is this pus? I have a fever")
    assert levels(phones, ana) == ["urgent"]


async def test_a_voice_note_is_not_listened_to_and_she_is_told(phones: Phones, ana: Person) -> None:
    before = len(ana.messages)
    await ana.voice()
    assert len(ana.messages) == before + 1
    assert "voice note" in ana.last.text


async def test_a_sticker_and_a_file_get_a_word_and_a_way_on(ana: Person) -> None:
    await ana.sticker()
    assert "We only understand words" in ana.last.text
    await ana.document("face.HEIC", b"picture")
    assert "as a photo, not as a file" in ana.last.text
    assert ana.last.labels[-1] == "Write to the clinic"


@pytest.mark.parametrize(
    "content",
    [
        {"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0,
                  "is_closed": False, "is_anonymous": True, "type": "regular",
                  "allows_multiple_answers": False, "allows_revoting": False,
                  "members_only": False}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"contact": {"phone_number": "+44", "first_name": "X"}},
        {"animation": {"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1,
                       "duration": 1},
         "document": {"file_id": "a", "file_unique_id": "b"}},
    ],
)  # fmt: skip
async def test_a_poll_or_whatever_else_telegram_has_gets_a_word(
    ana: Person, content: dict[str, Any]
) -> None:
    before = len(ana.messages)
    await ana._said(content, None)
    assert len(ana.messages) == before + 1
    assert ana.last.labels[-1] == "Write to the clinic"


async def test_a_forwarded_message_is_read_like_her_own(phones: Phones, ana: Person) -> None:
    await ana.forward("my throat is closing and I can't breathe")
    assert levels(phones, ana) == ["emergency"]


async def test_an_edited_message_is_heard_anew_and_an_edit_back_is_not_twice(
    phones: Phones, ana: Person
) -> None:
    sent = await ana.send("can I wear makeup")
    phones.clock.forward(minutes=1)
    await ana.edit(sent, "there is green pus")
    assert levels(phones, ana) == ["urgent"]
    assert kept(phones, ana) == ["can I wear makeup", "there is green pus"]


@pytest.mark.parametrize("said", ["😀", "👍👍👍", "...", "?", "؟", "  .  ", "🩸"])
async def test_signs_and_emoji_alone_get_an_answer(ana: Person, said: str) -> None:
    before = len(ana.messages)
    await ana.send(said)
    assert len(ana.messages) == before + 1
    assert "went wrong" not in ana.last.text


@pytest.mark.parametrize("said", ["هل يمكنني وضع المكياج", "האם אני יכולה להתאפר", "可以化妆吗"])
async def test_other_scripts_get_an_answer_and_can_be_passed_on(
    phones: Phones, ana: Person, said: str
) -> None:
    await ana.send(said)
    assert "Pass it on" in ana.last.labels
    await ana.tap("Pass it on")
    assert kept(phones, ana) == [said]
    assert levels(phones, ana) == ["unknown"]


@pytest.mark.parametrize(
    "said",
    [
        "<b>pus</b> and <script>alert(1)</script> fever",
        "pus </blockquote><a href='tg://user?id=1'>tap</a> fever",
        "{{ 7 * 7 }} pus {% include 'secret' %} fever",
        "pus & fever < 38 > 37",
    ],
)
async def test_html_and_templates_that_she_types_come_out_as_text(
    phones: Phones, ana: Person, said: str
) -> None:
    await ana.send(said)
    assert levels(phones, ana) == ["urgent"]
    cards = phones.telegram.calls("sendMessage", chat_id=RIVERSIDE_GROUP)
    assert {call.status for call in cards} == {200}
    assert any(said in message.text for message in phones.riverside.chat.messages)
    assert kept(phones, ana) == [said]


@pytest.mark.parametrize("said", ["/nonsense", "/start@somebody_else_bot", "/ today", "//"])
async def test_a_command_that_is_none_gets_an_answer_like_any_text(ana: Person, said: str) -> None:
    await ana.send(said)
    assert "went wrong" not in ana.last.text


async def test_what_breaks_inside_is_told_and_the_next_message_is_answered(
    phones: Phones, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("there is pus under my eye")

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as lines:
        patched.setattr(ask, "understand", breaks)
        await ana.send("is this pus")
    assert "Something went wrong on our side" in ana.last.text
    assert "+44 20 7946 0018" in ana.last.text
    assert any(line["event"] == "update.failed" for line in lines)
    await ana.send("can I wear makeup")
    assert "You can wear makeup" in ana.last.text


async def test_nothing_that_people_write_is_in_the_logs(phones: Phones) -> None:
    with structlog.testing.capture_logs() as lines:
        ana = await phones.joined()
        for said in ("my secret is a purple elephant", "there is green pus, says Quentin"):
            await ana.send(said)
        await phones.later(hours=6)
        await ana.tap("Done")
    text = json.dumps(lines, default=str)
    for word in ("elephant", "Quentin", "pus", "Ana", phones.telegram.token):
        assert word not in text
