"""The code that a patient joins with: made from a finished draft, shown as a picture and a link."""

from __future__ import annotations

import io

import segno

from bot.house import House
from bot.staff import draft as draft_card
from bot.staff.desk import Desk
from scheduler.buttons import pack
from scheduler.messenger import Attachment, Button, Outgoing, Sent
from scheduler.services import treated
from scheduler.services.enrolment import EnrolmentError
from scheduler.services.sessions import SessionError
from scheduler.store import clinics, drafts, patients
from scheduler.store.drafts import Draft


async def make(desk: Desk) -> None:
    """*Make the code*: the patient is entered, and the QR picture and the link are posted."""
    draft: Draft = desk.subject
    if await draft_card.refuse_finished(desk):
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
        await house.replies.edit(
            Outgoing(
                chat_id=draft.chat_id,
                text=house.catalog.screen(
                    clinic.language,
                    "staff_joined",
                    {"ref": patient.ref, "reference": patient.reference, "words": words},
                ),
                buttons=((Button(words("desk", "open"), pack("pt.open", patient.id)),),),
                reply_to=draft.message_id,
            ),
            message_id=draft.message_id,
            key=f"joined:{draft.id}:{patient.id}",
            clinic_id=clinic.id,
            wait=False,  # her own answer comes after it
        )


async def _show_code(desk: Desk, draft: Draft, code: str | None) -> None:
    if code is None:
        await draft_card.refuse_finished(desk)
        return
    made = await draft_card.fresh(desk, draft)
    patient_id = await desk.tx(drafts.patient_of, draft.id)
    patient = await desk.tx(patients.by_id, patient_id) if patient_id else None
    link = f"https://t.me/{desk.username}?start={code}"
    ref = patient.ref if patient else ""
    renew = Button(desk.words("desk", "new_code"), pack("tr.again", draft.id))
    await desk.edit(
        desk.screen("staff_made", **draft_card.summary(desk, made), ref=ref), ((renew,),)
    )
    sent = await desk.say(
        desk.screen("staff_code", ref=ref, link=link),
        ((Button(desk.words("desk", "copy_link"), copy_text=link),),),
        attachment=Attachment("photo", f"{ref}.png", content=qr_of(link)),
        keep=False,
        part="code",
    )
    if not isinstance(sent, Sent):
        await desk.edit(desk.screen("staff_code_not_sent", ref=ref), ((renew,),), part="not_sent")


def qr_of(link: str) -> bytes:
    """Return a QR picture (PNG) that a phone reads from an arm's length."""
    picture = io.BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=10, border=4)
    return picture.getvalue()
