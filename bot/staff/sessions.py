"""`/sessions`: this week's appointments with the patients' answers, and one set with a few taps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from sqlite_utils import Database

from bot.staff import picker
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Patient, Session, SessionState
from scheduler.services import cards, sessions, treated
from scheduler.services.sessions import SessionError
from scheduler.store import patients
from scheduler.store import sessions as rows
from scheduler.store.engine import instant
from scheduler.wall_time import at_wall_time

PAGE = 8
FURTHEST_WEEK = 52
BEFORE: tuple[SessionState, ...] = ("confirmed", "cancelled")
AFTER: tuple[SessionState, ...] = ("done", "missed")


async def listed(desk: Desk) -> None:
    """`/sessions`: the week, this one or another; each appointment opens with a tap."""
    ahead = _signed(desk.tap.args[0]) if desk.tap and desk.tap.args else 0
    monday = desk.now.astimezone(desk.clinic.zone).date()
    monday += timedelta(weeks=ahead, days=-monday.weekday())
    first = at_wall_time(monday, time(), desk.clinic.zone)
    last = at_wall_time(monday + timedelta(days=7), time(), desk.clinic.zone)
    found = await desk.tx(rows.listed, desk.clinic.id, since=first, until=last)
    shown = [
        {
            "id": row["id"],
            "ref": row["reference"] or row["ref"],
            "starts": desk.moment(instant(row["starts_at"])),
            "state": row["state"],
            "answered": row["answered_at"],
        }
        for row in found
    ]
    buttons = [
        Button(f"{row['starts'].at:%d.%m. %H:%M} {row['ref']}", pack("ss.open", row["id"]))
        for row in shown
    ]
    keyboard = (
        *picker.rows_of(buttons, 2),
        (
            Button(desk.words("button", "session_earlier"), pack("ss.list", ahead - 1)),
            Button(desk.words("button", "session_later"), pack("ss.list", ahead + 1)),
        ),
        (Button(desk.words("button", "session_new"), pack("ss.who", 0), style="primary"),),
    )
    await desk.edit(desk.screen("session_list", first=desk.moment(first), sessions=shown), keyboard)


async def open_(desk: Desk) -> None:
    """One appointment, with what can be done about it."""
    await _card(desk, desk.subject)


async def set_state(desk: Desk) -> None:
    """What staff know: she comes, came, did not come, or it is off."""
    session: Session = desk.subject
    state = desk.text(0)
    if state not in (*BEFORE, *AFTER):
        await _card(desk, session)
        return
    try:
        changed = await desk.tx(
            sessions.mark, session, state, actor=desk.member.actor, now=desk.now
        )
    except SessionError as error:
        await desk.refuse("session_refused", reason=error.reason)
        return
    await _card(desk, changed)
    desk.house.delivery.wake()


async def choose(desk: Desk) -> None:
    """Whom to set an appointment for: those who have none to come, the newest first."""
    found = await desk.tx(rows.without, desk.clinic.id, desk.now)
    page = _signed(desk.tap.args[0]) if desk.tap and desk.tap.args else 0
    pages = max(-(-len(found) // PAGE), 1)
    page = min(max(page, 0), pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    buttons = [Button(row["reference"] or row["ref"], pack("ss.new", row["id"])) for row in shown]
    turn = []
    if page > 0:
        turn.append(Button(desk.words("desk", "newer"), pack("ss.who", page - 1)))
    if page + 1 < pages:
        turn.append(Button(desk.words("desk", "older"), pack("ss.who", page + 1)))
    back = Button(desk.words("button", "session_back"), pack("ss.list", 0))
    keyboard = (*picker.rows_of(buttons, 2), *((tuple(turn),) if turn else ()), (back,))
    await desk.edit(desk.screen("session_choose", ref="", step="patient", patients=shown), keyboard)


async def new(desk: Desk) -> None:
    """A new appointment of a patient: a week, a day, an hour."""
    patient: Patient = desk.subject

    def book(db: Database, at: datetime) -> Session:
        return sessions.book(db, patient, at, source="group", actor=desk.member.actor, now=desk.now)

    await _pick(desk, patient, "ss.new", patient.id, book)


async def move(desk: Desk) -> None:
    """Another time for an appointment: a week, a day, an hour."""
    session: Session = desk.subject
    patient = await desk.tx(patients.by_id, session.patient_id)
    if patient is None:
        await desk.refuse("session_refused", reason="gone")
        return

    def shift(db: Database, at: datetime) -> Session:
        return sessions.move(db, session, at, actor=desk.member.actor, now=desk.now)

    await _pick(desk, patient, "ss.move", session.id, shift)


async def _pick(
    desk: Desk,
    patient: Patient,
    kind: str,
    row_id: int,
    work: Callable[[Database, datetime], Session],
) -> None:
    """Ask for the week, the day and the hour in turn, then do it."""
    choice = desk.text(0)

    def data(choice: str) -> str:
        return pack(kind, row_id, choice)

    at = treated.moment(choice, desk.now, desk.clinic.zone) if "T" in choice else None
    if at is not None:
        try:
            session = await desk.tx(work, at)
        except SessionError as error:
            await desk.refuse("session_refused", reason=error.reason)
            return
        text = desk.screen(
            "session_booked", ref=cards.label(patient), starts=desk.moment(session.starts_at)
        )
        await desk.edit(text, _ways(desk, session))
        desk.house.delivery.wake()
        return
    step, keyboard = "week", picker.weeks(desk, data)
    if choice.startswith("w") and choice[1:].isdigit():
        step, keyboard = "day", picker.week_days(desk, min(int(choice[1:]), FURTHEST_WEEK), data)
    elif treated.moment(f"{choice}T12", desk.now, desk.clinic.zone) is not None:
        step, keyboard = "time", picker.session_hours(choice, data)
    back = Button(desk.words("button", "session_back"), pack("ss.list", 0))
    await desk.edit(
        desk.screen("session_choose", ref=cards.label(patient), step=step, patients=[]),
        (*keyboard, (back,)),
    )


async def _card(desk: Desk, session: Session) -> None:
    patient = await desk.tx(patients.by_id, session.patient_id)
    if patient is None:
        await desk.refuse("session_refused", reason="gone")
        return
    kinds = desk.words.table("procedure")
    text = desk.screen(
        "session_card",
        ref=cards.label(patient),
        kind=str(kinds.get(session.kind, session.kind)),
        starts=desk.moment(session.starts_at),
        state=session.state,
        answered=desk.moment(session.answered_at) if session.answered_at else None,
    )
    await desk.edit(text, _ways(desk, session))


def _ways(desk: Desk, session: Session) -> Keyboard:
    states = AFTER if session.starts_at <= desk.now else BEFORE
    marks = tuple(
        Button(desk.words("button", f"session_{state}"), pack("ss.set", session.id, state))
        for state in states
        if state != session.state
    )
    other = Button(desk.words("button", "session_time"), pack("ss.move", session.id))
    back = Button(desk.words("button", "session_back"), pack("ss.list", 0))
    return (marks, (other, back)) if states == BEFORE else (marks, (back,))


def _signed(text: str) -> int:
    """Return a small whole number, also a negative one; 0 for anything else."""
    digits = text.removeprefix("-")
    return int(text) if digits.isdigit() and len(digits) <= 3 else 0  # noqa: PLR2004
