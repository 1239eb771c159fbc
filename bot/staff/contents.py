"""The table of contents of a clinic's group."""

from __future__ import annotations

from telegram import Update
from telegram.ext import Application, CommandHandler, MessageHandler, filters

from bot.house import Context, House, house_of
from scheduler.messenger import Outgoing
from scheduler.services import desk
from scheduler.store import clinics


def install(application: Application) -> None:  # type: ignore[type-arg]
    """Put every handler of a group in its place."""
    groups = filters.ChatType.GROUPS
    application.add_handler(CommandHandler("connect", connect, filters=groups))
    application.add_handler(MessageHandler(groups & filters.StatusUpdate.MIGRATE, migrated))


async def connect(update: Update, context: Context) -> None:
    """`/connect CODE`: this group becomes the clinic's, and who typed it its owner."""
    house, chat, user = house_of(context), update.effective_chat, update.effective_user
    if chat is None or user is None:
        return
    clinic = await house.store.tx(
        desk.connect,
        " ".join(context.args or ()),
        chat_id=chat.id,
        user_id=user.id,
        now=house.clock(),
    )
    language = clinic.language if clinic else house.catalog.language(user.language_code)
    text = house.catalog.screen(
        language,
        "staff_connected" if clinic else "staff_code_wrong",
        {"clinic_name": clinic.name if clinic else ""},
    )
    await _say(house, chat.id, text, key=f"{update.update_id}", clinic=clinic and clinic.id)


async def migrated(update: Update, context: Context) -> None:
    """The group became a supergroup: its clinic follows."""
    message = update.effective_message
    if message is None or message.migrate_to_chat_id is None:
        return
    await house_of(context).store.tx(clinics.move_chat, message.chat_id, message.migrate_to_chat_id)


async def _say(house: House, chat_id: int, text: str, *, key: str, clinic: int | None) -> None:
    await house.replies.send(Outgoing(chat_id=chat_id, text=text), key=key, clinic_id=clinic)
