"""The report: a picture, three sentences and a table, with numbers that are true."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.chart import ChartError, draw
from bot.staff.report import send_weekly
from scheduler.services import report as reports
from scheduler.services.report import ReportError
from scheduler.store import clinics
from tests.staff.conftest import Town

PNG = b"\x89PNG\r\n"


async def test_the_numbers_are_those_of_the_clinic_alone(town: Town) -> None:
    await town.joins()
    await town.ana.send("there is pus on my cheek")
    town.clock.forward(minutes=9)
    await town.rosa.send("Come today.", town.group, reply_to=town.card())
    await town.ana.send("/stop")
    made = await town.store.tx(reports.report, town.riverside, town.clock())
    numbers = reports.as_json(made)
    assert sum(numbers["joined"].values()) == 1
    assert (numbers["questions"], numbers["escalations"], numbers["opted_out"]) == (1, 1, 1)
    assert numbers["first_reply_minutes"] == 9
    assert len(numbers["joined"]) == 7
    theirs = reports.as_json(await town.store.tx(reports.report, town.hilltop, town.clock()))
    assert (sum(theirs["joined"].values()), theirs["questions"]) == (0, 0)
    assert "pus" not in json.dumps(numbers)


async def test_the_group_gets_a_picture_three_sentences_and_a_table(town: Town) -> None:
    await town.joins()
    await town.rosa.send("/report", town.group)
    kinds = [(said.attached() or ("", {}))[0] for said in town.group.messages[-2:]]
    assert kinds == ["photo", "document"]
    said = town.group.messages[-2].text
    assert "1 joined" in said
    assert "read" not in said


async def test_the_week_is_reported_once_and_only_where_it_is_wanted(town: Town) -> None:
    house = town.bot.house
    await town.store.tx(clinics.change, town.riverside.id, {"weekly_report": 1})
    assert await send_weekly(house) == 0  # a Tuesday
    town.clock.at = datetime(2026, 11, 30, 9, 1, tzinfo=ZoneInfo("Europe/London"))
    assert await send_weekly(house) == 1
    assert await send_weekly(house) == 0
    town.clock.forward(days=7)
    assert await send_weekly(house) == 1
    town.clock.forward(days=8, hours=12)  # down on Monday, back on a Tuesday night
    assert await send_weekly(house) == 0
    town.clock.forward(hours=12)
    assert await send_weekly(house) == 1
    assert await send_weekly(house) == 0


async def test_the_table_comes_after_its_picture_also_if_that_is_tried_again(town: Town) -> None:
    await town.store.tx(clinics.change, town.riverside.id, {"weekly_report": 1})
    town.clock.at = datetime(2026, 11, 30, 9, 1, tzinfo=ZoneInfo("Europe/London"))
    before = len(town.group.messages)
    town.telegram.faults.too_many(20, method="sendPhoto", chat_id=town.group.id)
    await send_weekly(town.bot.house)
    await town.tick()
    assert len(town.group.messages) == before
    for _ in range(3):
        town.clock.forward(seconds=21)
        await town.tick()
    kinds = [(said.attached() or ("", {}))[0] for said in town.group.messages[before:]]
    assert kinds == ["photo", "document"]


async def test_a_chart_of_nothing_and_of_much_can_be_drawn(town: Town) -> None:
    made = await town.store.tx(reports.report, town.riverside, town.clock(), days=90)
    for language in town.bot.catalog.languages:
        assert (await draw(reports.as_chart(town.bot.catalog, made, language))).startswith(PNG)


async def test_what_cannot_be_drawn_is_an_error_and_not_an_empty_file() -> None:
    with pytest.raises(ChartError):
        await draw({"title": "no panels"})


async def test_a_report_of_no_days_is_refused(town: Town) -> None:
    with pytest.raises(ReportError, match="expected 1 to"):
        await town.store.tx(reports.report, town.riverside, town.clock(), days=0)
