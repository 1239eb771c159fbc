"""Who may act in a clinic's group: looked up at every command, tap and reply.

A member of the group is let in at the first word, after Telegram was asked whether the person is
one. Somebody who was removed stays out until an owner lets them in again.
"""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Update, User

from bot.house import Context, House, house_of
from bot.staff.desk import Circle, Desk
from bot.telegram.membership import membership_of
from scheduler.buttons import unpack
from scheduler.services import people
from scheduler.store import clinics


@dataclass(frozen=True, slots=True)
class Shut:
    """Nobody gets in; `why` names the sentence that says so, in `language`."""

    why: str
    language: str


async def enter(update: Update, context: Context) -> Desk | Shut | None:
    """Return the desk for a person who may act, else why not; None outside of groups."""
    chat, user = update.effective_chat, update.effective_user
    if chat is None or user is None or chat.type not in ("group", "supergroup"):
        return None
    house = house_of(context)
    clinic = await house.store.tx(clinics.by_chat, chat.id)
    if clinic is None:
        return Shut("staff_not_connected", house.catalog.language(user.language_code))
    if user.is_bot:
        return Shut("staff_anonymous", clinic.language)
    now = house.clock()
    member = await house.store.tx(people.known, clinic.id, user.id, called(user))
    if member is None:
        found = await membership_of(context.bot, chat.id, user.id)
        if found != "member":
            return Shut(f"staff_{found}", clinic.language)
        member = await house.store.tx(people.let_in, clinic, user.id, called(user), now)
    if member is None or member.removed:
        return Shut("staff_removed", clinic.language)
    query = update.callback_query
    return Desk(
        house=house,
        clinic=clinic,
        chat_id=chat.id,
        member=member,
        key=f"{update.update_id}",
        now=now,
        username=context.bot.username,
        message=update.effective_message,
        tap=unpack(query.data or "") if query else None,
        circle=Circle(query),
    )


def called(user: User) -> str:
    """Return what the group calls a person: the first name, which is enough among colleagues."""
    return user.first_name[:32]


def sentence(house: House, shut: Shut) -> str:
    """Return the sentence that says why not."""
    return house.catalog.screen(shut.language, shut.why)
