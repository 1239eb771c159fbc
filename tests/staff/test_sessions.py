"""The week's appointments at the desk, over a real Bot API on loopback."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from icalendar import Calendar

from bot.sandbox.refusal import bad_request
from scheduler.model import Patient, Session
from scheduler.services import sessions
from scheduler.store import patients
from scheduler.store import sessions as rows
from tests.staff.conftest import Town
from tests.staff.test_desk import data_of


async def ana_of(town: Town) -> Patient:
    patient = await town.store.tx(patients.by_chat, town.ana.id)
    assert patient is not None
    return patient


async def booked(town: Town, **ahead: float) -> Session:
    await town.joins()
    return await town.store.tx(
        sessions.book,
        await ana_of(town),
        town.clock() + timedelta(**ahead),
        source="shell",
        actor="shell",
        now=town.clock(),
    )


async def later(town: Town, **delta: float) -> None:
    town.clock.forward(**delta)
    await town.tick()


async def reminded(town: Town) -> Session:
    """Ana has a session in a week and has just been reminded of it."""
    session = await booked(town, days=7, hours=1)
    await later(town, hours=1)
    assert "Your next session" in town.ana.last.text
    return session


async def state_of(town: Town, session: Session) -> str:
    fresh = await town.store.tx(rows.by_id, session.id)
    assert fresh is not None
    return fresh.state


async def test_her_answer_is_in_the_group_and_in_the_week(town: Town) -> None:
    session = await reminded(town)
    kind, _ = town.ana.last.attached() or ("", {})
    assert kind == "document"
    await town.ana.tap("I'll be there")
    assert "will be there" in town.group.last.text
    assert await state_of(town, session) == "confirmed"
    await town.rosa.tap("Open", town.group)
    assert "So far: will be there (said today 15:00)" in town.group.last.text
    await town.rosa.send("/sessions", town.group)
    await town.rosa.tap("Later", town.group)
    assert "will be there" in town.group.last.text
    assert "1 of 1 answered" in town.group.last.text
    assert not [said for said in town.hill.messages if "will be there" in said.text]


async def test_her_answer_stands_in_the_reminder_itself_with_what_she_can_still_change(
    town: Town,
) -> None:
    session = await reminded(town)
    reminder, heard = town.ana.last, len(town.ana.messages)
    yes = data_of(reminder, "I'll be there")
    await town.ana.tap("I'll be there")
    assert len(town.ana.messages) == heard, "nothing is piled up"
    assert (reminder.attached() or ("",))[0] == "document", "the file stays"
    assert "You said that you will be there." in reminder.text
    assert "No tan, sunburn or fake tan" in reminder.text, "and so does what to do before"
    assert reminder.labels == ["Need another time", "Cancel"]
    told = len(town.group.messages)
    await town.ana.tap(data=yes, message=reminder)
    assert (len(town.ana.messages), len(town.group.messages)) == (heard, told)
    await town.ana.tap("Need another time")
    assert "knows that you need another time than Tuesday 1 December 15:00" in reminder.text
    assert reminder.labels == ["I'll be there", "Cancel"]
    assert "needs another time" in town.group.last.text
    await town.ana.tap("Cancel")
    assert "Your session is cancelled: Tuesday 1 December 15:00" in reminder.text
    assert "I'll be there" not in reminder.labels
    assert "cancelled" in town.group.last.text
    assert await state_of(town, session) == "cancelled"
    await town.ana.tap(data=yes, message=reminder)
    assert "That time was given back" in reminder.text
    assert len(town.ana.messages) == heard


async def test_an_answer_is_said_anew_when_the_reminder_cannot_be_changed(town: Town) -> None:
    session = await reminded(town)
    town.telegram.faults.refuse(bad_request("message can't be edited"), method="editMessageCaption")
    heard = len(town.ana.messages)
    await town.ana.tap("I'll be there")
    assert len(town.ana.messages) == heard + 1
    assert "You said that you will be there." in town.ana.last.text
    assert await state_of(town, session) == "confirmed"


async def test_a_reminder_without_a_file_says_her_answer_too(town: Town) -> None:
    session = await booked(town, days=1)
    await later(town, minutes=1)
    await later(town, hours=6)
    assert "Will you be there?" in town.ana.last.text
    assert town.ana.last.attached() is None
    await town.ana.tap("I'll be there")
    assert "See you tomorrow 14:00" in town.ana.last.text
    assert await state_of(town, session) == "confirmed"


async def test_the_plan_shows_the_next_session_and_gives_her_dates_as_a_file(town: Town) -> None:
    await town.joins()
    await town.ana.send("/plan")
    assert "No next session is booked. To book one, call Riverside Skin" in town.ana.last.text
    await town.store.tx(
        sessions.book,
        await ana_of(town),
        town.clock() + timedelta(days=20),
        source="shell",
        actor="shell",
        now=town.clock(),
    )
    await town.ana.send("/plan")
    assert "Your next session: Monday 14 December 14:00" in town.ana.last.text
    assert "At Riverside Skin, +44 20 7946 0018" in town.ana.last.text
    await town.ana.tap("For my calendar")
    kind, head = town.ana.last.attached() or ("", {})
    assert (kind, head["file_name"]) == ("document", "plan.ics")
    file = town.telegram.cloud.files.find(head["file_id"])
    events: list[Any] = Calendar.from_ical(file.content).walk("VEVENT")
    titles = [str(event["summary"]) for event in events]
    assert {"Appointment at Riverside Skin", "Wear makeup"} <= set(titles)
    starts = [event["dtstart"].dt for event in events]
    assert starts == sorted(starts)
    assert len({str(event["uid"]) for event in events}) == len(events)


async def test_who_needs_another_time_is_given_one_with_a_few_taps(town: Town) -> None:
    session = await reminded(town)
    await town.ana.tap("Need another time")
    assert "need another time" in town.ana.last.text
    await town.bea.tap("Open", town.group)
    await town.bea.tap("Another time", town.group)
    await town.bea.tap("4 weeks", town.group)
    await town.bea.tap("Tue 22 Dec", town.group)
    await town.bea.tap("10:30", town.group)
    assert "Booked" in town.group.last.text
    moved = await town.store.tx(rows.by_id, session.id)
    assert moved is not None
    assert (moved.state, f"{moved.starts_at:%d.%m. %H:%M}") == ("booked", "22.12. 10:30")


async def test_a_reply_to_what_she_answered_reaches_her_and_begins_a_conversation(
    town: Town,
) -> None:
    await reminded(town)
    await town.ana.tap("Need another time")
    await town.bea.send("Would Thursday at ten do?", town.group, reply_to=town.group.last)
    assert town.ana.last.text == "Riverside Skin writes:\n\nWould Thursday at ten do?"
    assert "Bea has it" in town.card().text
    assert "The clinic wrote first." in town.card().text
    await town.ana.send("yes, thank you")
    assert "yes, thank you" in town.group.last.text
    assert not any("Thursday" in said.text for said in town.hill.messages)


async def test_a_session_is_set_without_typing(town: Town) -> None:
    await town.joins()
    ana = await ana_of(town)
    await town.rosa.send("/sessions", town.group)
    await town.rosa.tap("Set a session", town.group)
    await town.rosa.tap(ana.ref, town.group)
    await town.rosa.tap("6 weeks", town.group)
    await town.rosa.tap("Mon 4 Jan", town.group)
    await town.rosa.tap("14:00", town.group)
    (session,) = await town.store.tx(rows.of_patient, ana.id)
    assert (session.source, f"{session.starts_at:%d.%m. %H:%M}") == ("group", "04.01. 14:00")
    await town.rosa.tap("Back to the week", town.group)
    await town.rosa.tap("Set a session", town.group)
    assert "Everybody has a session booked" in town.group.last.text


async def test_a_missed_session_brings_one_kind_message(town: Town) -> None:
    session = await booked(town, hours=3)
    await later(town, hours=4)
    await town.rosa.send("/sessions", town.group)
    await town.rosa.tap(f"{session.starts_at:%d.%m. %H:%M} {(await ana_of(town)).ref}", town.group)
    await town.rosa.tap("Missed", town.group)
    await town.tick()
    assert "We missed you" in town.ana.last.text
    heard = len(town.ana.messages)
    await later(town, hours=1)
    assert len(town.ana.messages) == heard


async def test_an_old_button_of_hers_says_where_it_stands_now(town: Town) -> None:
    session = await reminded(town)
    reminder = town.ana.last
    await town.store.tx(
        sessions.move,
        session,
        session.starts_at + timedelta(days=2),
        actor="shell",
        now=town.clock(),
    )
    await town.ana.tap("Cancel", message=reminder)
    assert "has been moved" in town.ana.last.text
    assert await state_of(town, session) == "booked"
    await town.ana.tap("I'll be there")
    assert await state_of(town, session) == "confirmed"


async def test_a_forged_button_of_hers_changes_nothing(town: Town) -> None:
    session = await reminded(town)
    minute = int(session.starts_at.timestamp()) // 60
    for forged in (f"v1:sess:no:{session.id + 1}:{minute}", "v1:sess:no", "v1:sess:x:1:1",
                   f"v1:sess:no:{session.id}:{'9' * 30}",
                   f"v1:sess:no:{session.id}:{'9' * 11}"):  # fmt: skip
        await town.ana.tap(data=forged)
        assert "went wrong" not in town.ana.last.text
    await town.stan.send("/start")
    await town.stan.tap(data=f"v1:sess:no:{session.id}:{minute}")
    assert await state_of(town, session) == "booked"
