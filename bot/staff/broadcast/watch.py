"""A broadcast that was confirmed, in the hands of staff: looked at, begun, paused, stopped."""

from __future__ import annotations

from typing import Any

from bot.staff.broadcast import draft
from bot.staff.broadcast.progress import card_of
from bot.staff.desk import Desk
from scheduler.services import broadcast, steering
from scheduler.services.broadcast import BroadcastError
from scheduler.store import broadcasts


async def open_(desk: Desk) -> None:
    """One that is under way: from here on this message shows how it stands."""
    if desk.subject.state == "draft":
        await draft.refuse(desk, "state")
        return
    if desk.message is not None:
        await desk.tx(
            broadcasts.change,
            desk.subject.id,
            progress_message=desk.message.message_id,
            progress_shown="",
        )
    await show(desk, desk.subject.id)


async def hasten(desk: Desk) -> None:
    """*Send now*: it waits for its time no longer."""
    await _change(desk, steering.hasten)


async def pause(desk: Desk) -> None:
    """*Pause*."""
    await _change(desk, steering.pause)


async def resume(desk: Desk) -> None:
    """*Resume*."""
    await _change(desk, steering.resume)


async def stop(desk: Desk) -> None:
    """*Stop*, or *Cancel* before it began: what has not left never will."""
    await _change(desk, steering.cancel)


async def show(desk: Desk, broadcast_id: int) -> None:
    """Show how a broadcast stands, with what can be done about it."""
    running = await desk.tx(broadcast.found, broadcast_id)
    waiting = None
    if running.started_at is None and running.state != "cancelled":
        waiting = (await draft.counted(desk, running)).recipients
    card = await desk.tx(card_of, desk.house.catalog, running.id, desk.now, waiting=waiting)
    await desk.edit(card.text, card.buttons)


async def _change(desk: Desk, change: Any) -> None:
    if desk.subject.state == "draft":
        await draft.refuse(desk, "state")
        return
    try:
        await desk.tx(change, desk.subject, actor=desk.member.actor, now=desk.now)
    except BroadcastError as error:
        await draft.refuse(desk, error.reason)
    await show(desk, desk.subject.id)
