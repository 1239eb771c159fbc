"""The inbox: what waits for a person, who takes it, and how it ends."""

from __future__ import annotations

from sqlite_utils import Database

from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button
from scheduler.model import Escalation
from scheduler.services import cards, inbox, people
from scheduler.services.files import show_more
from scheduler.store import edits, patients, posts, talk
from scheduler.store import inbox as store

PAGE = 5


async def listed(desk: Desk) -> None:
    """`/inbox`: what waits, oldest first, with its age."""
    rows, labels = await desk.tx(_waiting, desk.clinic.id)
    if not rows:
        await desk.edit(desk.screen("staff_inbox_empty"))
        return
    pages = -(-len(rows) // PAGE)
    page = min(desk.page, pages - 1)
    shown = rows[page * PAGE : (page + 1) * PAGE]
    keyboard = [
        (
            Button(labels[row.id], pack("in.open", row.id)),
            *(
                (Button(desk.words("desk", "take"), pack("in.take", row.id), style="success"),)
                if row.state == "open"
                else ()
            ),
        )
        for row in shown
    ]
    text = desk.screen(
        "staff_inbox",
        total=len(rows),
        waiting=[
            {
                "ref": labels[row.id],
                "level": row.level,
                "came": desk.moment(row.opened_at),
                "by": await desk.tx(people.name_of, desk.clinic.id, row.taken_by),
                "warned": row.warned_at is not None,
            }
            for row in shown
        ],
    )
    await desk.edit(text, (*keyboard, *turning(desk, "in.list", page, pages)))


def turning(
    desk: Desk, kind: str, page: int, pages: int, *before: int
) -> tuple[tuple[Button, ...], ...]:
    """Return the row of buttons that turns pages; none if there is one page."""
    row = []
    if page > 0:
        row.append(Button(desk.words("desk", "newer"), pack(kind, *before, page - 1)))
    if page + 1 < pages:
        row.append(Button(desk.words("desk", "older"), pack(kind, *before, page + 1)))
    return (tuple(row),) if row else ()


async def open_(desk: Desk) -> None:
    """Post the card anew, below everything else."""
    row: Escalation = desk.subject
    card = await desk.tx(cards.card, desk.house.catalog, row.id, desk.now)
    await desk.post("card", card.text, keyboard=card.buttons, escalation_id=row.id)


async def take(desk: Desk) -> None:
    """*I'll take it*: exclusive; a second person is told who has it."""
    row: Escalation = desk.subject
    taking = await desk.tx(inbox.take, desk.house.catalog, row, desk.member, desk.now)
    if taking == "closed":
        await desk.refuse("staff_closed_already")
    elif taking == "held":
        fresh = await desk.tx(talk.escalation, row.id)
        name = await desk.tx(people.name_of, desk.clinic.id, fresh.taken_by)
        await desk.refuse("staff_held", by=name)
    await refresh(desk, row.id)


async def seen(desk: Desk) -> None:
    """*Seen, I have it*: a fresh warning sign on what somebody had already."""
    if await desk.tx(inbox.see, desk.house.catalog, desk.subject, desk.member, desk.now):
        await refresh(desk, desk.subject.id)
    else:
        await take(desk)


async def back(desk: Desk) -> None:
    """*Give it back*: it waits for somebody again."""
    if not await desk.tx(inbox.give_back, desk.subject, desk.member, desk.now):
        await desk.refuse("staff_not_taken")
    await refresh(desk, desk.subject.id)


async def done(desk: Desk) -> None:
    """*Done*: it is closed."""
    if not await desk.tx(inbox.close, desk.subject, desk.member, desk.now):
        await desk.refuse("staff_closed_already")
    await refresh(desk, desk.subject.id)


async def reopen(desk: Desk) -> None:
    """*Open again*: whoever does so has it."""
    if not await desk.tx(inbox.reopen, desk.subject, desk.member, desk.now):
        await desk.refuse("staff_not_closed")
    await refresh(desk, desk.subject.id)


async def files(desk: Desk) -> None:
    """*Show files*: the next few of those that were only counted."""
    if await desk.tx(show_more, desk.house.catalog, desk.subject, desk.now):
        await desk.circle.end()
        await desk.house.board.show(desk.subject.id)
        desk.house.delivery.wake()
    else:
        await desk.refuse("staff_files", more=0)


async def call(desk: Desk) -> None:
    """*Call patient*: the bot knows no number; name the reference and offer to ask for a call."""
    patient = await desk.tx(patients.by_id, desk.subject.patient_id)
    if patient is None:
        await desk.refuse("staff_gone")
        return
    ask = Button(desk.words("desk", "ask_to_call"), pack("in.ask", desk.subject.id))
    await desk.say(
        desk.screen("staff_call", ref=patient.ref, reference=patient.reference), ((ask,),)
    )


async def ask_to_call(desk: Desk) -> None:
    """Ask the patient to call the clinic."""
    queued = await desk.tx(
        inbox.ask_to_call, desk.house.catalog, desk.subject, desk.member, desk.now
    )
    row = await desk.house.delivery.settle(queued) if queued is not None else None
    patient = await desk.tx(patients.by_id, desk.subject.patient_id)
    await desk.edit(
        desk.screen(
            "staff_outcome",
            outcome=row.state if row else "sent",
            ref=cards.label(patient) if patient else "",
        )
    )


async def post_kind(desk: Desk) -> str:
    """Return what the message with the tapped button was posted as; empty if as nothing."""
    if desk.tap is None or desk.message is None:
        return ""
    post = await desk.tx(posts.at, desk.chat_id, desk.message.message_id)
    return post.kind if post else ""


async def refresh(desk: Desk, escalation_id: int) -> None:
    """Let every card of an escalation in the group say how it stands."""
    await desk.circle.end()
    await desk.tx(edits.want_cards, escalation_id, desk.now)
    await desk.house.board.show(escalation_id)
    desk.house.delivery.wake()


def _waiting(db: Database, clinic_id: int) -> tuple[list[Escalation], dict[int, str]]:
    rows = store.waiting(db, clinic_id)
    labels = {}
    for row in rows:
        patient = patients.by_id(db, row.patient_id)
        labels[row.id] = cards.label(patient) if patient else ""
    return rows, labels
