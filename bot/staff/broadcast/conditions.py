"""The conditions of a broadcast as buttons; a mark stands before those that are chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.staff import picker
from bot.staff.broadcast import labels
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Broadcast
from scheduler.services import segment

SPANS = ("day", "session")
COMMON = {"day": ("0-3", "4-7", "8-28", "29-90"), "session": ("0-7", "0-14")}
FIRST_DAYS = (0, 1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 60, 90, 120, 180)
LAST_DAYS = (0, 1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365)
MOST_DIGITS = 4


def without(segments: Iterable[str], *keys: str) -> list[str]:
    """Return the conditions but those of some kinds, and but the one that means everybody."""
    return [one for one in segments if one.partition("=")[0] not in (*keys, "all")]


def toggled(segments: Sequence[str], key: str, value: str) -> list[str]:
    """Return the conditions after a tap on one."""
    wanted = f"{key}={value}" if value else key
    kept = without(segments, key)
    if key == "all":
        return ["all"]
    return kept if wanted in segments or wanted == "references" else [*kept, wanted]


def keyboard(desk: Desk, draft: Broadcast) -> Keyboard:
    """Every kind of condition, the common spans at once; then on, or away with it."""
    words = desk.words
    care = words("button", "broadcast_offer" if draft.marketing else "broadcast_care")
    return (
        (_choice(desk, draft, "all"), _choice(desk, draft, "no_session")),
        *picker.rows_of([_choice(desk, draft, f"day={span}") for span in COMMON["day"]], 2),
        *picker.rows_of([_choice(desk, draft, f"session={span}") for span in COMMON["session"]], 2),
        (_page(desk, draft, "day", "days"), _page(desk, draft, "session", "sessions")),
        (_page(desk, draft, "procedure"), _page(desk, draft, "area")),
        (_page(desk, draft, "language"), _list(desk, draft)),
        (Button(care, pack("bc.kind", draft.id)),),
        (
            Button(words("button", "broadcast_drop"), pack("bc.drop", draft.id)),
            Button(words("button", "broadcast_next"), pack("bc.see", draft.id), style="primary"),
        ),
    )


def choices(desk: Desk, draft: Broadcast, kind: str, first: str) -> Keyboard:
    """The choices of one kind; for a span its last days once the first is chosen; else none."""
    catalog = desk.house.catalog
    areas = [area for known in catalog.procedures.values() for area in known.areas]
    values: dict[str, Iterable[str]] = {
        "procedure": sorted(catalog.procedures),
        "area": dict.fromkeys(areas),
        "language": catalog.languages,
    }
    if kind in SPANS:
        buttons = _days(desk, draft, kind, first)
    else:
        buttons = [_choice(desk, draft, f"{kind}={value}") for value in values.get(kind, ())]
    back = Button(desk.words("button", "broadcast_back"), pack("bc.who", draft.id))
    return (*picker.rows_of(buttons, 2), (back,)) if buttons else ()


def _days(desk: Desk, draft: Broadcast, kind: str, first: str) -> list[Button]:
    names = ("from_day", "to_day") if kind == "day" else ("from_days", "to_days")
    if not first:
        label = desk.words("segment", names[0])
        return [
            Button(label.format(first=day), pack("bc.page", draft.id, kind, day))
            for day in FIRST_DAYS
        ]
    if not (first.isdecimal() and len(first) <= MOST_DIGITS):
        return []
    label = desk.words("segment", names[1])
    return [
        Button(label.format(last=day), pack("bc.seg", draft.id, kind, f"{int(first)}-{day}"))
        for day in LAST_DAYS
        if day >= int(first)
    ]


def _choice(desk: Desk, draft: Broadcast, condition: str) -> Button:
    key, _, value = condition.partition("=")
    (one,) = segment.read((condition,))
    label = labels.condition(desk.house.catalog, desk.words, one)
    data = pack("bc.seg", draft.id, key, value) if value else pack("bc.seg", draft.id, key)
    return Button(_marked(label, condition in draft.segments), data)


def _page(desk: Desk, draft: Broadcast, kind: str, name: str = "") -> Button:
    """A button to the choices of a kind; it names the chosen one if no other button does."""
    label, chosen = desk.words("button", f"broadcast_{name or kind}"), False
    for one in segment.read(draft.segments):
        if one.key == kind and one.value not in COMMON.get(kind, ()):
            label, chosen = labels.condition(desk.house.catalog, desk.words, one), True
    return Button(_marked(label, chosen), pack("bc.page", draft.id, kind))


def _list(desk: Desk, draft: Broadcast) -> Button:
    """A button that asks for a list, or takes the one away that is chosen."""
    for one in segment.read(draft.segments):
        if one.key == "references":
            label = labels.condition(desk.house.catalog, desk.words, one)
            return Button(_marked(label, chosen=True), pack("bc.seg", draft.id, "references"))
    return Button(desk.words("button", "broadcast_list"), pack("bc.list", draft.id))


def _marked(label: str, chosen: bool) -> str:  # noqa: FBT001
    return f"✓ {label}" if chosen else label
