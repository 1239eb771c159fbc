"""How far a broadcast is, in one message of the group that edits itself; at the end a report.

Telegram takes twenty messages a minute in a group, edits included, so it changes every few seconds
and only if there is something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.house import House
from bot.staff.broadcast import labels
from content.catalog import Catalog, Words
from content.moments import Moment
from scheduler.buttons import pack
from scheduler.messenger import (
    Button,
    Keyboard,
    Outgoing,
    Rejected,
    RetryAfter,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from scheduler.model import Broadcast, Clinic
from scheduler.services import broadcast, posting
from scheduler.store import broadcasts, clinics, recipients

EVERY = timedelta(seconds=6)
BAR = 10
MOST_NAMED = 40


@dataclass(frozen=True, slots=True)
class Card:
    """A broadcast as the group sees it now.

    Attributes:
        text: Its text.
        buttons: What can be done about it.
        mark: What it says in short, to tell whether there is something new.
    """

    text: str
    buttons: Keyboard
    mark: str


async def show_progress(house: House) -> int:
    """Bring the groups' messages up to date; return how many changed."""
    now = house.clock()
    shown = 0
    for running in await house.store.tx(broadcasts.unshown):
        shown += await _show(house, running, now)
    return shown


def card_of(
    db: Database,
    catalog: Catalog,
    broadcast_id: int,
    now: datetime,
    *,
    waiting: int | None = None,
) -> Card:
    """Return what the group sees of a broadcast; `waiting` are those it is for, before it began."""
    running = broadcast.found(db, broadcast_id)
    clinic = clinics.by_id(db, running.clinic_id)
    words = catalog.words(clinic.language)
    counts = recipients.outcomes(db, running)
    if waiting is not None:
        counts["waiting"] = waiting
    total = sum(counts.values())
    ended = total - counts["waiting"]
    full = BAR * ended // total if total else 0
    ahead = running.at is not None and running.at > now and running.started_at is None
    text = catalog.screen(
        clinic.language,
        "broadcast_progress",
        {
            "state": words("broadcast_state", _state(running, ahead=ahead)),
            "title": labels.title(running, words),
            "starts": _moment(running, clinic, now) if _waits(running, ahead=ahead) else None,
            "who": labels.who(catalog, words, running.segments),
            "bar": "■" * full + "□" * (BAR - full) if running.started_at else "",
            "percent": 100 * ended // total if total else 0,
            "outcomes": labels.outcomes(words, counts),
        },
    )
    mark = f"{running.state} {','.join(f'{name}{n}' for name, n in counts.items() if n)}"
    return Card(text, _buttons(running, words, ahead=ahead), mark)


async def _show(house: House, running: Broadcast, now: datetime) -> int:
    clinic = await house.store.tx(clinics.by_id, running.clinic_id)
    card = await house.store.tx(card_of, house.catalog, running.id, now)
    over = running.state in ("done", "cancelled")
    shown = running.progress_at
    fresh = shown is not None and timedelta() <= now - shown < EVERY
    if clinic.chat_id is None or card.mark == running.progress_shown or (fresh and not over):
        return 0
    if running.progress_message is not None and not house.replies.door.has_room(clinic.chat_id):
        return 0
    result = await _bring(house, clinic.id, clinic.chat_id, running, card)
    if isinstance(result, RetryAfter | Unreachable | Unknown):
        await house.store.tx(broadcasts.change, running.id, progress_at=now)
        return 0
    message = result.message_id if isinstance(result, Sent) else running.progress_message
    await house.store.tx(
        broadcasts.change,
        running.id,
        progress_message=message,
        progress_shown=card.mark,
        progress_at=now,
    )
    if over:
        await house.store.tx(_report, house.catalog, running.id, now)
        house.delivery.wake()
    return 1


async def _bring(
    house: House, clinic_id: int, chat_id: int, running: Broadcast, card: Card
) -> SendResult:
    """Change the message that shows it; post one if there is none, or none any more."""
    if running.progress_message is not None:
        result = await house.replies.door.edit(
            chat_id=chat_id,
            message_id=running.progress_message,
            text=card.text,
            buttons=card.buttons,
            group=clinic_id,
        )
        if not isinstance(result, Rejected):
            return result
    return await house.replies.send(
        Outgoing(chat_id=chat_id, text=card.text, buttons=card.buttons, silent=True),
        key=f"progress:{running.id}",
        clinic_id=clinic_id,
        keep=False,
    )


def _report(db: Database, catalog: Catalog, broadcast_id: int, now: datetime) -> None:
    """Queue the last word on a broadcast: how everybody ended, and of whom nobody can know."""
    ended = broadcast.found(db, broadcast_id)
    clinic = clinics.by_id(db, ended.clinic_id)
    words = catalog.words(clinic.language)
    unsure = [row["reference"] or row["ref"] for row in recipients.uncertain(db, ended.id)]
    text = catalog.screen(
        clinic.language,
        "broadcast_report",
        {
            "state": words("broadcast_state", ended.state),
            "title": labels.title(ended, words),
            "outcomes": labels.outcomes(words, recipients.outcomes(db, ended)),
            "reasons": labels.reasons(words, recipients.reasons(db, ended)),
            "skipped": labels.reasons(words, ended.skipped),
            "uncertain": unsure[:MOST_NAMED],
            "more": max(len(unsure) - MOST_NAMED, 0),
        },
    )
    posting.post(db, catalog, clinic, "report", text, now, key=f"broadcast:{ended.id}:report")


def _buttons(running: Broadcast, words: Words, *, ahead: bool) -> Keyboard:
    def button(name: str, kind: str) -> Button:
        return Button(words("button", f"broadcast_{name}"), pack(kind, running.id))

    stop = Button(words("button", "broadcast_stop"), pack("bc.stop", running.id), style="danger")
    match running.state:
        case "scheduled" if ahead:
            return ((button("confirm", "bc.now"), button("cancel", "bc.stop")),)
        case "scheduled" | "sending":
            return ((button("pause", "bc.pause"), stop),)
        case "paused":
            return ((button("resume", "bc.resume"), stop),)
        case _:
            return ()


def _state(running: Broadcast, *, ahead: bool) -> str:
    """Return the state by name; one whose time has come begins within seconds."""
    return "starting" if running.state == "scheduled" and not ahead else running.state


def _waits(running: Broadcast, *, ahead: bool) -> bool:
    return ahead and running.state == "scheduled"


def _moment(running: Broadcast, clinic: Clinic, now: datetime) -> Moment | None:
    if running.at is None:
        return None
    return Moment(running.at.astimezone(clinic.zone), now.astimezone(clinic.zone))
