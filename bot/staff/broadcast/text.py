"""`/broadcast`: a text of the library, one of their own, or how one under way stands."""

from __future__ import annotations

from bot.staff import picker
from bot.staff.broadcast import audience, draft, labels
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button
from scheduler.services import broadcast, steering
from scheduler.services.wording import WordingError
from scheduler.store import broadcasts

MOST_SHOWN = 8


async def begin(desk: Desk) -> None:
    """`/broadcast`: what could be said, and what is on its way."""
    under_way = await desk.tx(broadcasts.under_way, desk.clinic.id)
    texts = [
        Button(desk.words("broadcast", name), pack("bc.new", name))
        for name in desk.house.catalog.broadcasts
    ]
    running = [
        Button(
            f"{desk.words('broadcast_state', one.state)}: {labels.title(one, desk.words)}",
            pack("bc.open", one.id),
        )
        for one in under_way[:MOST_SHOWN]
    ]
    own = Button(desk.words("button", "broadcast_own"), pack("bc.own"), style="primary")
    await desk.edit(
        desk.screen("broadcast_what", under_way=len(under_way)),
        (*picker.rows_of(texts, 1), (own,), *picker.rows_of(running, 1)),
    )


async def new(desk: Desk) -> None:
    """A text of the library."""
    name = desk.tap.args[0] if desk.tap and desk.tap.args else ""
    await _make(desk, template=name)


async def own(desk: Desk) -> None:
    """A text of their own: typed as a reply."""
    await desk.post("broadcast", desk.screen("broadcast_write"), ask_reply="")


async def written(desk: Desk) -> None:
    """The text, typed as a reply to the question for it."""
    text = (desk.message and desk.message.text) or ""
    if not text.strip():
        await draft.refuse(desk, "empty")
        return
    await _make(desk, text=text)


async def drop(desk: Desk) -> None:
    """*Drop it*: nobody gets it."""
    if await draft.over(desk):
        return
    await desk.tx(steering.cancel, desk.subject, actor=desk.member.actor, now=desk.now)
    await desk.edit(desk.screen("broadcast_dropped"))


async def _make(desk: Desk, *, template: str = "", text: str = "") -> None:
    try:
        made = await desk.tx(
            broadcast.draft,
            desk.house.catalog,
            desk.clinic,
            template=template,
            text=text,
            actor=desk.member.actor,
            now=desk.now,
        )
    except WordingError as error:
        await draft.refuse(desk, error.reason, error.name)
        return
    await audience.show(desk, made)
