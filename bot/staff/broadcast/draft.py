"""A draft at the desk: found to be one still, changed, counted, or a sentence why not."""

from __future__ import annotations

from typing import Any

from bot.staff.desk import Desk
from scheduler.model import Broadcast
from scheduler.services import audience as audiences
from scheduler.services import broadcast
from scheduler.services.audience import Audience
from scheduler.services.broadcast import BroadcastError


async def over(desk: Desk) -> bool:
    """Say so if the broadcast is a draft no longer."""
    if desk.subject.state == "draft":
        return False
    await refuse(desk, "state")
    return True


async def change(desk: Desk, **values: Any) -> Broadcast | None:
    """Change the draft and return it; None after a sentence that says why not."""
    try:
        return await desk.tx(
            broadcast.change, desk.subject, actor=desk.member.actor, now=desk.now, **values
        )
    except BroadcastError as error:
        await refuse(desk, error.reason)
        return None


async def counted(desk: Desk, draft: Broadcast) -> Audience:
    """Return who would get it."""
    house = desk.house
    return await audiences.counted(house.store, house.catalog, draft, desk.clinic, desk.now)


async def refuse(desk: Desk, reason: str, name: str = "") -> None:
    """Say in one sentence why not."""
    await desk.refuse("broadcast_refused", reason=reason, name=name)
