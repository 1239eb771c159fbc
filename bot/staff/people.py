"""Who is in the clinic's group: `/staff`, letting out and in, groups that move or end."""

from __future__ import annotations

from telegram import Update

from bot.house import Context, house_of
from bot.staff.desk import Desk
from bot.staff.gate import called
from bot.telegram.membership import inside
from scheduler.buttons import pack
from scheduler.messenger import Button, Outgoing
from scheduler.services import desk as service
from scheduler.services import people
from scheduler.store import clinics, members
from scheduler.store.members import Member


async def connect(update: Update, context: Context) -> None:
    """`/connect CODE`: this group becomes the clinic's, and who typed it its owner."""
    house, chat, user = house_of(context), update.effective_chat, update.effective_user
    if chat is None or user is None:
        return
    language = house.catalog.language(user.language_code)
    if user.is_bot:
        name, clinic = "staff_anonymous", None
    else:
        clinic = await house.store.tx(
            service.connect,
            " ".join(context.args or ()),
            chat_id=chat.id,
            user_id=user.id,
            name=called(user),
            now=house.clock(),
        )
        taken = await house.store.tx(clinics.by_chat, chat.id) if clinic is None else None
        name = "staff_connected" if clinic else "staff_code_wrong"
        if taken is not None:
            name, language = "staff_code_wrong_here", taken.language
    text = house.catalog.screen(
        clinic.language if clinic else language,
        name,
        {"clinic_name": clinic.name if clinic else ""},
    )
    await house.replies.send(
        Outgoing(chat_id=chat.id, text=text),
        key=f"{update.update_id}",
        clinic_id=clinic.id if clinic else None,
    )
    if clinic is not None:
        await house.store.tx(service.show_open_cards, house.catalog, chat.id, house.clock())
        house.delivery.wake()


async def listed(desk: Desk) -> None:
    """`/staff`: who may act; owners can let people out and in again."""
    rows = await desk.tx(clinics.staff, desk.clinic.id)
    gone = await desk.tx(members.removed, desk.clinic.id)
    keyboard: list[tuple[Button, ...]] = []
    if desk.member.role == "owner":
        keyboard += [
            (
                Button(
                    f"{desk.words('desk', 'remove')} {row['name'] or row['user_id']}",
                    pack("st.out", row["user_id"]),
                    style="danger",
                ),
            )
            for row in rows
            if row["user_id"] != desk.member.user_id
        ]
        keyboard += [
            (
                Button(
                    f"{desk.words('desk', 'readmit')} {member.name}",
                    pack("st.in", member.user_id),
                ),
            )
            for member in gone
        ]
    people_here = [{"name": row["name"] or row["user_id"], "role": row["role"]} for row in rows]
    await desk.edit(
        desk.screen("staff_people", people=people_here, owner=desk.member.role == "owner"),
        tuple(keyboard),
    )


async def remove(desk: Desk) -> None:
    """*Remove*: the right to act ends at once."""
    target: Member = desk.subject
    refusal = await desk.tx(people.remove, desk.clinic, desk.member, target.user_id, desk.now)
    if refusal is not None:
        await desk.refuse(refusal)
    await listed(desk)


async def readmit(desk: Desk) -> None:
    """*Let in again*: only an owner can."""
    target: Member = desk.subject
    refusal = await desk.tx(people.let_in_again, desk.clinic, desk.member, target.user_id, desk.now)
    if refusal is not None:
        await desk.refuse(refusal)
    await listed(desk)


async def migrated(update: Update, context: Context) -> None:
    """The group became a supergroup: its clinic follows, and open cards are posted there."""
    message = update.effective_message
    if message is None:
        return
    if message.migrate_to_chat_id is not None:
        old, new = message.chat_id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat_id
    else:
        return
    house = house_of(context)
    await house.store.tx(clinics.move_chat, old, new)
    await house.store.tx(service.show_open_cards, house.catalog, new, house.clock())
    house.delivery.wake()


async def left(update: Update, context: Context) -> None:
    """Somebody left the group or was put out of it."""
    message = update.effective_message
    if message is not None and message.left_chat_member is not None:
        await _gone(context, message.chat_id, message.left_chat_member.id)


async def changed(update: Update, context: Context) -> None:
    """The same, as Telegram tells it to bots that are administrators."""
    change = update.chat_member
    if change is not None and not inside(change.new_chat_member):
        await _gone(context, change.chat.id, change.new_chat_member.user.id)


async def bot_moved(update: Update, context: Context) -> None:
    """The bot was put out of the group: the clinic is not connected, and what is open waits."""
    change = update.my_chat_member
    if change is None or change.chat.type not in ("group", "supergroup"):
        return
    if inside(change.new_chat_member):
        return
    house = house_of(context)
    await house.store.tx(service.disconnected, change.chat.id, change.from_user.id, house.clock())


async def _gone(context: Context, chat_id: int, user_id: int) -> None:
    house = house_of(context)
    clinic = await house.store.tx(clinics.by_chat, chat_id)
    if clinic is not None and user_id != context.bot.id:
        await house.store.tx(people.left, clinic, user_id, house.clock())
