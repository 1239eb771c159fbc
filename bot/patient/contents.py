"""The table of contents of a patient's conversation: which command or button does what.

Order matters for messages: a command before text, text before whatever else can be sent. What
nobody said to the bot is left alone: notes of Telegram's own, a shared location that moves on, and
whatever people write to a business account or a channel that the bot may read.
"""

from __future__ import annotations

from collections.abc import Mapping

from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.house import Context, House
from bot.patient import (
    ask,
    enrol,
    home,
    media,
    offers,
    preferences,
    privacy,
    reminders,
    sessions,
)
from bot.patient.conversation import (
    Handler,
    enrolled,
    handler,
    open_conversation,
    open_typed,
)
from bot.telegram.membership import answer_tap
from bot.telegram.typed import Typed
from content.catalog import Catalog
from scheduler.buttons import unpack
from scheduler.store import patients

COMMANDS: Mapping[str, Handler] = {
    "start": enrol.start,
    "today": enrolled(home.today),
    "plan": enrolled(home.plan),
    "help": home.help_,
    "clinic": home.clinic,
    "language": enrolled(preferences.language),
    "timezone": enrolled(preferences.timezone),
    "pause": enrolled(preferences.pause),
    "resume": enrolled(preferences.resume),
    "stop": enrolled(preferences.stop),
    "privacy": privacy.privacy_,
    "mydata": enrolled(privacy.my_data),
    "forget": enrolled(privacy.forget),
}

TAPS: Mapping[str, Handler] = {
    "offers": enrol.offers,
    "agree": enrol.agree,
    "decline": enrol.decline,
    "self": enrol.enrol_oneself,
    "treated": enrol.treated,
    "zone": enrolled(enrol.set_timezone),
    "zones": enrolled(enrol.choose_timezone),
    "lang": preferences.set_language,
    "home": enrolled(home.show_home),
    "today": enrolled(home.today),
    "cani": enrolled(home.can_i),
    "can": enrolled(home.can),
    "normal": enrolled(home.is_normal),
    "topic": enrolled(home.topic),
    "wrong": ask.wrong,
    "write": enrolled(ask.write),
    "pass": enrolled(ask.pass_on),
    "media": enrolled(media.decide),
    "done": enrolled(reminders.done),
    "later": enrolled(reminders.later),
    "forget": enrolled(privacy.forget_sure),
    "sess": enrolled(sessions.answer),
    "cal": enrolled(home.calendar),
    "nooffers": enrolled(offers.no_offers),
}


def install(application: Application, catalog: Catalog) -> None:  # type: ignore[type-arg]
    """Put every handler of a private chat in its place."""
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
    fresh = private & filters.UpdateType.MESSAGE
    for name, work in COMMANDS.items():
        names = {name, *aliases(catalog, name)}
        application.add_handler(CommandHandler(sorted(names), handler(work), filters=private))
    application.add_handler(CallbackQueryHandler(tapped, pattern=r"^"))
    application.add_handler(
        MessageHandler(fresh & filters.LOCATION, handler(enrolled(enrol.location)))
    )
    application.add_handler(MessageHandler(private & filters.TEXT, handler(ask.text)))
    application.add_handler(
        MessageHandler(
            private & ~filters.StatusUpdate.ALL & ~filters.LOCATION, handler(media.not_text)
        )
    )
    application.add_handler(ChatMemberHandler(membership, ChatMemberHandler.MY_CHAT_MEMBER))


def aliases(catalog: Catalog, command: str) -> set[str]:
    """Return what a command is called in other languages."""
    return {
        alias
        for language in catalog.languages
        for alias, meant in catalog.words(language).table("alias").items()
        if meant == command
    }


async def typed(text: Typed, house: House) -> None:
    """Deal with a typed text, as the handler of texts above does."""
    await ask.text(await open_typed(text, house))


async def tapped(update: Update, context: Context) -> None:
    """Answer every tap at once, then do what the button says, if it is one of ours."""
    query = update.callback_query
    if query is None:
        return
    await answer_tap(query)
    tap = unpack(query.data or "")
    conversation = await open_conversation(update, context, tap)
    if conversation is None:
        return
    await TAPS.get(tap.kind if tap else "", home.old_button)(conversation)


async def membership(update: Update, context: Context) -> None:
    """A patient who blocks the bot is left alone at once; one who returns is taken up again."""
    conversation = await open_conversation(update, context)
    change = update.my_chat_member
    if conversation is None or change is None or conversation.patient is None:
        return
    store = conversation.house.store
    if change.new_chat_member.status == "kicked":
        await store.tx(patients.mark_blocked, conversation.patient.id)
    elif change.new_chat_member.status == "member":
        await store.tx(patients.mark_returned, conversation.chat_id)
