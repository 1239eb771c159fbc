"""The card of a draft enrolment: what it asks next, and what stands in it so far.

A draft is a row, so a restart between two taps loses no choice.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.staff import picker
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.services import care
from scheduler.store import drafts
from scheduler.store.drafts import Draft


def following(desk: Desk, draft: Draft) -> tuple[str, Keyboard]:
    """Return the question that is next, or the summary when nothing is missing."""
    catalog, words = desk.house.catalog, desk.words
    if not draft.procedure:
        buttons = [
            Button(words("procedure", key), pack("tr.proc", draft.id, key))
            for key in sorted(catalog.procedures)
        ]
        return desk.screen("staff_procedure"), picker.rows_of(buttons, 1)
    areas = catalog.procedure(draft.procedure).areas
    if not draft.area and areas:
        buttons = [Button(words("area", key), pack("tr.area", draft.id, key)) for key in areas]
        return desk.screen("staff_area"), picker.rows_of(buttons, 2)
    if draft.treated_at is None:
        return desk.screen("staff_when"), picker.times(desk, choices("tr.time", draft))
    options = [
        Button(words("desk", name), pack("tr.page", draft.id, name))
        for name in ("next", "waits", "reference", "time")
    ]
    ready = Button(words("desk", "make"), pack("tr.make", draft.id), style="success")
    return (
        desk.screen("staff_summary", **summary(desk, draft)),
        ((ready,), *picker.rows_of(options, 2)),
    )


def summary(desk: Desk, draft: Draft) -> dict[str, object]:
    """Return what stands in the draft so far, as the screens name it."""
    words = desk.words
    return {
        "procedure": draft.procedure,
        "area": words("area", draft.area) if draft.area else "",
        "treated_at": desk.moment(draft.treated_at) if draft.treated_at else None,
        "next_at": desk.moment(draft.next_at) if draft.next_at else None,
        "exceptions": [
            (words("rule", key), f"{hours:g}") for key, hours in sorted(draft.waits.items())
        ],
        "reference": draft.reference,
        "open": care.open_now(desk.clinic, desk.now),
    }


def choices(kind: str, draft: Draft) -> Callable[[str], str]:
    """Return what turns a choice into the data of a button of this draft."""
    return lambda choice: pack(kind, draft.id, choice)


def back(desk: Desk, draft: Draft) -> tuple[Button, ...]:
    """Return the row of buttons that leads back to the card."""
    return (Button(desk.words("desk", "back"), pack("tr.page", draft.id, "card")),)


async def show(desk: Desk, draft: Draft) -> None:
    """Show the card in place of the page that was tapped."""
    text, keyboard = following(desk, draft)
    await desk.edit(text, keyboard)
    if desk.message is not None and draft.message_id != desk.message.message_id:
        await desk.tx(drafts.change, draft.id, message_id=desk.message.message_id)


async def change(desk: Desk, draft: Draft, **values: object) -> Draft:
    """Keep a choice and return the draft with it."""
    await desk.tx(drafts.change, draft.id, **values)
    return await fresh(desk, draft)


async def fresh(desk: Desk, draft: Draft) -> Draft:
    """Return the draft as it stands now.

    Raises:
        LookupError: When it is gone.
    """
    found = await desk.tx(drafts.of_clinic, desk.clinic.id, draft.id)
    if found is None:
        raise LookupError(f"draft {draft.id}")
    return found


async def refuse_finished(desk: Desk) -> bool:
    """Say so if the draft is finished; a finished draft takes no more choices."""
    if (await fresh(desk, desk.subject)).made_at is None:
        return False
    await desk.refuse("staff_made_already")
    return True


async def refuse_without(desk: Desk, chosen: str) -> bool:
    """Say that the button is old if what it builds on was not chosen."""
    if chosen:
        return False
    await desk.refuse("staff_old_button")
    return True
