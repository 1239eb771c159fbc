"""`/treated`: a patient enrolled with a few taps, from the procedure to the QR picture.

Each choice is kept in the draft's row before the card shows it.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import segno

from bot.house import House
from bot.staff import picker
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Attachment, Button, Keyboard, Sent
from scheduler.services import care, treated
from scheduler.services.enrolment import LONGEST_REFERENCE, EnrolmentError, check_waits
from scheduler.services.sessions import SessionError
from scheduler.store import clinics, drafts, patients
from scheduler.store.drafts import Draft


async def begin(desk: Desk) -> None:
    """`/treated`: begin a draft and ask for what is missing."""
    draft = await desk.tx(drafts.add, desk.clinic.id, desk.member.user_id, desk.chat_id, desk.now)
    procedures = sorted(desk.house.catalog.procedures)
    if len(procedures) == 1:
        draft = await _set(desk, draft, procedure=procedures[0])
    text, keyboard = _next(desk, draft)
    sent = await desk.say(text, keyboard)
    if isinstance(sent, Sent):
        await desk.tx(drafts.change, draft.id, message_id=sent.message_id)


async def procedure(desk: Desk) -> None:
    """What was done."""
    if await _over(desk):
        return
    if desk.text(0) not in desk.house.catalog.procedures:
        await desk.refuse("staff_old_button")
        return
    await _show(desk, await _set(desk, desk.subject, procedure=desk.text(0), waits={}))


async def area(desk: Desk) -> None:
    """Where."""
    draft: Draft = desk.subject
    if await _over(desk) or await _lacks(desk, draft.procedure):
        return
    if desk.text(0) not in desk.house.catalog.procedure(draft.procedure).areas:
        await desk.refuse("staff_old_button")
        return
    await _show(desk, await _set(desk, draft, area=desk.text(0)))


async def time(desk: Desk) -> None:
    """When: at once, or by a day and an hour."""
    draft: Draft = desk.subject
    if await _over(desk):
        return
    choice = desk.text(0)
    data = _data("tr.time", draft)
    if choice == "pick":
        await desk.edit(desk.screen("staff_day"), picker.days(desk, data))
        return
    if len(choice) == len("2026-11-24") and "T" not in choice:
        hours = picker.hours(desk, choice, data)
        await desk.edit(desk.screen("staff_hour"), (*hours, _again(desk, draft)))
        return
    at = treated.moment(choice, desk.now, desk.clinic.zone)
    if at is None or not treated.in_time(at, desk.now):
        await desk.refuse("staff_time_wrong")
        return
    await _show(desk, await _set(desk, draft, treated_at=at))


async def page(desk: Desk) -> None:
    """One of the optional pages, a choice to make again, or the draft as it stands."""
    draft: Draft = desk.subject
    if await _over(desk):
        return
    match desk.text(0):
        case "next":
            keyboard = (*picker.weeks(desk, _data("tr.next", draft)), _again(desk, draft))
            await desk.edit(desk.screen("staff_next"), keyboard)
        case "waits" if draft.procedure:
            chosen = desk.house.catalog.procedure(draft.procedure)
            keyboard = picker.rules(desk, chosen, _data("tr.rule", draft))
            await desk.edit(desk.screen("staff_rules"), (*keyboard, _again(desk, draft)))
        case "time":
            await desk.edit(desk.screen("staff_when"), picker.times(desk, _data("tr.time", draft)))
        case "reference":
            await desk.post(
                "reference",
                desk.screen("staff_reference", user=desk.member.user_id, name=desk.member.name),
                ask_reply="",
                draft_id=draft.id,
            )
        case _:
            await _show(desk, draft)


async def next_session(desk: Desk) -> None:
    """The next session: a week, a day, an hour."""
    draft: Draft = desk.subject
    if await _over(desk):
        return
    choice, data = desk.text(0), _data("tr.next", draft)
    if choice.startswith("w") and choice[1:].isdigit():
        days = picker.week_days(desk, min(int(choice[1:]), 52), data)
        await desk.edit(desk.screen("staff_day"), (*days, _again(desk, draft)))
    elif "T" not in choice and treated.moment(f"{choice}T12", desk.now, desk.clinic.zone):
        hours = picker.session_hours(choice, data)
        await desk.edit(desk.screen("staff_hour"), (*hours, _again(desk, draft)))
    else:
        at = treated.moment(choice, desk.now, desk.clinic.zone)
        if at is None or at <= desk.now:
            await desk.refuse("staff_next_wrong")
            return
        await _show(desk, await _set(desk, draft, next_at=at))


async def rule(desk: Desk) -> None:
    """An exception: which wait, then how long."""
    draft: Draft = desk.subject
    if await _over(desk) or await _lacks(desk, draft.procedure):
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
        await desk.edit(text, (*keyboard, _again(desk, draft)))
        return
    try:
        waits = {**draft.waits, key: float(hours)}
        check_waits(desk.house.catalog, draft.procedure, waits)
    except (ValueError, EnrolmentError):
        await desk.refuse(
            "staff_wait_wrong", least=f"{rules[key].least:g}", most=f"{rules[key].most:g}"
        )
        return
    await _show(desk, await _set(desk, draft, waits=waits))


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
    draft = await _set(desk, draft, reference=said)
    text, keyboard = _next(desk, draft)
    sent = await desk.say(text, keyboard)
    if isinstance(sent, Sent):
        await desk.tx(drafts.change, draft.id, message_id=sent.message_id)


async def make(desk: Desk) -> None:
    """*Make the code*: the patient is entered, and the QR picture and the link are posted."""
    draft: Draft = desk.subject
    if await _over(desk):
        return
    try:
        code = await desk.tx(
            treated.make, desk.house.catalog, desk.clinic, draft, desk.member, desk.now
        )
    except (EnrolmentError, SessionError):
        await desk.refuse("staff_incomplete")
        return
    await _show_code(desk, draft, code)


async def again(desk: Desk) -> None:
    """*A new code*: for when the first did not arrive or has run out."""
    code = await desk.tx(treated.renew, desk.clinic, desk.subject, desk.member, desk.now)
    if code is None:
        await desk.refuse("staff_joined_already")
        return
    await _show_code(desk, desk.subject, code)


async def joined(house: House, patient_id: int) -> None:
    """A patient has joined: the card on which she was enrolled says so."""
    now = house.clock()
    for draft in await house.store.tx(treated.joined, patient_id, now):
        if draft.message_id is None:
            continue
        clinic = await house.store.tx(clinics.by_id, draft.clinic_id)
        patient = await house.store.tx(patients.by_id, patient_id)
        if clinic.chat_id != draft.chat_id or patient is None:
            continue
        words = house.catalog.words(clinic.language)
        await house.messenger.edit(
            chat_id=draft.chat_id,
            message_id=draft.message_id,
            text=house.catalog.screen(
                clinic.language,
                "staff_joined",
                {"ref": patient.ref, "reference": patient.reference, "words": words},
            ),
            buttons=((Button(words("desk", "open"), pack("pt.open", patient.id)),),),
        )


async def _show_code(desk: Desk, draft: Draft, code: str | None) -> None:
    fresh = await _fresh(desk, draft)
    if code is None:
        await _over(desk)
        return
    patient_id = await desk.tx(drafts.patient_of, draft.id)
    patient = await desk.tx(patients.by_id, patient_id) if patient_id else None
    link = f"https://t.me/{desk.username}?start={code}"
    ref = patient.ref if patient else ""
    renew = Button(desk.words("desk", "new_code"), pack("tr.again", draft.id))
    await desk.edit(desk.screen("staff_made", **_summary(desk, fresh), ref=ref), ((renew,),))
    sent = await desk.say(
        desk.screen("staff_code", ref=ref, link=link),
        ((Button(desk.words("desk", "copy_link"), copy_text=link),),),
        attachment=Attachment("photo", f"{ref}.png", content=qr_of(link)),
        keep=False,
        part="code",
    )
    if not isinstance(sent, Sent):
        await desk.edit(desk.screen("staff_code_not_sent", ref=ref), ((renew,),))


def qr_of(link: str) -> bytes:
    """Return a QR picture (PNG) that a phone reads from an arm's length."""
    picture = io.BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=10, border=4)
    return picture.getvalue()


def _next(desk: Desk, draft: Draft) -> tuple[str, Keyboard]:
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
        return desk.screen("staff_when"), picker.times(desk, _data("tr.time", draft))
    options = [
        Button(words("desk", name), pack("tr.page", draft.id, name))
        for name in ("next", "waits", "reference", "time")
    ]
    ready = Button(words("desk", "make"), pack("tr.make", draft.id), style="success")
    return (
        desk.screen("staff_summary", **_summary(desk, draft)),
        ((ready,), *picker.rows_of(options, 2)),
    )


def _summary(desk: Desk, draft: Draft) -> dict[str, object]:
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


def _data(kind: str, draft: Draft) -> Callable[[str], str]:
    return lambda choice: pack(kind, draft.id, choice)


def _again(desk: Desk, draft: Draft) -> tuple[Button, ...]:
    return (Button(desk.words("desk", "back"), pack("tr.page", draft.id, "card")),)


async def _show(desk: Desk, draft: Draft) -> None:
    text, keyboard = _next(desk, draft)
    await desk.edit(text, keyboard)
    if desk.message is not None and draft.message_id != desk.message.message_id:
        await desk.tx(drafts.change, draft.id, message_id=desk.message.message_id)


async def _set(desk: Desk, draft: Draft, **values: object) -> Draft:
    await desk.tx(drafts.change, draft.id, **values)
    return await _fresh(desk, draft)


async def _fresh(desk: Desk, draft: Draft) -> Draft:
    found = await desk.tx(drafts.of_clinic, desk.clinic.id, draft.id)
    if found is None:
        raise LookupError(f"draft {draft.id}")
    return found


async def _over(desk: Desk) -> bool:
    """Say so if the draft is finished; a finished draft takes no more choices."""
    fresh = await _fresh(desk, desk.subject)
    if fresh.made_at is None:
        return False
    await desk.refuse("staff_made_already")
    return True


async def _lacks(desk: Desk, chosen: str) -> bool:
    if chosen:
        return False
    await desk.refuse("staff_old_button")
    return True
