"""`/broadcast`: what to say, to whom, seen first, then sent and watched.

Every step is kept in the draft's row before the card shows it.
"""

from __future__ import annotations

from typing import Any

from bot.staff import picker
from bot.staff.desk import Desk
from bot.staff.progress import card_of
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard, Outgoing, Sent
from scheduler.model import Broadcast
from scheduler.services import audience as audiences
from scheduler.services import broadcast, dispatch, segment, wording
from scheduler.services.audience import Audience
from scheduler.services.broadcast import BroadcastError
from scheduler.services.segment import SegmentError
from scheduler.services.wording import WordingError
from scheduler.store import broadcasts

DAYS = ((0, 3), (4, 7), (8, 28), (29, 90))
SESSION_DAYS = (7, 14)
PER_SECOND = 30.0
MINUTE = 60


async def begin(desk: Desk) -> None:
    """`/broadcast`: the texts of the library, or one of their own."""
    buttons = [
        Button(desk.words("broadcast", name), pack("bc.new", name))
        for name in desk.house.catalog.broadcasts
    ]
    own = Button(desk.words("button", "broadcast_own"), pack("bc.own"), style="primary")
    await desk.edit(desk.screen("broadcast_what"), (*picker.rows_of(buttons, 1), (own,)))


async def new(desk: Desk) -> None:
    """A text of the library."""
    name = desk.tap.args[0] if desk.tap and desk.tap.args else ""
    await _draft(desk, template=name)


async def own(desk: Desk) -> None:
    """A text of their own: typed as a reply."""
    await desk.post("broadcast", desk.screen("broadcast_write"), ask_reply="")


async def written(desk: Desk) -> None:
    """The text, typed as a reply to the question for it."""
    await _draft(desk, text=(desk.message and desk.message.text) or "")


async def who(desk: Desk) -> None:
    """Who gets it, as it stands."""
    if await _no_draft(desk):
        return
    await _who(desk, desk.subject)


async def toggle(desk: Desk) -> None:
    """One condition on or off; one of a kind takes the place of another."""
    if await _no_draft(desk):
        return
    draft: Broadcast = desk.subject
    key, value = desk.text(0), desk.text(1)
    wanted = f"{key}={value}" if value else key
    kept = [
        condition for condition in draft.segments if condition.partition("=")[0] not in (key, "all")
    ]
    chosen = kept if wanted in draft.segments or key == "all" else [*kept, wanted]
    try:
        conditions = segment.parse(desk.house.catalog, chosen if key != "all" else ["all"])
    except SegmentError:
        await desk.refuse("broadcast_refused", reason="gone", name="")
        return
    await desk.tx(broadcasts.change, draft.id, segments=conditions)
    await _who(desk, await desk.tx(broadcast.found, draft.id))


async def kind(desk: Desk) -> None:
    """Care or an offer; a text of the library that is an offer stays one."""
    if await _no_draft(desk):
        return
    draft: Broadcast = desk.subject
    marketing = not draft.marketing or wording.is_marketing(draft.template)
    await desk.tx(broadcasts.change, draft.id, marketing=marketing)
    await _who(desk, await desk.tx(broadcast.found, draft.id))


async def see(desk: Desk) -> None:
    """The message as patients see it in each language, then the numbers and the last word."""
    if await _no_draft(desk):
        return
    draft: Broadcast = desk.subject
    audience, previews = await _seen(desk, draft)
    if not audience.recipients:
        await desk.refuse("broadcast_refused", reason="nobody", name="")
        return
    for language, text in previews:
        await desk.say(text, part=f"preview:{language}")
    seconds = broadcast.seconds_needed(audience.recipients, PER_SECOND)
    text = desk.screen(
        "broadcast_ready",
        recipients=audience.recipients,
        skipped=sorted(audience.skipped.items()),
        starts=desk.moment(draft.at) if draft.at else None,
        seconds=max(round(seconds), 1),
        minutes=round(seconds / MINUTE),
    )
    await desk.say(text, _last_word(desk, draft), part="ready")


async def test(desk: Desk) -> None:
    """*Send to me first*: to the one who tapped, in a private chat."""
    if await _no_draft(desk):
        return
    _, previews = await _seen(desk, desk.subject)
    sent = False
    for language, text in previews:
        result = await desk.house.replies.send(
            Outgoing(chat_id=desk.member.user_id, text=text),
            key=f"{desk.key}:test:{language}",
            clinic_id=desk.clinic.id,
            keep=False,
        )
        sent = isinstance(result, Sent)
    await desk.refuse("broadcast_tested", sent=sent)


async def go(desk: Desk) -> None:
    """*Send now*: from here on it runs, and this card shows how far it is."""
    if await _no_draft(desk):
        return
    audience = await _counted(desk, desk.subject)
    try:
        await desk.tx(broadcast.confirm, desk.subject, audience, actor=_actor(desk), now=desk.now)
    except BroadcastError as error:
        await desk.refuse("broadcast_refused", reason=error.reason, name="")
        return
    if desk.message is not None:
        await desk.tx(broadcasts.change, desk.subject.id, progress_message=desk.message.message_id)
    await _progress(desk)


async def drop(desk: Desk) -> None:
    """*Drop it*: nobody gets it."""
    if await _no_draft(desk):
        return
    await desk.tx(broadcast.cancel, desk.subject, actor=_actor(desk), now=desk.now)
    await desk.edit(desk.screen("broadcast_dropped"))


async def pause(desk: Desk) -> None:
    """*Pause*."""
    await _change(desk, broadcast.pause)


async def resume(desk: Desk) -> None:
    """*Resume*."""
    await _change(desk, broadcast.resume)


async def stop(desk: Desk) -> None:
    """*Stop*: what has not left never will."""
    await _change(desk, broadcast.cancel)


async def _change(desk: Desk, change: Any) -> None:
    try:
        await desk.tx(change, desk.subject, actor=_actor(desk), now=desk.now)
    except BroadcastError as error:
        await desk.refuse("broadcast_refused", reason=error.reason, name="")
    await _progress(desk)


async def _progress(desk: Desk) -> None:
    text, keyboard, _ = await desk.tx(card_of, desk.house.catalog, desk.subject.id)
    await desk.edit(text, keyboard)


async def _draft(desk: Desk, *, template: str = "", text: str = "") -> None:
    try:
        draft = await desk.tx(
            broadcast.draft,
            desk.house.catalog,
            desk.clinic,
            template=template,
            text=text,
            actor=_actor(desk),
            now=desk.now,
        )
    except WordingError as error:
        await desk.refuse("broadcast_refused", reason=error.reason, name=error.name)
        return
    await _who(desk, draft)


async def _who(desk: Desk, draft: Broadcast) -> None:
    audience = await _counted(desk, draft)
    text = desk.screen(
        "broadcast_who",
        title=desk.words("broadcast", draft.template) if draft.template else draft.text,
        marketing=draft.marketing,
        recipients=audience.recipients,
        skipped=sorted(audience.skipped.items()),
    )
    await desk.edit(text, _conditions(desk, draft))


def _conditions(desk: Desk, draft: Broadcast) -> Keyboard:
    """Every condition as a button; a mark before those that are chosen."""
    catalog, words = desk.house.catalog, desk.words

    def button(label: str, key: str, value: str = "") -> Button:
        chosen = (f"{key}={value}" if value else key) in draft.segments
        data = pack("bc.seg", draft.id, key, value) if value else pack("bc.seg", draft.id, key)
        return Button(f"{'✓ ' if chosen else ''}{label}", data)

    within = words("segment", "session")
    choices = [
        button(words("segment", "all"), "all"),
        button(words("segment", "no_session"), "no_session"),
        *(
            button(words("segment", "day").format(first=first, last=last), "day", f"{first}-{last}")
            for first, last in DAYS
        ),
        *(button(within.format(last=last), "session", f"0-{last}") for last in SESSION_DAYS),
        *(button(words("procedure", key), "procedure", key) for key in sorted(catalog.procedures)),
        *(
            button(words("area", key), "area", key)
            for key in dict.fromkeys(
                area for known in catalog.procedures.values() for area in known.areas
            )
        ),
        *(button(catalog.words(key)("language", "name"), "language", key)
          for key in catalog.languages),
    ]  # fmt: skip
    care = words("button", "broadcast_offer" if draft.marketing else "broadcast_care")
    return (
        *picker.rows_of(choices, 2),
        (Button(care, pack("bc.kind", draft.id)),),
        (
            Button(words("button", "broadcast_drop"), pack("bc.drop", draft.id)),
            Button(words("button", "broadcast_next"), pack("bc.see", draft.id), style="primary"),
        ),
    )


def _last_word(desk: Desk, draft: Broadcast) -> Keyboard:
    words = desk.words
    return (
        (Button(words("button", "broadcast_test"), pack("bc.test", draft.id)),),
        (Button(words("button", "broadcast_confirm"), pack("bc.go", draft.id), style="success"),),
        (
            Button(words("button", "broadcast_back"), pack("bc.who", draft.id)),
            Button(words("button", "broadcast_drop"), pack("bc.drop", draft.id)),
        ),
    )


async def _counted(desk: Desk, draft: Broadcast) -> Audience:
    return await audiences.counted(
        desk.house.store, desk.house.catalog, draft, desk.clinic, desk.now
    )


async def _seen(desk: Desk, draft: Broadcast) -> tuple[Audience, list[tuple[str, str]]]:
    """Return who would get it, and what the first of each language would read."""
    audience = await _counted(desk, draft)
    previews = []
    for language, patient_id in sorted(audience.samples.items()):
        text, _ = await desk.tx(dispatch.preview, desk.house.catalog, draft, patient_id, desk.now)
        previews.append((language, text))
    return audience, previews


async def _no_draft(desk: Desk) -> bool:
    """Say so if the broadcast is a draft no longer."""
    if desk.subject.state == "draft":
        return False
    await desk.refuse("broadcast_refused", reason="state", name="")
    return True


def _actor(desk: Desk) -> str:
    return f"user:{desk.member.user_id}"
