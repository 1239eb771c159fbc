"""Who gets a broadcast: every condition as a button, and a list of references as a reply."""

from __future__ import annotations

from bot.staff.broadcast import conditions, draft, labels
from bot.staff.desk import Desk
from bot.telegram.download import fetch
from scheduler.model import Broadcast
from scheduler.services import references, segment, wording
from scheduler.services.segment import SegmentError
from scheduler.store import broadcasts

MOST_NAMED = 10


async def who(desk: Desk) -> None:
    """Who gets it, as it stands."""
    if not await draft.over(desk):
        await show(desk, desk.subject)


async def toggle(desk: Desk) -> None:
    """One condition on or off; one of a kind takes the place of another."""
    if await draft.over(desk):
        return
    chosen = conditions.toggled(desk.subject.segments, desk.text(0), desk.text(1))
    try:
        segments = segment.parse(desk.house.catalog, chosen)
    except SegmentError:
        await draft.refuse(desk, "gone")
        return
    changed = await draft.change(desk, segments=segments)
    if changed is not None:
        await show(desk, changed)


async def page(desk: Desk) -> None:
    """The choices of one kind: a procedure, an area, a language, or a span of days."""
    if await draft.over(desk):
        return
    kind, first = desk.text(0), desk.text(1)
    choices = conditions.choices(desk, desk.subject, kind, first)
    if not choices:
        await draft.refuse(desk, "gone")
        return
    step = ("last" if first else "first") if kind in conditions.SPANS else "one"
    await desk.edit(desk.screen("broadcast_choose", step=step), choices)


async def kind(desk: Desk) -> None:
    """Care or an offer; a text of the library that is an offer stays one."""
    if await draft.over(desk):
        return
    was: Broadcast = desk.subject
    marketing = not was.marketing or wording.is_marketing(was.template)
    changed = await draft.change(desk, marketing=marketing)
    if changed is not None:
        await show(desk, changed)


async def ask_list(desk: Desk) -> None:
    """*A list of references*: a file, or lines, as a reply."""
    if await draft.over(desk):
        return
    text = desk.screen("broadcast_list", user=desk.member.user_id, name=desk.member.name)
    posted = await desk.post("broadcast_list", text, ask_reply="")
    if posted is not None:
        await desk.tx(broadcasts.ask, desk.subject.id, posted.id)


async def listed(desk: Desk) -> None:
    """The list: what of it is known, what is not, and who gets the message now."""
    if await draft.over(desk):
        return
    try:
        names = await _names(desk)
    except SegmentError as error:
        await draft.refuse(desk, error.reason)
        return
    if names is None:
        await draft.refuse(desk, "list_lost")
        return
    matched = await desk.tx(references.match, desk.clinic.id, names)
    unknown = matched.unknown[:MOST_NAMED]
    if not matched.found:
        await draft.refuse(desk, "list_unknown", ", ".join(unknown))
        return
    others = conditions.without(desk.subject.segments, "references")
    changed = await draft.change(desk, segments=(*others, matched.condition))
    if changed is None:
        return
    text = desk.screen(
        "broadcast_listed",
        matched=matched.found,
        total=len(names),
        unknown=unknown,
        more=len(matched.unknown) - len(unknown),
    )
    await desk.say(text, part="listed")
    await show(desk, changed)


async def show(desk: Desk, draft_: Broadcast) -> None:
    """Show who would get a draft, and the buttons that change it."""
    found = await draft.counted(desk, draft_)
    text = desk.screen(
        "broadcast_who",
        title=labels.title(draft_, desk.words),
        marketing=draft_.marketing,
        who=labels.who(desk.house.catalog, desk.words, draft_.segments),
        recipients=found.recipients,
        skipped=labels.reasons(desk.words, found.skipped),
    )
    await desk.edit(text, conditions.keyboard(desk, draft_))


async def _names(desk: Desk) -> list[str] | None:
    """Return the references in what was sent; None if the file could not be fetched.

    Raises:
        SegmentError: If it is no list of references.
    """
    message = desk.message
    document = message.document if message else None
    if document is None:
        return references.typed((message and message.text) or "")
    if (document.file_size or 0) > references.MOST_BYTES:
        raise SegmentError("the list is too big", "list_big")
    content = await fetch(document)
    return None if content is None else references.in_file(content)
