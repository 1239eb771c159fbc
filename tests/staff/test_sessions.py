"""The week's appointments at the desk, over a real Bot API on loopback."""

from __future__ import annotations

from datetime import timedelta

from scheduler.model import Patient, Session
from scheduler.services import sessions
from scheduler.store import patients
from scheduler.store import sessions as rows
from tests.staff.conftest import Town


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
    assert "See you" in town.ana.last.text
    await town.tick()
    assert "will be there" in town.group.last.text
    assert await state_of(town, session) == "confirmed"
    await town.rosa.tap("Open", town.group)
    assert "So far: will be there" in town.group.last.text
    await town.rosa.send("/sessions", town.group)
    await town.rosa.tap("Later", town.group)
    assert "will be there" in town.group.last.text
    assert not [said for said in town.hill.messages if "will be there" in said.text]


async def test_who_needs_another_time_is_given_one_with_a_few_taps(town: Town) -> None:
    session = await reminded(town)
    await town.ana.tap("Need another time")
    assert "need another time" in town.ana.last.text
    await town.tick()
    await town.bea.tap("Open", town.group)
    await town.bea.tap("Another time", town.group)
    await town.bea.tap("4 weeks", town.group)
    await town.bea.tap("Tue 22 Dec", town.group)
    await town.bea.tap("10:30", town.group)
    assert "Booked" in town.group.last.text
    moved = await town.store.tx(rows.by_id, session.id)
    assert moved is not None
    assert (moved.state, f"{moved.starts_at:%d.%m. %H:%M}") == ("booked", "22.12. 10:30")


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
                   f"v1:sess:no:{session.id}:{'9' * 30}"):  # fmt: skip
        await town.ana.tap(data=forged)
    await town.stan.send("/start")
    await town.stan.tap(data=f"v1:sess:no:{session.id}:{minute}")
    assert await state_of(town, session) == "booked"
