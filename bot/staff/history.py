"""What one patient was sent and what she wrote, word for word, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.staff.desk import Desk
from bot.staff.inbox import post_kind, turning
from bot.staff.patients import back
from content.catalog import Words
from content.telegram_html import MAX_UNITS, units, visible
from scheduler import payload
from scheduler.model import Patient
from scheduler.services import cards
from scheduler.store import aside, talk
from scheduler.store import roster as store
from scheduler.store.engine import instant
from scheduler.store.rows import Row

MOST_ENTRIES = 8
PAGE_CHARACTERS = 2800
"""So much of what she wrote stands on one page; a longer message goes on on the next."""

TELL = 900
"""The most units of a sent text that one page quotes; the shell shows the whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of hers, or a part of a long one.

    Attributes:
        at: When she wrote it.
        said: The words; empty once they are no longer kept.
        topics: The keys of what it was about.
    """

    at: datetime
    said: str
    topics: tuple[str, ...]


async def sent(desk: Desk) -> None:
    """What she was sent: the exact text and the edition of the library, one at a time."""
    patient: Patient = desk.subject
    rows = await desk.tx(store.sent, patient.id)
    if not rows:
        await desk.refuse("staff_nothing_sent")
        return
    page = min(desk.number(0), len(rows) - 1)
    row = rows[page]
    said = visible(payload.unpack(row.payload, row.chat_id).text)
    text = desk.screen(
        "staff_sent",
        ref=cards.label(patient),
        at=desk.moment(row.finished_at or row.due_at),
        outcome=row.state,
        detail=_why(desk.words, row.detail),
        version=row.content_version,
        said=said if units(said) < MAX_UNITS - TELL else said[: MAX_UNITS - TELL],
        page=page + 1,
        pages=len(rows),
    )
    turn = turning(desk, "pt.sent", page, len(rows), patient.id)
    await desk.edit(text, (*turn, back(desk, patient)))


async def said(desk: Desk) -> None:
    """What she wrote, whole, and which topics answered it, the newest first."""
    patient: Patient = desk.subject
    rows = (await desk.tx(talk.exchanges, patient.id))[::-1]
    if not rows:
        await desk.refuse("staff_nothing_said")
        return
    pages = list(pages_of(rows))
    page = min(desk.number(0), len(pages) - 1)
    text = desk.screen(
        "staff_said",
        ref=cards.label(patient),
        wrote=[
            {
                "at": desk.moment(entry.at),
                "said": entry.said,
                "topics": [desk.words("topic", key) for key in entry.topics],
            }
            for entry in pages[page]
        ],
        page=page + 1,
        pages=len(pages),
    )
    turn = turning(desk, "pt.said", page, len(pages), patient.id)
    keyboard = (*turn, back(desk, patient))
    if await post_kind(desk) in ("card", "said"):  # which go on saying what they are about
        await desk.say(text, keyboard)
    else:
        await desk.edit(text, keyboard)


def pages_of(rows: Iterable[Row]) -> Iterator[list[Entry]]:
    """Yield what she wrote in pages that Telegram takes, cutting nothing off."""
    page: list[Entry] = []
    for entry in _entries(rows):
        full = sum(len(other.said) for other in page) + len(entry.said) > PAGE_CHARACTERS
        if page and (full or len(page) == MOST_ENTRIES):
            yield page
            page = []
        page.append(entry)
    if page:
        yield page


def _why(words: Words, detail: str) -> str:
    """Return in the desk's language why a message was not sent, or not sent again."""
    reason = detail.removeprefix(aside.NOT_AGAIN)
    told = str(words.table("skipped").get(reason, reason))
    return told if reason == detail else f"{words('outcome', 'not_again')}: {told}"


def _entries(rows: Iterable[Row]) -> Iterator[Entry]:
    for row in rows:
        at, words, topics = instant(row["at"]), row["said"], tuple(json.loads(row["topics"]))
        for start in range(0, max(len(words), 1), PAGE_CHARACTERS):
            yield Entry(at, words[start : start + PAGE_CHARACTERS], topics)
