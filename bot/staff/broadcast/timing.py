"""When a broadcast goes: tomorrow, a day and an hour by buttons, or typed as a reply.

Every time is one by the clinic's clock.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bot.staff import picker
from bot.staff.broadcast import draft, preview
from bot.staff.desk import Desk
from content.typed_time import TypedTimeError, typed_time
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.services import treated
from scheduler.store import broadcasts
from scheduler.wall_time import at_wall_time

TOMORROW_AT = time(10)
DAYS_AHEAD = 14
HOURS = range(7, 22)
LONGEST = 80  # characters of a day and an hour


async def choose(desk: Desk) -> None:
    """A time, a step towards one, or none."""
    if await draft.over(desk):
        return
    choice = desk.text(0)
    match choice:
        case "none":
            await _set(desk, None)
        case "tomorrow":
            day = _today(desk) + timedelta(days=1)
            await _set(desk, at_wall_time(day, TOMORROW_AT, desk.clinic.zone))
        case "type":
            await _ask(desk)
        case "card" | "":
            await preview.show(desk, desk.subject)
        case "pick":
            await desk.edit(_question(desk, "day"), _days(desk))
        case _ if "T" in choice and (at := treated.moment(choice, desk.now, desk.clinic.zone)):
            await _set(desk, at)
        case _ if treated.moment(f"{choice}T12", desk.now, desk.clinic.zone):
            await desk.edit(_question(desk, "hour"), _hours(desk, choice))
        case _:
            await draft.refuse(desk, "no_such_time")


async def typed(desk: Desk) -> None:
    """The day and the hour, typed as a reply."""
    if await draft.over(desk):
        return
    said = ((desk.message and desk.message.text) or "")[:LONGEST]
    here = desk.now.astimezone(desk.clinic.zone)
    try:
        day, wall = typed_time(said, here, desk.language, desk.words.table("typed"))
    except TypedTimeError as error:
        await draft.refuse(desk, error.problem)
        return
    await _set(desk, at_wall_time(day, wall, desk.clinic.zone))


async def _set(desk: Desk, at: datetime | None) -> None:
    changed = await draft.change(desk, at=at)
    if changed is not None:
        await preview.show(desk, changed)


async def _ask(desk: Desk) -> None:
    posted = await desk.post("broadcast_time", _question(desk, "type"), ask_reply="")
    if posted is not None:
        await desk.tx(broadcasts.ask, desk.subject.id, posted.id)


def _question(desk: Desk, step: str) -> str:
    return desk.screen("broadcast_when", step=step, user=desk.member.user_id, name=desk.member.name)


def _days(desk: Desk) -> Keyboard:
    today = _today(desk)
    days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    buttons = [Button(picker.day_label(desk, day), _data(desk, day.isoformat())) for day in days]
    type_it = Button(desk.words("button", "broadcast_type"), _data(desk, "type"))
    return (*picker.rows_of(buttons, 2), (type_it,), _back(desk, "card"))


def _hours(desk: Desk, day: str) -> Keyboard:
    """The hours of a day that are still to come."""
    buttons = []
    for hour in HOURS:
        choice = f"{day}T{hour:02}"
        at = treated.moment(choice, desk.now, desk.clinic.zone)
        if at is not None and at > desk.now:
            buttons.append(Button(f"{hour:02}:00", _data(desk, choice)))
    type_it = Button(desk.words("button", "broadcast_type"), _data(desk, "type"))
    return (*picker.rows_of(buttons, 4), (type_it,), _back(desk, "pick"))


def _back(desk: Desk, choice: str) -> tuple[Button, ...]:
    return (Button(desk.words("button", "broadcast_back"), _data(desk, choice)),)


def _data(desk: Desk, choice: str) -> str:
    return pack("bc.time", desk.subject.id, choice)


def _today(desk: Desk) -> date:
    return desk.now.astimezone(desk.clinic.zone).date()
