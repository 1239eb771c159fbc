"""Her data: what is kept, a copy she can read, and an erasure that is one."""

from __future__ import annotations

import json

import pytest
from sqlite_utils import Database

from bot.sandbox.people import Person
from scheduler.messenger import Outgoing, Sent
from scheduler.services import posting, privacy
from scheduler.store import outbox, posts, retention
from scheduler.store.rows import all_rows
from tests.patient.conftest import Phones

SECRET = "my sister says this purple patch looks odd"


def rows(phones: Phones) -> dict[str, list[tuple[object, ...]]]:
    def read(db: Database) -> dict[str, list[tuple[object, ...]]]:
        return {
            table: db.execute(f"SELECT * FROM {table}").fetchall()
            for table in db.table_names()
            if not table.startswith("_sqlite")
        }

    return phones.store.run(read)


async def test_privacy_says_what_is_kept_also_to_a_stranger(phones: Phones, ana: Person) -> None:
    await ana.send("/privacy")
    assert "Staff of Riverside Skin can read it" in ana.last.text
    bea = phones.telegram.person("Bea")
    await bea.send("/privacy")
    assert "What is kept" in bea.last.text


async def test_her_copy_is_a_file_with_everything_she_said(phones: Phones, ana: Person) -> None:
    await ana.send(SECRET)
    await phones.later(hours=6)
    await ana.tap("Done")
    await ana.send("/mydata")
    attached = ana.last.attached()
    assert attached is not None
    assert attached[0] == "document"
    assert attached[1]["file_name"] == "aftercare-my-data.json"
    file = phones.telegram.cloud.files.find(attached[1]["file_id"])
    kept = json.loads(file.content)
    assert [row["text"] for row in kept["messages_from_you"]] == [SECRET]
    assert kept["taps"][0]["choice"] == "done"
    assert "Ana" not in file.content.decode()  # the bot keeps no name


async def test_erasing_asks_once_and_can_be_left_be(phones: Phones, ana: Person) -> None:
    await ana.send("/forget")
    assert "What stays: this chat" in ana.last.text
    await ana.tap("No, keep it")
    assert ana.last.text == "Nothing was erased."
    assert phones.known(ana)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_an_erased_patient_leaves_no_row_in_any_table(phones: Phones, language: str) -> None:
    ana = await phones.joined(language=language)
    words = phones.world.catalog.words(language)
    ref = phones.patient(ana).ref
    await ana.send(SECRET)
    await ana.send("there is pus and fever" if language == "en" else "tengo pus y fiebre")
    await ana.photo("and this one")
    await phones.later(hours=6)
    await ana.tap(words("button", "done"))
    await ana.send("/forget")
    await ana.tap(words("button", "erase"))
    assert not phones.known(ana)
    for table, found in rows(phones).items():
        text = json.dumps(found)
        for trace in (SECRET, "pus y fiebre", "pus and fever", "and this one"):
            assert trace not in text, table
        if table != "audit":
            assert ref not in text, table
            assert not any(ana.id in row for row in found), table


async def test_after_the_erasure_nothing_more_comes(phones: Phones, ana: Person) -> None:
    await ana.send("/forget")
    await ana.tap("Yes, erase everything")
    assert "It is erased" in ana.last.text
    assert "This chat itself stays in Telegram" in ana.last.text
    count = len(ana.messages)
    for _ in range(6):
        await phones.later(hours=8)
    assert len(ana.messages) == count
    await ana.tap(data="v1:forget:yes")
    assert "personal code" in ana.last.text


async def test_an_old_erase_button_needs_its_question(phones: Phones, ana: Person) -> None:
    await ana.tap(data="v1:forget")
    await ana.tap(data="v1:forget:maybe")
    assert phones.known(ana)


def in_the_group(phones: Phones, words: str) -> list[str]:
    """What her clinic's group shows with these words in it, under a picture too."""
    shown = phones.riverside.messages
    return [message.text for message in shown if words in message.text]


async def erased(person: Person) -> None:
    await person.send("/forget")
    await person.tap("Yes, erase everything")
    assert "It is erased" in person.last.text


async def swept(phones: Phones, **delta: float) -> None:
    """Time passes, and what the groups show is brought up to date."""
    phones.clock.forward(**delta)
    await phones.bot.show_cards()
    await phones.later(seconds=2)


async def test_her_words_leave_the_clinics_group_also_if_telegram_first_asks_to_wait(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await phones.later(minutes=1)
    assert in_the_group(phones, "pus")
    phones.telegram.faults.too_many(30, method="editMessageText", chat_id=phones.riverside.id)
    await erased(ana)
    assert "is cleared as soon as Telegram lets us" in ana.last.text
    assert in_the_group(phones, "pus"), "the story: Telegram asked for a pause"
    await swept(phones, seconds=10)
    assert in_the_group(phones, "pus"), "and it is kept to"
    await swept(phones, seconds=30)
    assert not in_the_group(phones, "pus")
    assert in_the_group(phones, "data were erased")


async def test_a_message_that_cannot_be_changed_is_deleted(phones: Phones, ana: Person) -> None:
    await ana.send("there is pus on my cheek")
    await phones.later(minutes=1)
    before = len(phones.riverside.messages)
    phones.telegram.faults.fail(400, "Bad Request: message can't be edited", times=9,
                                method="editMessageText", chat_id=phones.riverside.id)  # fmt: skip
    await erased(ana)
    assert not in_the_group(phones, "pus")
    assert len(phones.riverside.messages) < before
    await swept(phones, hours=1)
    assert not in_the_group(phones, "by hand")


async def test_a_photo_of_hers_does_not_stay_above_an_empty_caption(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await ana.photo("look at this")
    await ana.tap("Yes, show it")
    await phones.later(minutes=1)
    assert [message for message in phones.riverside.messages if message.attached()]
    await erased(ana)
    assert not [message for message in phones.riverside.messages if message.attached()]


async def test_a_photo_that_telegram_will_not_delete_is_named_to_the_clinic(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await ana.photo("look at this")
    await ana.tap("Yes, show it")
    await phones.later(hours=60)
    phones.telegram.faults.fail(400, "Bad Request: message can't be deleted for everyone",
                                method="deleteMessage", chat_id=phones.riverside.id)  # fmt: skip
    await erased(ana)
    await swept(phones, minutes=1)
    (photo,) = [message for message in phones.riverside.messages if message.attached()]
    assert "data were erased" in photo.text
    assert len(in_the_group(phones, "Please delete this message here by hand")) == 1
    await swept(phones, hours=3)
    assert len(in_the_group(phones, "by hand")) == 1


async def test_what_stays_refused_for_two_days_is_named_to_the_clinic_once(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await phones.later(minutes=1)
    refused = len(in_the_group(phones, "pus"))
    phones.telegram.faults.fail(500, method="editMessageText", times=10_000)
    await ana.send("/forget")
    await ana.tap("Yes, erase everything")
    await phones.later(seconds=10)
    assert "It is erased" in ana.last.text, "she is told below, as nothing can be changed"
    for _ in range(46):
        await swept(phones, hours=1)
    assert not in_the_group(phones, "by hand")
    for _ in range(6):
        await swept(phones, hours=1)
    (told,) = in_the_group(phones, "by hand")
    assert told.count("•") == refused
    assert "there is pus" not in told


async def test_what_is_under_way_to_the_group_as_she_erases_herself_is_emptied_too(
    phones: Phones, ana: Person
) -> None:
    patient = phones.patient(ana)
    phones.store.run(_on_its_way, phones, patient.id)
    phones.store.run(privacy.erase, patient, actor="patient", now=phones.clock())
    (row,) = phones.store.run(lambda db: all_rows(db, "SELECT * FROM outbox"))
    assert SECRET not in str(row)
    came = await phones.bot.house.messenger.send(Outgoing(chat_id=phones.riverside.id, text=SECRET))
    assert isinstance(came, Sent)
    phones.store.run(outbox.sent, [(row["id"], came.message_id)], phones.clock())
    assert in_the_group(phones, SECRET)
    await swept(phones, seconds=10)
    assert not in_the_group(phones, SECRET)
    assert phones.store.run(lambda db: all_rows(db, "SELECT * FROM emptying")) == []
    assert phones.store.run(lambda db: all_rows(db, "SELECT * FROM outbox")) == []


def _on_its_way(db: Database, phones: Phones, patient_id: int) -> None:
    row = posting.post(
        db, phones.world.catalog, phones.world.riverside, "note", SECRET, phones.clock(),
        key="note", patient_id=patient_id,
    )  # fmt: skip
    assert row is not None
    outbox.begin(db, [row], phones.clock())


async def test_an_erasure_by_the_shell_is_done_in_the_group_once_the_bot_runs(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await phones.later(minutes=1)
    phones.store.run(privacy.erase, phones.patient(ana), actor="shell", now=phones.clock())
    assert in_the_group(phones, "pus")
    await swept(phones, hours=5)
    assert not in_the_group(phones, "pus")


async def test_what_the_group_was_shown_long_ago_is_emptied_though_the_words_are_not_kept(
    phones: Phones, ana: Person
) -> None:
    await ana.send("there is pus on my cheek")
    await phones.later(minutes=1)
    phones.store.run(lambda db: db.execute("UPDATE escalation SET state = 'closed'"))
    phones.clock.forward(days=200)
    phones.store.run(retention.forget_messages, phones.clock(), 500)
    assert not phones.store.run(posts.about, phones.patient(ana).id)
    assert in_the_group(phones, "pus")
    phones.store.run(privacy.erase, phones.patient(ana), actor="shell", now=phones.clock())
    await swept(phones, minutes=1)
    assert not in_the_group(phones, "pus")
