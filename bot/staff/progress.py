"""How far a broadcast is, in one message of the group that edits itself; at the end a report.

Telegram takes twenty messages a minute in a group, edits included, so it changes every few seconds
and only if there is something new.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.house import House
from content.catalog import Catalog, Words
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard, Outgoing, Sent
from scheduler.model import Broadcast
from scheduler.services import broadcast, cards
from scheduler.store import broadcasts, clinics

EVERY = timedelta(seconds=6)
BAR = 10
MOST_NAMED = 40
LONGEST_TITLE = 60


async def show_progress(house: House) -> int:
    """Bring the groups' messages up to date; return how many changed."""
    now = house.clock()
    shown = 0
    for running in await house.store.tx(broadcasts.unshown):
        shown += await _show(house, running, now)
    return shown


def card_of(db: Database, catalog: Catalog, broadcast_id: int) -> tuple[str, Keyboard, str]:
    """Return what the group sees of a broadcast now, its buttons, and a mark of it to compare."""
    running = broadcast.found(db, broadcast_id)
    words = catalog.words(clinics.by_id(db, running.clinic_id).language)
    counts = broadcasts.outcomes(db, running)
    total = sum(counts.values())
    ended = total - counts["waiting"]
    full = BAR * ended // total if total else 0
    outcomes = [(name, count) for name, count in counts.items() if count]
    text = catalog.screen(
        words.language,
        "broadcast_progress",
        {
            "words": words,
            "state": running.state,
            "title": title(running, words),
            "bar": "■" * full + "□" * (BAR - full),
            "percent": 100 * ended // total if total else 0,
            "outcomes": outcomes,
        },
    )
    mark = f"{running.state} {','.join(f'{name}{count}' for name, count in outcomes)}"
    return text, _buttons(running, words), mark


def title(running: Broadcast, words: Words) -> str:
    """Return what staff know a broadcast by: its template, or how its text begins."""
    if running.template:
        return words("broadcast", running.template)
    line = " ".join(running.text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"


async def _show(house: House, running: Broadcast, now: datetime) -> int:
    clinic = await house.store.tx(clinics.by_id, running.clinic_id)
    text, keyboard, mark = await house.store.tx(card_of, house.catalog, running.id)
    over = running.state in ("done", "cancelled")
    fresh = running.progress_at is not None and now - running.progress_at < EVERY
    if clinic.chat_id is None or mark == running.progress_shown or (fresh and not over):
        return 0
    message = running.progress_message
    if message is None:
        sent = await house.replies.send(
            Outgoing(chat_id=clinic.chat_id, text=text, buttons=keyboard, silent=True),
            key=f"progress:{running.id}",
            clinic_id=clinic.id,
            keep=False,
        )
        message = sent.message_id if isinstance(sent, Sent) else None
    else:
        await house.messenger.edit(
            chat_id=clinic.chat_id, message_id=message, text=text, buttons=keyboard
        )
    await house.store.tx(
        broadcasts.change,
        running.id,
        progress_message=message,
        progress_shown=mark,
        progress_at=now,
    )
    if over:
        await house.store.tx(_report, house.catalog, running.id, now)
        house.delivery.wake()
    return 1


def _report(db: Database, catalog: Catalog, broadcast_id: int, now: datetime) -> None:
    """Queue the last word on a broadcast: how everybody ended, and of whom nobody can know."""
    ended = broadcast.found(db, broadcast_id)
    clinic = clinics.by_id(db, ended.clinic_id)
    words = catalog.words(clinic.language)
    counts = broadcasts.outcomes(db, ended)
    unsure = [row["reference"] or row["ref"] for row in broadcasts.uncertain(db, ended.id)]
    known = words.table("skipped")
    text = catalog.screen(
        clinic.language,
        "broadcast_report",
        {
            "words": words,
            "state": ended.state,
            "title": title(ended, words),
            "outcomes": [(name, count) for name, count in counts.items() if count],
            "reasons": [
                (reason, count)
                for reason, count in broadcasts.reasons(db, ended.id).items()
                if reason in known
            ],
            "uncertain": unsure[:MOST_NAMED],
            "more": max(len(unsure) - MOST_NAMED, 0),
        },
    )
    cards.post(db, catalog, clinic, "report", text, now, key=f"broadcast:{ended.id}:report")


def _buttons(running: Broadcast, words: Words) -> Keyboard:
    stop = Button(words("button", "broadcast_stop"), pack("bc.stop", running.id), style="danger")
    match running.state:
        case "scheduled" | "sending":
            hold = Button(words("button", "broadcast_pause"), pack("bc.pause", running.id))
            return ((hold, stop),)
        case "paused":
            on = Button(words("button", "broadcast_resume"), pack("bc.resume", running.id))
            return ((on, stop),)
        case _:
            return ()
