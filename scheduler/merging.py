"""How reminders that come near each other become one message, and no day gets too many. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby

from content.model import Care, Pace


@dataclass(frozen=True, slots=True)
class Part:
    """One step of one treatment within a message.

    Attributes:
        treatment: The treatment's id.
        step: The step's key.
        covers: What it reminds of.
        not_before: The instant before which it would be wrong, in UTC.
        stale_at: The instant from which it is not worth sending, in UTC.
        shown: Whether its text is said; a part that another one covers is only counted.
    """

    treatment: int
    step: str
    covers: tuple[Care, ...]
    not_before: datetime
    stale_at: datetime
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at one time: one part or several merged."""

    at: datetime
    parts: tuple[Part, ...]


def merge(due: Sequence[tuple[datetime, Part]], pace: Pace, zone: tzinfo) -> list[Message]:
    """Join what is due within the window into one message at the latest of their times.

    Args:
        due: Parts with the instants at which they come, in order.
        pace: How near is near.
        zone: Where the patient lives by the clock; nothing is moved to another local date.
    """
    window = timedelta(minutes=pace.merge_minutes)
    messages: list[Message] = []
    until = datetime.min.replace(tzinfo=UTC)
    for at, part in due:
        if at <= until and _fits(messages[-1], at, zone):
            messages[-1] = Message(at, (*messages[-1].parts, part))
        else:
            messages.append(Message(at, (part,)))
            until = at + window
    return messages


def at_most(
    messages: Sequence[Message], most: int, zone: tzinfo, taken: Mapping[date, int]
) -> tuple[list[Message], list[Part]]:
    """Keep to the daily limit: what is too much joins the next message of the day, or is left out.

    A message whose cares the others of the day cover too gives way first, then the shortest.

    Args:
        messages: In order.
        most: How many a local date may have.
        zone: Where the patient lives by the clock.
        taken: How many each local date has had already.

    Returns:
        The messages that stay, in order, and the parts left out.
    """
    kept: list[Message] = []
    left_out: list[Part] = []
    for day, group in groupby(messages, key=lambda message: _local_date(message.at, zone)):
        rows = list(group)
        while len(rows) > max(most - taken.get(day, 0), 0):
            index = _least_missed(rows)
            lone = rows.pop(index)
            later = rows[index] if index < len(rows) else None
            movable = later is not None and all(later.at <= part.stale_at for part in lone.parts)
            if later is not None and movable:
                rows[index] = replace(later, parts=(*lone.parts, *later.parts))
            else:
                left_out += lone.parts
        kept += rows
    return kept, left_out


def without_repeats(message: Message, treated_at: Mapping[int, datetime]) -> Message:
    """Leave out the text of a part whose every care a newer part of the message covers."""
    if len(message.parts) == 1 and message.parts[0].covers:
        return message
    newest_first = sorted(
        message.parts, key=lambda part: (treated_at[part.treatment], len(part.covers)), reverse=True
    )
    said: set[Care] = set()
    unsaid: set[tuple[int, str]] = set()
    for part in newest_first:
        if said.issuperset(part.covers):
            unsaid.add((part.treatment, part.step))
        said.update(part.covers)
    if not unsaid:
        return message
    parts = tuple(
        replace(part, shown=False) if (part.treatment, part.step) in unsaid else part
        for part in message.parts
    )
    return replace(message, parts=parts)


def _fits(message: Message, at: datetime, zone: tzinfo) -> bool:
    """Whether every part is still worth sending at the later time, on the same local date."""
    same_day = _local_date(message.at, zone) == _local_date(at, zone)
    return same_day and all(at <= part.stale_at for part in message.parts)


@lru_cache(maxsize=1024)
def _local_date(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _least_missed(rows: Sequence[Message]) -> int:
    """Return the index of the message that a day can best do without."""

    def loss(index: int) -> tuple[bool, int, int]:
        others = {care for i, row in enumerate(rows) if i != index for care in _cares(row)}
        return (not _cares(rows[index]) <= others, len(rows[index].parts), index)

    return min(range(len(rows)), key=loss)


def _cares(message: Message) -> set[Care]:
    return {care for part in message.parts for care in part.covers}
