"""What staff change about an opened patient: the time, an exception, a stop, a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.staff import picker
from bot.staff.desk import Desk
from bot.staff.patients import back, show
from scheduler.buttons import pack
from scheduler.messenger import Button
from scheduler.model import Patient
from scheduler.services import cards, care, roster, treated
from scheduler.services.correction import correct
from scheduler.services.enrolment import EnrolmentError


async def time(desk: Desk) -> None:
    """Correct when she was treated: what waits to be sent follows."""
    patient: Patient = desk.subject
    choice, data = desk.text(0), _data("pt.time", patient)
    if not choice:
        keyboard = picker.times(desk, data)
        await desk.edit(desk.screen("staff_when"), (*keyboard, back(desk, patient)))
        return
    if choice == "pick":
        keyboard = picker.days(desk, data)
        await desk.edit(desk.screen("staff_day"), (*keyboard, back(desk, patient)))
        return
    if len(choice) == len("2026-11-24") and "T" not in choice:
        keyboard = picker.hours(desk, choice, data)
        await desk.edit(desk.screen("staff_hour"), (*keyboard, back(desk, patient)))
        return
    at = treated.moment(choice, desk.now, desk.clinic.zone)
    if at is None or not treated.in_time(at, desk.now):
        await desk.refuse("staff_time_wrong")
        return
    try:
        await _correct(desk, patient, treated_at=at)
    except EnrolmentError:
        await desk.refuse("staff_no_treatment")
        return
    await show(desk, patient)


async def rule(desk: Desk) -> None:
    """An exception for her: which wait, then how long."""
    patient: Patient = desk.subject
    record = await desk.tx(roster.record, desk.house.catalog, desk.clinic, patient, desk.now)
    if not record.treatments:
        await desk.refuse("staff_no_treatment")
        return
    procedure = care.procedure_of(desk.house.catalog, record.treatments)
    key, hours = desk.text(0), desk.text(1)
    if not key:
        keyboard = picker.rules(desk, procedure, _data("pt.rule", patient))
        await desk.edit(desk.screen("staff_rules"), (*keyboard, back(desk, patient)))
        return
    if key not in procedure.rules:
        await desk.refuse("staff_old_button")
        return
    wait = procedure.rules[key]
    if not hours:
        keyboard = picker.waits(desk, wait, lambda some: pack("pt.rule", patient.id, key, some))
        text = desk.screen("staff_wait", rule=desk.words("rule", key))
        await desk.edit(text, (*keyboard, back(desk, patient)))
        return
    try:
        await _correct(desk, patient, waits={key: float(hours)})
    except (ValueError, EnrolmentError):
        await desk.refuse("staff_wait_wrong", least=f"{wait.least:g}", most=f"{wait.most:g}")
        return
    await show(desk, patient)


async def stop(desk: Desk) -> None:
    """Send her nothing unasked any more; asked once before."""
    patient: Patient = desk.subject
    if desk.text(0) != "yes":
        sure = Button(desk.words("desk", "stop_sure"), pack("pt.stop", patient.id, "yes"),
                      style="danger")  # fmt: skip
        text = desk.screen("staff_stop", ref=cards.label(patient))
        await desk.edit(text, ((sure,), back(desk, patient)))
        return
    await desk.tx(roster.stop, desk.house.catalog, patient, desk.member, desk.now)
    fresh = await desk.tx(roster.of_clinic, desk.clinic.id, patient.id)
    await show(desk, fresh or patient)


async def ask_note(desk: Desk) -> None:
    """*Note*: open the field for one, for the person who tapped."""
    patient: Patient = desk.subject
    await desk.post(
        "note",
        desk.screen(
            "staff_note",
            user=desk.member.user_id,
            name=desk.member.name,
            ref=cards.label(patient),
        ),
        ask_reply="",
        patient_id=patient.id,
    )


async def note(desk: Desk) -> None:
    """The note, typed as a reply."""
    patient: Patient = desk.subject
    words = ((desk.message and desk.message.text) or "").strip()
    if not words or len(words) > roster.LONGEST_NOTE:
        await desk.refuse("staff_note_wrong", most=roster.LONGEST_NOTE)
        return
    await desk.tx(roster.note, patient, desk.member, words, desk.now)
    button = Button(desk.words("desk", "open"), pack("pt.open", patient.id))
    await desk.say(desk.screen("staff_noted", ref=cards.label(patient)), ((button,),))


async def _correct(desk: Desk, patient: Patient, **right: Any) -> None:
    """Correct the latest treatment under the name of who tapped."""
    actor = desk.member.actor
    await desk.tx(correct, desk.house.catalog, patient, desk.now, actor=actor, **right)


def _data(kind: str, patient: Patient) -> Callable[[str], str]:
    return lambda choice: pack(kind, patient.id, choice)
