"""`/treated`: a patient enrolled with a few taps, from the procedure to the summary.

Each choice is kept in the draft's row before the card shows it.
"""

from __future__ import annotations

from bot.staff import draft as draft_card
from bot.staff import picker
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Sent
from scheduler.services import treated
from scheduler.services.enrolment import LONGEST_REFERENCE, EnrolmentError, check_waits
from scheduler.store import drafts
from scheduler.store.drafts import Draft


async def begin(desk: Desk) -> None:
    """`/treated`: begin a draft and ask for what is missing."""
    draft = await desk.tx(drafts.add, desk.clinic.id, desk.member.user_id, desk.chat_id, desk.now)
    procedures = sorted(desk.house.catalog.procedures)
    if len(procedures) == 1:
        draft = await draft_card.change(desk, draft, procedure=procedures[0])
    text, keyboard = draft_card.following(desk, draft)
    sent = await desk.say(text, keyboard)
    if isinstance(sent, Sent):
        await desk.tx(drafts.change, draft.id, message_id=sent.message_id)


async def procedure(desk: Desk) -> None:
    """What was done."""
    if await draft_card.refuse_finished(desk):
        return
    if desk.text(0) not in desk.house.catalog.procedures:
        await desk.refuse("staff_old_button")
        return
    await draft_card.show(
        desk, await draft_card.change(desk, desk.subject, procedure=desk.text(0), waits={})
    )


async def area(desk: Desk) -> None:
    """Where."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk) or await draft_card.refuse_without(
        desk, draft.procedure
    ):
        return
    if desk.text(0) not in desk.house.catalog.procedure(draft.procedure).areas:
        await desk.refuse("staff_old_button")
        return
    await draft_card.show(desk, await draft_card.change(desk, draft, area=desk.text(0)))


async def time(desk: Desk) -> None:
    """When: at once, or by a day and an hour."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk):
        return
    choice = desk.text(0)
    data = draft_card.choices("tr.time", draft)
    if choice == "pick":
        await desk.edit(desk.screen("staff_day"), picker.days(desk, data))
        return
    if len(choice) == len("2026-11-24") and "T" not in choice:
        hours = picker.hours(desk, choice, data)
        await desk.edit(desk.screen("staff_hour"), (*hours, draft_card.back(desk, draft)))
        return
    at = treated.moment(choice, desk.now, desk.clinic.zone)
    if at is None or not treated.in_time(at, desk.now):
        await desk.refuse("staff_time_wrong")
        return
    await draft_card.show(desk, await draft_card.change(desk, draft, treated_at=at))


async def page(desk: Desk) -> None:
    """One of the optional pages, a choice to make again, or the draft as it stands."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk):
        return
    match desk.text(0):
        case "next":
            keyboard = (
                *picker.weeks(desk, draft_card.choices("tr.next", draft)),
                draft_card.back(desk, draft),
            )
            await desk.edit(desk.screen("staff_next"), keyboard)
        case "waits" if draft.procedure:
            chosen = desk.house.catalog.procedure(draft.procedure)
            keyboard = picker.rules(desk, chosen, draft_card.choices("tr.rule", draft))
            await desk.edit(desk.screen("staff_rules"), (*keyboard, draft_card.back(desk, draft)))
        case "time":
            await desk.edit(
                desk.screen("staff_when"), picker.times(desk, draft_card.choices("tr.time", draft))
            )
        case "reference":
            await desk.post(
                "reference",
                desk.screen("staff_reference", user=desk.member.user_id, name=desk.member.name),
                ask_reply="",
                draft_id=draft.id,
            )
        case _:
            await draft_card.show(desk, draft)


async def next_session(desk: Desk) -> None:
    """The next session: a week, a day, an hour."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk):
        return
    choice, data = desk.text(0), draft_card.choices("tr.next", draft)
    if choice.startswith("w") and choice[1:].isdigit():
        days = picker.week_days(desk, min(int(choice[1:]), 52), data)
        await desk.edit(desk.screen("staff_day"), (*days, draft_card.back(desk, draft)))
    elif "T" not in choice and treated.moment(f"{choice}T12", desk.now, desk.clinic.zone):
        hours = picker.session_hours(choice, data)
        await desk.edit(desk.screen("staff_hour"), (*hours, draft_card.back(desk, draft)))
    else:
        at = treated.moment(choice, desk.now, desk.clinic.zone)
        if at is None or at <= desk.now:
            await desk.refuse("staff_next_wrong")
            return
        await draft_card.show(desk, await draft_card.change(desk, draft, next_at=at))


async def rule(desk: Desk) -> None:
    """An exception: which wait, then how long."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk) or await draft_card.refuse_without(
        desk, draft.procedure
    ):
        return
    rules = desk.house.catalog.procedure(draft.procedure).rules
    key, hours = desk.text(0), desk.text(1)
    if key not in rules:
        await desk.refuse("staff_old_button")
        return
    if not hours:
        keyboard = picker.waits(
            desk, rules[key], lambda choice: pack("tr.rule", draft.id, key, choice)
        )
        text = desk.screen("staff_wait", rule=desk.words("rule", key))
        await desk.edit(text, (*keyboard, draft_card.back(desk, draft)))
        return
    try:
        waits = {**draft.waits, key: float(hours)}
        check_waits(desk.house.catalog, draft.procedure, waits)
    except (ValueError, EnrolmentError):
        await desk.refuse(
            "staff_wait_wrong", least=f"{rules[key].least:g}", most=f"{rules[key].most:g}"
        )
        return
    await draft_card.show(desk, await draft_card.change(desk, draft, waits=waits))


async def reference(desk: Desk) -> None:
    """The clinic's own reference, typed as a reply."""
    draft: Draft = desk.subject
    said = " ".join(((desk.message and desk.message.text) or "").split())
    if draft.made_at is not None:
        await desk.refuse("staff_made_already")
        return
    if not said or len(said) > LONGEST_REFERENCE:
        await desk.refuse("staff_reference_wrong", most=LONGEST_REFERENCE)
        return
    draft = await draft_card.change(desk, draft, reference=said)
    text, keyboard = draft_card.following(desk, draft)
    sent = await desk.say(text, keyboard)
    if isinstance(sent, Sent):
        await desk.tx(drafts.change, draft.id, message_id=sent.message_id)
