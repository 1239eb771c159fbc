"""`/patients`: who is on which day and who needs somebody, and one patient opened."""

from __future__ import annotations

from bot.staff.desk import Desk
from bot.staff.inbox import turning
from content.model import Rule
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Patient
from scheduler.services import care, people, roster
from scheduler.services.roster import Record
from scheduler.store.engine import instant


async def listed(desk: Desk) -> None:
    """`/patients`: those who wait for an answer first, then the latest treated."""
    lines, number, pages = await desk.tx(roster.page, desk.clinic, desk.now, desk.page)
    text = desk.screen("staff_patients", roster=lines, page=number + 1, pages=pages)
    keyboard = [(Button(_line(desk, line), pack("pt.open", line.id)),) for line in lines]
    await desk.edit(text, (*keyboard, *turning(desk, "pt.list", number, pages)))


async def open_(desk: Desk) -> None:
    """One patient: the plan, what was done, what waits, and what staff can change."""
    patient: Patient = desk.subject
    await desk.tx(roster.note_action, patient, desk.member, "patient.opened", desk.now)
    await show(desk, patient)


async def show(desk: Desk, patient: Patient) -> None:
    """Show the opened patient in place of the page that was tapped."""
    record = await desk.tx(roster.record, desk.house.catalog, desk.clinic, patient, desk.now)
    latest = record.treatments[-1] if record.treatments else None
    waits = sorted(record.waits.items(), key=lambda item: item[1])
    asked = {rule.key for rule in _rules(desk, record) if rule.asked}
    text = desk.screen(
        "staff_patient",
        ref=patient.ref,
        reference=patient.reference,
        status=patient.state,
        procedure=latest.procedure if latest else "",
        area=desk.words("area", latest.area) if latest and latest.area else "",
        treated_at=desk.moment(latest.treated_at) if latest else None,
        exceptions=[
            (desk.words("rule", key), f"{hours:g}")
            for key, hours in sorted((latest.waits if latest else {}).items())
        ],
        running=[
            (desk.words("rule", key), desk.moment(end))
            for key, end in waits
            if end > desk.now and key in asked
        ],
        ticked=record.done,
        asked=record.asked,
        upcoming=(desk.moment(record.next.due_at), desk.words("step", record.next.step))
        if record.next
        else None,
        notes=[
            {
                "at": desk.moment(instant(at)),
                "by": await desk.tx(people.name_of, desk.clinic.id, user),
                "said": words,
            }
            for user, at, words in record.notes[-5:]
        ],
    )
    await desk.edit(text, _buttons(desk, patient, record))


def _rules(desk: Desk, record: Record) -> list[Rule]:
    return list(care.procedure_of(desk.house.catalog, record.treatments).rules.values())


def _buttons(desk: Desk, patient: Patient, record: Record) -> Keyboard:
    words = desk.words
    rows: list[tuple[Button, ...]] = []
    if record.escalation is not None:
        card = pack("in.open", record.escalation.id)
        rows.append((Button(words("desk", "open_card"), card, style="primary"),))
    rows.append(
        (
            Button(words("desk", "sent"), pack("pt.sent", patient.id)),
            Button(words("desk", "said"), pack("pt.said", patient.id)),
        )
    )
    if record.treatments:
        rows.append(
            (
                Button(words("desk", "time"), pack("pt.time", patient.id)),
                Button(words("desk", "waits"), pack("pt.rule", patient.id)),
            )
        )
    last = [Button(words("desk", "note"), pack("pt.note", patient.id))]
    if patient.state not in ("stopped", "invited"):
        last.append(Button(words("desk", "stop"), pack("pt.stop", patient.id), style="danger"))
    return (*rows, tuple(last), (Button(words("desk", "back"), pack("pt.list", 0)),))


def _line(desk: Desk, line: roster.Line) -> str:
    """Return what a button in the list says: who, on which day, and what to know first."""
    parts = [line.label]
    if line.day is not None:
        parts.append(f"{desk.words('desk', 'day')} {line.day}")
    if line.mark != "active":
        parts.append(desk.words("mark", line.mark))
    return " · ".join(parts)


def back(desk: Desk, patient: Patient) -> tuple[Button, ...]:
    """Return the row of buttons that leads back to the opened patient."""
    return (Button(desk.words("desk", "back"), pack("pt.open", patient.id)),)
