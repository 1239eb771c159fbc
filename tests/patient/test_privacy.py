"""Her data: what is kept, a copy she can read, and an erasure that is one."""

from __future__ import annotations

import json

import pytest
from sqlite_utils import Database

from bot.sandbox.people import Person
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
