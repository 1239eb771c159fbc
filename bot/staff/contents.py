"""The table of contents of a clinic's group: which command, button or reply does what.

A button's first argument names a row, and `find` looks it up within the clinic whose group it is.
What is not found there is not there: a forged button of another clinic reads like an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils import Database
from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.house import Context, house_of
from bot.staff import (
    corrections,
    history,
    inbox,
    invitation,
    patients,
    people,
    replies,
    report,
    sessions,
    treated,
)
from bot.staff.broadcast import audience, preview, text, timing, watch
from bot.staff.desk import Desk, Entry, Handler, by_number
from bot.staff.gate import Shut, enter, sentence
from bot.telegram.membership import answer_tap
from scheduler.messenger import Outgoing
from scheduler.services import roster
from scheduler.store import broadcasts, drafts, members, posts, turns
from scheduler.store import inbox as escalations
from scheduler.store import sessions as appointments
from scheduler.store.posts import Post

ESCALATION = by_number(escalations.of_clinic)
PATIENT = by_number(roster.of_clinic)
DRAFT = by_number(drafts.of_clinic)
TURN = by_number(turns.of_clinic)
PERSON = by_number(members.find)
SESSION = by_number(appointments.of_clinic)
BROADCAST = by_number(broadcasts.of_clinic)
ASKED = by_number(broadcasts.asked)

COMMANDS: Mapping[str, Handler] = {
    "treated": treated.begin,
    "patients": patients.listed,
    "inbox": inbox.listed,
    "sessions": sessions.listed,
    "broadcast": text.begin,
    "report": report.report,
    "staff": people.listed,
}

MENU = (
    "treated", "patients", "inbox", "sessions", "broadcast", "report", "staff", "connect",
)  # fmt: skip
"""The commands of a group as Telegram's menu shows them."""

TAPS: Mapping[str, Entry] = {
    "in.list": Entry(inbox.listed),
    "in.open": Entry(inbox.open_, ESCALATION),
    "in.take": Entry(inbox.take, ESCALATION),
    "in.seen": Entry(inbox.seen, ESCALATION),
    "in.reply": Entry(replies.prompt, ESCALATION),
    "in.call": Entry(inbox.call, ESCALATION),
    "in.ask": Entry(inbox.ask_to_call, ESCALATION),
    "in.files": Entry(inbox.files, ESCALATION),
    "in.back": Entry(inbox.back, ESCALATION),
    "in.done": Entry(inbox.done, ESCALATION),
    "in.reopen": Entry(inbox.reopen, ESCALATION),
    "re.send": Entry(replies.send_kept, TURN),
    "re.again": Entry(replies.send_again, TURN),
    "re.save": Entry(replies.propose, TURN),
    "tr.proc": Entry(treated.procedure, DRAFT),
    "tr.area": Entry(treated.area, DRAFT),
    "tr.time": Entry(treated.time, DRAFT),
    "tr.page": Entry(treated.page, DRAFT),
    "tr.next": Entry(treated.next_session, DRAFT),
    "tr.rule": Entry(treated.rule, DRAFT),
    "tr.make": Entry(invitation.make, DRAFT),
    "tr.again": Entry(invitation.again, DRAFT),
    "pt.list": Entry(patients.listed),
    "pt.open": Entry(patients.open_, PATIENT),
    "pt.sent": Entry(history.sent, PATIENT),
    "pt.said": Entry(history.said, PATIENT),
    "pt.time": Entry(corrections.time, PATIENT),
    "pt.rule": Entry(corrections.rule, PATIENT),
    "pt.stop": Entry(corrections.stop, PATIENT),
    "pt.note": Entry(corrections.ask_note, PATIENT),
    "ss.list": Entry(sessions.listed),
    "ss.open": Entry(sessions.open_, SESSION),
    "ss.set": Entry(sessions.set_state, SESSION),
    "ss.move": Entry(sessions.move, SESSION),
    "ss.who": Entry(sessions.choose),
    "ss.new": Entry(sessions.new, PATIENT),
    "bc.new": Entry(text.new),
    "bc.own": Entry(text.own),
    "bc.open": Entry(watch.open_, BROADCAST),
    "bc.who": Entry(audience.who, BROADCAST),
    "bc.seg": Entry(audience.toggle, BROADCAST),
    "bc.page": Entry(audience.page, BROADCAST),
    "bc.list": Entry(audience.ask_list, BROADCAST),
    "bc.kind": Entry(audience.kind, BROADCAST),
    "bc.see": Entry(preview.see, BROADCAST),
    "bc.test": Entry(preview.test, BROADCAST),
    "bc.time": Entry(timing.choose, BROADCAST),
    "bc.go": Entry(preview.go, BROADCAST),
    "bc.drop": Entry(text.drop, BROADCAST),
    "bc.now": Entry(watch.hasten, BROADCAST),
    "bc.pause": Entry(watch.pause, BROADCAST),
    "bc.resume": Entry(watch.resume, BROADCAST),
    "bc.stop": Entry(watch.stop, BROADCAST),
    "st.out": Entry(people.remove, PERSON, "owner"),
    "st.in": Entry(people.readmit, PERSON, "owner"),
}

REPLIES: Mapping[str, Entry] = {
    "card": Entry(replies.answer, ESCALATION),
    "said": Entry(replies.answer, ESCALATION),
    "files": Entry(replies.answer, ESCALATION),
    "thread": Entry(replies.answer, ESCALATION),
    "session": Entry(replies.begin, PATIENT),
    "answer": Entry(replies.answer, ESCALATION),
    "reference": Entry(treated.reference, DRAFT),
    "note": Entry(corrections.note, PATIENT),
    "broadcast": Entry(text.written),
    "broadcast_list": Entry(audience.listed, ASKED),
    "broadcast_time": Entry(timing.typed, ASKED),
}
"""What a reply to a message of the bot means, by what that message was posted as."""


class GroupTaps(CallbackQueryHandler):  # type: ignore[type-arg]
    """Taps on buttons in groups; a patient's own buttons are dealt with elsewhere."""

    def check_update(self, update: object) -> bool | None:
        """Whether it is such a tap."""
        if not isinstance(update, Update) or update.callback_query is None:
            return None
        chat = update.effective_chat
        return (chat is not None and chat.type in (chat.GROUP, chat.SUPERGROUP)) or None


def install(application: Application) -> None:  # type: ignore[type-arg]
    """Put every handler of a group in its place; before those of private chats."""
    groups = filters.ChatType.GROUPS
    fresh = groups & filters.UpdateType.MESSAGE
    application.add_handler(CommandHandler("connect", people.connect, filters=fresh))
    for name, work in COMMANDS.items():
        application.add_handler(CommandHandler(name, command(work), filters=fresh))
    application.add_handler(GroupTaps(tapped))
    application.add_handler(MessageHandler(groups & filters.StatusUpdate.MIGRATE, people.migrated))
    application.add_handler(
        MessageHandler(groups & filters.StatusUpdate.LEFT_CHAT_MEMBER, people.left)
    )
    application.add_handler(MessageHandler(groups & filters.REPLY, replied))
    application.add_handler(ChatMemberHandler(people.changed, ChatMemberHandler.CHAT_MEMBER))
    application.add_handler(
        ChatMemberHandler(
            people.bot_moved,
            ChatMemberHandler.MY_CHAT_MEMBER,
            chat_id=None,
        ),
        group=1,
    )


def command(work: Handler) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
    """Make a handler of a command: only for those who may act, else one sentence."""

    async def handle(update: Update, context: Context) -> None:
        desk = await enter(update, context)
        if isinstance(desk, Desk):
            await work(desk)
        elif isinstance(desk, Shut):
            await _turn_away(update, context, desk)

    return handle


async def tapped(update: Update, context: Context) -> None:
    """A tap: who may, what it names, then what it does; each refusal is one sentence."""
    query = update.callback_query
    desk = await enter(update, context)
    if query is None or desk is None:
        return
    if isinstance(desk, Shut):
        await answer_tap(query, sentence(house_of(context), desk))
        return
    entry = TAPS.get(desk.tap.kind) if desk.tap else None
    if entry is None:
        await desk.refuse("staff_old_button")
        return
    if entry.role == "owner" and desk.member.role != "owner":
        await desk.refuse("staff_owners_only")
        return
    if entry.find is not None:
        named = desk.tap.args[0] if desk.tap and desk.tap.args else ""
        subject = await desk.tx(entry.find, desk.clinic.id, named)
        if subject is None:
            await desk.refuse("staff_old_button")
            return
        desk = replace(desk, subject=subject)
    await entry.work(desk)
    await desk.circle.end()


async def replied(update: Update, context: Context) -> None:
    """A reply to a message of the bot; what people reply to each other is theirs alone."""
    message = update.effective_message
    to = message.reply_to_message if message else None
    if to is None or to.from_user is None or to.from_user.id != context.bot.id:
        return
    desk = await enter(update, context)
    if isinstance(desk, Shut):
        await _turn_away(update, context, desk)
        return
    if desk is None:
        return
    post = await desk.tx(posts.at, desk.chat_id, to.message_id)
    entry = REPLIES.get(post.kind) if post else None
    subject = await desk.tx(_subject, entry, desk.clinic.id, post) if entry and post else None
    if entry is None or subject is None:
        await desk.refuse("staff_not_a_card")
        return
    await entry.work(replace(desk, subject=subject))


def _subject(db: Database, entry: Entry, clinic_id: int, post: Post) -> object:
    if entry.find is None:
        return post
    named = post.escalation_id or post.draft_id or post.patient_id or post.outbox_id
    return entry.find(db, clinic_id, str(named)) if named else None


async def _turn_away(update: Update, context: Context, shut: Shut) -> None:
    house, chat, message = house_of(context), update.effective_chat, update.effective_message
    if chat is None:
        return
    await house.replies.send(
        Outgoing(
            chat_id=chat.id,
            text=sentence(house, shut),
            reply_to=message.message_id if message else None,
        ),
        key=f"{update.update_id}:shut",
    )
