"""What the clinic's group reads of an escalation: the card, and the words and files below it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from content.catalog import Catalog, Words
from content.moments import Moment
from content.telegram_html import MAX_UNITS, units
from scheduler.buttons import pack
from scheduler.messenger import Button, Keyboard
from scheduler.model import Clinic, Escalation, Patient
from scheduler.services import answering, letters, people
from scheduler.store import parts, talk, turns
from scheduler.store.turns import Turn

SHOWN_TURNS = 3
SHOWN_BEFORE = 2
SHOWN_CHARACTERS = 700
"""So much of one message stands on a card; the template cuts the rest off."""

MOST_TEXTS = 20
"""So many messages stand in one post: Telegram formats a hundred places in it and no more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message of the group says as things stand now.

    Attributes:
        text: Its text.
        buttons: What can be done.
        whole: Whether everything that it carries stands in it word for word.
    """

    text: str
    buttons: Keyboard
    whole: bool = True


def card(db: Database, catalog: Catalog, escalation_id: int, now: datetime) -> Shown:
    """Return the card of an escalation."""
    row = talk.escalation(db, escalation_id)
    patient, clinic = letters.people(db, row)
    lost = _lost(db, row)
    wrote = turns.listed(db, row.id, "patient")
    shown = on_card(wrote)
    whole = len(wrote) == len(shown) and all(len(turn.said) <= SHOWN_CHARACTERS for turn in shown)
    words = catalog.words(clinic.language)
    text = _card_text(db, catalog, clinic, patient, row, wrote, lost, now)
    return Shown(text, _card_buttons(words, row, lost, whole=whole), whole)


def plain(catalog: Catalog, clinic: Clinic, patient: Patient, row: Escalation) -> Shown:
    """Return a card that says who and how pressing, for one that cannot be composed in full."""
    words = catalog.words(clinic.language)
    told = {"ref": label(patient), "level": row.level, "words": words}
    text = catalog.screen(clinic.language, "staff_card_plain", told)
    return Shown(text, _card_buttons(words, row, [], whole=False), whole=False)


def on_card(wrote: Sequence[Turn]) -> list[Turn]:
    """Return which of the things a patient said stand on her card."""
    return list(wrote[-SHOWN_TURNS:])


def said(catalog: Catalog, clinic: Clinic, patient: Patient, wrote: Sequence[Turn]) -> Shown:
    """Return the post with what a patient wrote below her card.

    What does not fit is counted, with the way to it: nothing that she wrote is lost from sight.
    """
    fitting = list(wrote[:MOST_TEXTS])
    while True:
        more = len(wrote) - len(fitting)
        text = _thread_text(catalog, clinic, patient, fitting, more)
        if units(text) <= MAX_UNITS or len(fitting) == 1:
            break
        fitting.pop()
    cut = units(text) > MAX_UNITS
    if cut:
        text = _thread_text(catalog, clinic, patient, fitting, more, cut=True)
    whole = not more and not cut
    words = catalog.words(clinic.language)
    return Shown(text, () if whole else ((_said_button(words, patient.id),),), whole)


def files(
    catalog: Catalog, clinic: Clinic, patient: Patient, escalation_id: int, more: int
) -> Shown:
    """Return the post that counts the files of a patient that are not shown."""
    words = catalog.words(clinic.language)
    text = catalog.screen(
        clinic.language, "staff_files", {"ref": label(patient), "more": more, "words": words}
    )
    show = Button(words("desk", "files"), pack("in.files", escalation_id))
    return Shown(text, ((show,),) if more else (), whole=not more)


def file_text(catalog: Catalog, clinic: Clinic, patient: Patient, turn: Turn) -> str:
    """Return what stands with a file that a patient sent."""
    return _thread_text(catalog, clinic, patient, [], 0, media=turn.media or "")


def outcome_text(catalog: Catalog, clinic: Clinic, patient: Patient, outcome: str) -> str:
    """Return the sentence on what an answer came to."""
    return catalog.screen(
        clinic.language, "staff_outcome", {"outcome": outcome, "ref": label(patient)}
    )


def again_button(words: Words, turn_id: int) -> Button:
    """Return the button that sends an answer again."""
    return Button(words("desk", "again"), pack("re.again", turn_id), style="primary")


def label(patient: Patient) -> str:
    """Return what staff call a patient: the clinic's own reference, else the random one."""
    return patient.reference or patient.ref


def _card_buttons(words: Words, row: Escalation, lost: list[Turn], *, whole: bool) -> Keyboard:
    """Return what staff can do with an escalation as it stands."""
    first = ((again_button(words, lost[-1].id),),) if lost else ()
    last = () if whole else ((_said_button(words, row.patient_id),),)
    if row.state == "closed":
        return (*first, (Button(words("desk", "reopen"), pack("in.reopen", row.id)),), *last)
    reply = Button(words("desk", "reply"), pack("in.reply", row.id), style="primary")
    call = Button(words("desk", "call"), pack("in.call", row.id))
    done = Button(words("desk", "done"), pack("in.done", row.id))
    if row.state == "taken" and row.warned_at:
        seen = Button(words("desk", "seen"), pack("in.seen", row.id), style="success")
        return (*first, (seen,), (reply, call), (done,), *last)
    if row.state == "taken":
        back = Button(words("desk", "give_back"), pack("in.back", row.id))
        return (*first, (reply,), (call, done), (back,), *last)
    take = Button(words("desk", "take"), pack("in.take", row.id), style="success")
    return (*first, (take,), (reply, call), (done,), *last)


def _said_button(words: Words, patient_id: int) -> Button:
    return Button(words("desk", "said"), pack("pt.said", patient_id))


def _thread_text(
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    wrote: Sequence[Turn],
    more: int,
    *,
    media: str = "",
    cut: bool = False,
) -> str:
    return catalog.screen(
        clinic.language,
        "staff_thread",
        {
            "ref": label(patient),
            "texts": [turn.said for turn in wrote],
            "more": more,
            "media": media,
            "cut": cut,
            "words": catalog.words(clinic.language),
        },
    )


def _card_text(
    db: Database,
    catalog: Catalog,
    clinic: Clinic,
    patient: Patient,
    row: Escalation,
    wrote: Sequence[Turn],
    lost: Sequence[Turn],
    now: datetime,
) -> str:
    context = json.loads(row.context)
    here = now.astimezone(clinic.zone)
    raised = row.raised > 0 and (row.state == "open" or row.warned_at is not None)
    shown = on_card(wrote)
    return catalog.screen(
        clinic.language,
        "staff_card",
        {
            "words": catalog.words(clinic.language),
            "level": row.level,
            "ref": label(patient),
            "procedure": context["procedure"],
            "hours": context["hours"],
            "signs": context["signs"],
            "turns": [{"said": turn.said, "media": turn.media or ""} for turn in shown],
            "more": len(wrote) - len(shown),
            "ours": not wrote and bool(turns.listed(db, row.id, "clinic")),
            "before": _before(db, patient, context["before"]),
            "came": Moment(row.opened_at.astimezone(clinic.zone), here),
            "stage": row.state,
            "by": people.name_of(db, clinic.id, row.taken_by),
            "has": row.taken_by,
            "warned": _moment(row.warned_at, clinic, here),
            "taken": _moment(row.taken_at, clinic, here),
            "closed_by": people.name_of(db, clinic.id, row.closed_by),
            "closed": _moment(row.closed_at, clinic, here),
            "seen": _moment(row.seen_at, clinic, here),
            "raised": raised,
            "everyone": people.named(db, clinic.id) if raised else [],
            "lost": [
                {
                    "said": turn.said,
                    "by": people.name_of(db, clinic.id, turn.user_id),
                    "outcome": answering.outcome(parts.of_turn(db, turn.id)),
                }
                for turn in lost
            ],
        },
    )


def _lost(db: Database, row: Escalation) -> list[Turn]:
    """Return the answers that did not reach the patient for sure, oldest first."""
    return [
        turn
        for turn in turns.listed(db, row.id, "clinic")
        if turn.outbox_id is not None
        and answering.outcome(parts.of_turn(db, turn.id)) in answering.LOST
    ]


def _before(db: Database, patient: Patient, ids: list[int]) -> list[dict[str, Any]]:
    """Return the last things the patient said before, and which topics answered them."""
    rows = [row for row in talk.exchanges(db, patient.id) if row["id"] in ids]
    return [
        {"said": row["said"], "topics": json.loads(row["topics"])} for row in rows[-SHOWN_BEFORE:]
    ]


def _moment(at: datetime | None, clinic: Clinic, here: datetime) -> Moment | None:
    return Moment(at.astimezone(clinic.zone), here) if at else None
