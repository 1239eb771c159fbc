"""A broadcast before it is sent: as patients read it, what to expect of it, and the last word."""

from __future__ import annotations

from bot.staff.broadcast import draft, labels, watch
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard, Outgoing, Sent
from scheduler.model import Broadcast
from scheduler.services import broadcast, dispatch
from scheduler.services.audience import Audience
from scheduler.services.broadcast import BroadcastError
from scheduler.services.estimate import estimate
from scheduler.store import broadcasts

MINUTE, HOUR = 60, 3600

Seen = list[tuple[str, str, Keyboard]]
"""Language, text and buttons of a message as its first reader in that language gets it."""


async def see(desk: Desk) -> None:
    """The message as patients see it in each language, then the numbers and the last word."""
    if await draft.over(desk):
        return
    audience = await draft.counted(desk, desk.subject)
    if not audience.recipients:
        await draft.refuse(desk, "nobody")
        return
    for language, text, _ in await _seen(desk, desk.subject, audience):
        await desk.say(text, part=f"preview:{language}")
    text, keyboard = await _ready(desk, desk.subject, audience)
    await desk.say(text, keyboard, part="ready")


async def show(desk: Desk, draft_: Broadcast) -> None:
    """Show what to expect of a draft, in place of the card that was tapped."""
    text, keyboard = await _ready(desk, draft_, await draft.counted(desk, draft_))
    await desk.edit(text, keyboard)


async def test(desk: Desk) -> None:
    """*Send to me first*: to the one who tapped, in a private chat."""
    if await draft.over(desk):
        return
    audience = await draft.counted(desk, desk.subject)
    if not audience.recipients:
        await draft.refuse(desk, "nobody")
        return
    arrived = []
    for language, text, _ in await _seen(desk, desk.subject, audience):
        result = await desk.house.replies.send(
            Outgoing(chat_id=desk.member.user_id, text=text),
            key=f"{desk.key}:test:{language}",
            clinic_id=desk.clinic.id,
            keep=False,
        )
        arrived.append(isinstance(result, Sent))
    await desk.refuse("broadcast_tested", sent=all(arrived))


async def go(desk: Desk) -> None:
    """*Send now*, or at its time: from here on this card shows how it stands."""
    if await draft.over(desk):
        return
    audience = await draft.counted(desk, desk.subject)
    try:
        confirmed = await desk.tx(
            broadcast.confirm,
            desk.subject,
            audience,
            actor=desk.member.actor,
            now=desk.now,
            seen=desk.text(0) or None,
        )
    except BroadcastError as error:
        await draft.refuse(desk, error.reason)
        return
    if desk.message is not None:
        await desk.tx(broadcasts.change, confirmed.id, progress_message=desk.message.message_id)
    await watch.show(desk, confirmed.id)


async def _seen(desk: Desk, draft_: Broadcast, audience: Audience) -> Seen:
    catalog, seen = desk.house.catalog, []
    for language, patient_id in sorted(audience.samples.items()):
        text, buttons = await desk.tx(dispatch.preview, catalog, draft_, patient_id, desk.now)
        seen.append((language, text, buttons))
    return seen


async def _ready(desk: Desk, draft_: Broadcast, audience: Audience) -> tuple[str, Keyboard]:
    expected = estimate(draft_, audience, desk.house.per_second, desk.now)
    seen = await _seen(desk, draft_, audience)
    labels_below = [button.text for _, _, rows in seen for row in rows for button in row]
    text = desk.screen(
        "broadcast_ready",
        recipients=audience.recipients,
        who=labels.who(desk.house.catalog, desk.words, draft_.segments),
        skipped=labels.reasons(desk.words, audience.skipped),
        below=list(dict.fromkeys(labels_below)),
        starts=desk.moment(expected.starts) if expected.starts else None,
        seconds=max(round(expected.seconds), 1),
        minutes=round(expected.seconds / MINUTE),
        hours=round(expected.seconds / HOUR),
        asleep=expected.asleep,
        awake=desk.moment(expected.awake) if expected.awake else None,
    )
    return text, _last_word(desk, draft_)


def _last_word(desk: Desk, draft_: Broadcast) -> Keyboard:
    words = desk.words

    def button(name: str, kind: str, *args: str) -> Button:
        return Button(words("button", f"broadcast_{name}"), pack(kind, draft_.id, *args))

    send = words("button", "broadcast_confirm")
    if draft_.at is not None:
        when = desk.house.catalog.moment(desk.language, desk.moment(draft_.at))
        send = words("button", "broadcast_at").format(when=when)
    times = [button("tomorrow", "bc.time", "tomorrow"), button("pick", "bc.time", "pick")]
    return (
        (button("test", "bc.test"),),
        (Button(send, pack("bc.go", draft_.id, broadcast.seal(draft_)), style="success"),),
        tuple(times),
        *(((button("untimed", "bc.time", "none"),),) if draft_.at is not None else ()),
        (button("back", "bc.who"), button("drop", "bc.drop")),
    )
