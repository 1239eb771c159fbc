"""Ana has a next session: she is reminded, she answers, the clinic knows, nothing is said twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from content.catalog import Catalog
from content.telegram_html import MAX_CAPTION_UNITS, units, visible
from scheduler import appointments, payload
from scheduler.model import OutboxRow, Patient, Session
from scheduler.outreach import outreach
from scheduler.services import attendance, preferences, sessions
from scheduler.services.sessions import SessionError
from scheduler.store import claims, outbox, patients
from scheduler.store import sessions as rows
from scheduler.store.engine import Store
from scheduler.wall_time import QuietHours
from tests.fakes.clock import FakeClock
from tests.fakes.people import RIVERSIDE_GROUP, World

LONDON = ZoneInfo("Europe/London")
TREATED_AGO = timedelta(days=10)


@pytest.fixture
def ana(world: World, clock: FakeClock) -> Patient:
    return world.join(treated_at=clock() - TREATED_AGO, now=clock())


def book(world: World, patient: Patient, now: datetime, starts_at: datetime) -> Session:
    return world.store.run(
        sessions.book, patient, starts_at, source="shell", actor="shell", now=now
    )


async def settle(world: World, clock: FakeClock, **delta: float) -> list[OutboxRow]:
    """Move the clock on, tick, and return what is queued for Ana about sessions."""
    await outreach(world.store, world.catalog, clock.forward(**delta), batch=3)
    return about_sessions(world)


def about_sessions(world: World) -> list[OutboxRow]:
    queued = world.store.run(outbox.of_patient, world.patient().id)
    return [row for row in queued if row.dedupe_key.startswith("session")]


def gap_notes(queued: list[OutboxRow]) -> list[OutboxRow]:
    return [row for row in queued if row.dedupe_key.startswith("session_gap:")]


def stages(queued: list[OutboxRow]) -> list[str]:
    return [row.dedupe_key.rsplit(":", 1)[-1] for row in queued]


def answer(
    world: World, session: Session, choice: attendance.Choice, now: datetime
) -> attendance.Answered:
    return world.store.run(
        attendance.answer,
        world.catalog,
        world.patient(),
        session.id,
        session.starts_at,
        choice,
        now,
    )


def in_group(world: World) -> list[str]:
    """Return what waits to be posted in Riverside's group."""
    claimed = world.store.run(claims.due, datetime(2100, 1, 1, tzinfo=UTC), 100)
    rows = [world.store.run(outbox.by_id, claim.id) for claim in claimed]
    return [
        payload.unpack(row.payload, row.chat_id).text
        for row in rows
        if row and row.chat_id == RIVERSIDE_GROUP
    ]


async def test_she_is_reminded_a_week_and_a_day_before_and_asked_once_more(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=14))
    assert stages(await settle(world, clock, days=6, hours=23)) == []
    assert stages(await settle(world, clock, hours=1)) == ["7d"]
    assert stages(await settle(world, clock, days=6)) == ["7d", "24h"]
    assert stages(await settle(world, clock, hours=5, minutes=59)) == ["7d", "24h"]
    assert stages(await settle(world, clock, minutes=1)) == ["7d", "24h", "again"]
    assert stages(await settle(world, clock, days=3)) == ["7d", "24h", "again"]


async def test_a_tick_that_comes_again_sends_nothing_twice(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=7))
    first = await settle(world, clock, minutes=1)
    for _ in range(3):
        assert await settle(world, clock, seconds=2) == first


async def test_a_session_booked_late_is_not_announced_as_if_it_were_early(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=3))
    assert stages(await settle(world, clock, days=1)) == []
    assert stages(await settle(world, clock, days=1)) == ["24h"]


async def test_a_session_booked_for_tomorrow_morning_is_not_asked_about(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(hours=20))
    for _ in range(20):
        assert await settle(world, clock, hours=1) == []


async def test_the_reminder_names_the_time_what_to_stop_and_the_way_to_the_clinic(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=7))
    (row,) = await settle(world, clock, minutes=1)
    said = payload.unpack(row.payload, row.chat_id)
    read = visible(said.text)
    for part in (
        "1 December 14:00", "Riverside Skin", "retinol for the last 72 hours", "No tan",
        "cold sores", "new medicine", "pregnant", "+44 20 7946 0018",
    ):  # fmt: skip
        assert part in read
    assert [button.text for line in said.buttons for button in line] == [
        "I'll be there", "Need another time", "Cancel",
    ]  # fmt: skip
    assert row.kind == "reminder"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("days", [7, 1])
async def test_the_text_fits_under_the_calendar_file_in_every_language(
    world: World, clock: FakeClock, language: str, days: int
) -> None:
    ana = world.join(treated_at=clock() - TREATED_AGO, now=clock(), language=language)
    book(world, ana, clock(), clock() + timedelta(days=days))
    (row,) = await settle(world, clock, minutes=1)
    said = payload.unpack(row.payload, row.chat_id)
    assert said.attachment is not None
    assert units(said.text) <= MAX_CAPTION_UNITS


async def test_the_calendar_file_can_be_read_and_keeps_its_name_when_the_time_moves(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    (row,) = await settle(world, clock, minutes=1)
    before = event_of(row)
    assert before["dtstart"].dt == session.starts_at
    assert before["summary"] == "Appointment at Riverside Skin"
    world.store.run(sessions.move, session, clock() + timedelta(days=7), actor="shell", now=clock())
    after = event_of((await settle(world, clock, minutes=1))[-1])
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["dtstart"].dt != before["dtstart"].dt


def event_of(row: OutboxRow) -> Any:
    attachment = payload.unpack(row.payload, row.chat_id).attachment
    assert attachment is not None
    assert attachment.content is not None
    assert b"\r\n" in attachment.content
    (event,) = Calendar.from_ical(attachment.content).walk("VEVENT")
    return event


async def test_i_will_be_there_is_known_at_once_and_ends_the_asking(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=1))
    await settle(world, clock, minutes=1)
    assert answer(world, session, "yes", clock()).outcome == "confirmed"
    found = world.store.run(rows.by_id, session.id)
    assert found is not None
    assert (found.state, found.answered_at) == ("confirmed", clock())
    (told,) = in_group(world)
    assert ana.ref in told
    assert "will be there" in told
    assert stages(await settle(world, clock, hours=12)) == ["24h"]


async def test_a_confirmed_session_is_still_prepared_for_the_day_before(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    await settle(world, clock, minutes=1)
    answer(world, session, "yes", clock())
    queued = await settle(world, clock, days=6)
    assert stages(queued) == ["7d", "24h"]
    assert "You said that you will be there" in payload.unpack(queued[-1].payload, 1).text


@pytest.mark.parametrize(("choice", "state"), [("move", "wants_other_time"), ("no", "cancelled")])
async def test_who_cannot_come_hears_no_more_of_that_time(
    world: World, clock: FakeClock, ana: Patient, choice: attendance.Choice, state: str
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    await settle(world, clock, minutes=1)
    assert answer(world, session, choice, clock()).outcome == state
    (row,) = await settle(world, clock, days=7)
    assert (row.state, row.detail) == ("skipped", state)
    assert len(in_group(world)) == 1


async def test_the_same_tap_twice_tells_the_group_once(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    assert answer(world, session, "yes", clock()).changed
    assert not answer(world, session, "yes", clock.forward(seconds=1)).changed
    assert len(in_group(world)) == 1


async def test_she_may_change_her_mind_until_it_is_cancelled(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    assert answer(world, session, "yes", clock()).outcome == "confirmed"
    assert answer(world, session, "no", clock.forward(minutes=1)).outcome == "cancelled"
    assert answer(world, session, "yes", clock.forward(minutes=1)).outcome == "gone"


async def test_a_button_of_the_old_time_moves_nothing(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    moved = world.store.run(
        sessions.move, session, clock() + timedelta(days=9), actor="shell", now=clock()
    )
    assert answer(world, session, "no", clock()).outcome == "moved"
    assert world.store.run(rows.by_id, session.id) == moved


async def test_a_button_after_the_session_says_that_it_has_passed(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=1))
    assert answer(world, session, "yes", clock.forward(days=2)).outcome == "over"


async def test_nobody_answers_for_somebody_else(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    other = world.join(
        treated_at=clock() - TREATED_AGO, now=clock(), chat_id=102, clinic=world.hilltop
    )
    with pytest.raises(LookupError):
        world.store.run(
            attendance.answer,
            world.catalog,
            other,
            session.id,
            session.starts_at,
            "no",
            clock(),
        )


async def test_a_moved_session_takes_back_what_waits_and_is_announced_anew(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(days=7))
    (old,) = await settle(world, clock, minutes=1)
    world.store.run(
        sessions.move, session, clock() + timedelta(days=10), actor="shell", now=clock()
    )
    fresh = world.store.run(outbox.by_id, old.id)
    assert fresh is not None
    assert (fresh.state, fresh.detail) == ("skipped", "moved")
    assert stages(await settle(world, clock, days=3)) == ["7d", "7d"]


async def test_a_missed_session_gets_one_kind_message(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(hours=2))
    missed = world.store.run(
        sessions.mark, session, "missed", actor="user:1", now=clock.forward(hours=3)
    )
    (row,) = await settle(world, clock, minutes=1)
    assert "We missed you" in payload.unpack(row.payload, 1).text
    world.store.run(sessions.mark, missed, "done", actor="user:1", now=clock())
    world.store.run(sessions.mark, session, "missed", actor="user:1", now=clock())
    assert len(await settle(world, clock, hours=1)) == 1


async def test_a_session_cannot_be_missed_before_it_began(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    session = book(world, ana, clock(), clock() + timedelta(hours=2))
    with pytest.raises(SessionError, match="not begun"):
        world.store.run(sessions.mark, session, "missed", actor="user:1", now=clock())


@pytest.mark.parametrize("days", [-1, 0, 1000])
async def test_a_start_that_cannot_be_meant_is_refused(
    world: World, clock: FakeClock, ana: Patient, days: int
) -> None:
    with pytest.raises(SessionError, match="start is"):
        book(world, ana, clock(), clock() + timedelta(days=days))


async def test_booking_the_same_time_twice_is_one_session(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    at = clock() + timedelta(days=7)
    assert book(world, ana, clock(), at) == book(world, ana, clock.forward(hours=1), at)


async def test_a_cancelled_time_can_be_booked_again(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    at = clock() + timedelta(days=9)
    session = book(world, ana, clock(), at)
    answer(world, session, "no", clock())
    assert book(world, ana, clock(), at).state == "booked"
    assert stages(await settle(world, clock, days=2)) == ["7d"]


async def test_who_stopped_or_paused_hears_nothing(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=8))
    world.store.run(preferences.stop, world.catalog, ana, clock())
    assert await settle(world, clock, days=7) == []


async def test_a_reminder_due_at_night_waits_for_her_morning(
    world: World, clock: FakeClock, ana: Patient
) -> None:
    world.store.run(patients.change, ana.id, timezone="America/New_York")
    ana = world.patient()
    book(world, ana, clock(), datetime(2026, 12, 4, 9, 0, tzinfo=UTC))  # 04:00 in New York
    assert await settle(world, clock, days=2, hours=21) == []  # 27 November, 06:00 there
    clock.at = datetime(2026, 11, 27, 12, 59, tzinfo=UTC)
    assert await settle(world, clock, seconds=1) == []
    assert stages(await settle(world, clock, minutes=1)) == ["7d"]
    text = payload.unpack(about_sessions(world)[0].payload, 1).text
    assert "09:00" in text
    assert "by the clinic's clock" in text


async def test_no_next_session_is_mentioned_once_after_the_interval(
    world: World, clock: FakeClock
) -> None:
    world.join(treated_at=clock() - timedelta(days=27), now=clock())
    assert await settle(world, clock, days=1) == []
    (note,) = await settle(world, clock, days=2)
    assert note.dedupe_key.startswith("session_gap:")
    assert "+44 20 7946 0018" in payload.unpack(note.payload, 1).text
    for _ in range(5):
        assert await settle(world, clock, days=1) == [note]


async def test_who_has_a_session_booked_is_not_told_that_there_is_none(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=27), now=clock())
    book(world, ana, clock(), clock() + timedelta(days=60))
    assert await settle(world, clock, days=4) == []


async def test_who_sits_in_the_chair_is_not_told_that_nothing_is_booked(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=27), now=clock())
    session = book(world, ana, clock(), clock() + timedelta(days=3))
    answer(world, session, "yes", clock())
    for hours in (71, 2, 22, 24, 72, 24 * 7):
        assert gap_notes(await settle(world, clock, hours=hours)) == []
    world.store.run(sessions.mark, session, "done", actor="shell", now=clock())
    assert gap_notes(await settle(world, clock, hours=2)) == []


async def test_an_appointment_of_this_morning_that_she_never_answered_counts_too(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=29), now=clock())
    book(world, ana, clock(), clock() + timedelta(days=1))
    assert gap_notes(await settle(world, clock, days=1, hours=1)) == []
    assert gap_notes(await settle(world, clock, days=1)) == []


async def test_who_asked_for_another_time_is_not_told_that_nothing_is_booked(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=27), now=clock())
    session = book(world, ana, clock(), clock() + timedelta(days=2))
    answer(world, session, "move", clock())
    for _ in range(5):
        assert gap_notes(await settle(world, clock, days=1)) == []
    world.store.run(sessions.mark, session, "cancelled", actor="shell", now=clock())
    assert len(gap_notes(await settle(world, clock, days=1))) == 1


async def test_who_missed_her_appointment_reads_of_that_and_not_of_the_gap_at_once(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=29), now=clock())
    session = book(world, ana, clock(), clock() + timedelta(days=1))
    clock.forward(days=1, hours=1)
    world.store.run(sessions.mark, session, "missed", actor="shell", now=clock())
    assert stages(await settle(world, clock, hours=1)) == ["missed"]
    assert gap_notes(await settle(world, clock, days=1)) == []
    for _ in range(4):
        queued = await settle(world, clock, days=1)
    assert len(gap_notes(queued)) == 1


async def test_the_appointment_at_which_she_was_treated_is_not_the_next_one(
    world: World, clock: FakeClock
) -> None:
    treated = clock()
    ana = world.join(treated_at=treated, now=clock())
    book(world, ana, clock(), treated + timedelta(hours=1))
    queued: list[OutboxRow] = []
    for _ in range(34):
        queued = await settle(world, clock, days=1)
    assert len(gap_notes(queued)) == 1


async def test_a_note_that_could_not_leave_is_taken_back_when_she_is_booked(
    world: World, clock: FakeClock
) -> None:
    ana = world.join(treated_at=clock() - timedelta(days=29), now=clock())
    (note,) = gap_notes(await settle(world, clock, days=1))
    assert note.state == "waiting"
    session = book(world, ana, clock(), clock() + timedelta(days=5))
    (note,) = gap_notes(await settle(world, clock, hours=1))
    assert (note.state, note.detail) == ("skipped", "booked")
    world.store.run(sessions.mark, session, "cancelled", actor="shell", now=clock())
    assert len(gap_notes(await settle(world, clock, days=1))) == 1, "once for a treatment"


async def test_a_treatment_long_past_is_left_in_peace(world: World, clock: FakeClock) -> None:
    world.join(treated_at=clock() - timedelta(days=80), now=clock())
    assert await settle(world, clock, days=1) == []


async def test_a_row_that_cannot_be_composed_is_pushed_aside_and_the_others_go_on(
    world: World, clock: FakeClock, ana: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.join(treated_at=clock() - TREATED_AGO, now=clock(), chat_id=102)
    book(world, ana, clock(), clock() + timedelta(days=7))
    book(world, other, clock(), clock() + timedelta(days=7))
    whole = Catalog.screen

    def screen(self: Catalog, language: str, name: str, context: dict[str, object]) -> str:
        if name == "session_week" and not seen:
            seen.append(name)
            raise LookupError(name)
        return whole(self, language, name, context)

    seen: list[str] = []
    monkeypatch.setattr(Catalog, "screen", screen)
    counts = await outreach(world.store, world.catalog, clock.forward(minutes=1), batch=3)
    assert (counts["session_broken"], counts["session_queued"]) == (1, 1)
    counts = await outreach(world.store, world.catalog, clock.forward(hours=1), batch=3)
    assert counts["session_queued"] == 1


ZONES = [ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Asia/Kathmandu",
                                     "Pacific/Auckland", "Australia/Lord_Howe")]  # fmt: skip
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


@given(starts_at=INSTANTS, ahead=st.floats(0.01, 30), zone=st.sampled_from(ZONES))
def test_no_notice_comes_at_night_or_in_the_last_three_hours_or_from_before_the_booking(
    starts_at: datetime, ahead: float, zone: ZoneInfo
) -> None:
    booked_at = starts_at - timedelta(days=ahead)
    quiet = QuietHours()
    due = appointments.notices(
        starts_at, state="booked", booked_at=booked_at, zone=zone, quiet=quiet
    )
    assert [notice.stage for notice in due] == sorted(
        (notice.stage for notice in due), key=["7d", "24h", "again"].index
    )
    for notice in due:
        assert not quiet.quiet(notice.at.astimezone(zone))
        assert booked_at <= notice.at <= notice.stale_at <= starts_at - timedelta(hours=3)


def test_erasing_a_patient_erases_her_sessions(
    world: World, clock: FakeClock, ana: Patient, store: Store
) -> None:
    book(world, ana, clock(), clock() + timedelta(days=7))
    store.run(patients.erase, ana.id)
    assert store.run(rows.listed) == []
