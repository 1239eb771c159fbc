"""Everything Telegram knows of one bot: its chats, files, taps, commands and what waits for it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.arguments import Arguments
from bot.sandbox.chats import Chat, Json, Message, User
from bot.sandbox.files import Files
from bot.sandbox.markup import Markup
from bot.sandbox.refusal import bad_request, forbidden
from bot.sandbox.updates import Updates
from bot.sandbox.webhook import Webhook
from scheduler.clock import Clock

EventKind = Literal["posted", "edited", "deleted", "answered", "typing", "member", "commands"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that people can see.

    Attributes:
        kind: What happened.
        chat: Where.
        message: The message it is about.
        detail: What else there is to know, such as the text of an answer to a tap.
    """

    kind: EventKind
    chat: Chat | None = None
    message: Message | None = None
    detail: Json = field(default_factory=dict)


@dataclass(slots=True)
class Tap:
    """A tap on a button, and the bot's answer to it."""

    user: User
    chat: Chat
    data: str
    answers: list[Json] = field(default_factory=list)


class Cloud:
    """The state behind the Bot API.

    Args:
        bot: The bot's account.
        clock: What time messages carry.
    """

    def __init__(self, bot: User, clock: Clock) -> None:
        self.bot, self._clock = bot, clock
        self.reads_all_messages = False
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, User] = {bot.id: bot}
        self.files = Files()
        self.updates = Updates()
        self.webhook: Webhook | None = None
        self.taps: dict[str, Tap] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.listeners: list[Callable[[Event], None]] = []

    def now(self) -> int:
        """Return the present second, as messages carry it."""
        return int(self._clock().timestamp())

    def tell(self, event: Event) -> None:
        """Let everybody who watches know."""
        for listener in tuple(self.listeners):
            listener(event)

    def private(self, user: User) -> Chat:
        """Return the chat of a person with the bot."""
        chat = self.chats.get(user.id)
        if chat is None:
            chat = Chat(user.id, "private", person=user)
            chat.members = {user.id: "member", self.bot.id: "never"}
            self.chats[user.id] = chat
        return chat

    def known_chat(self, args: Arguments, name: str = "chat_id") -> Chat:
        """Return the chat that a call names; raises `Refusal` if there is none."""
        if name not in args:
            raise bad_request(f"{name} is empty")
        told = args.text(name).strip()
        for chat in self.chats.values():
            named = chat.person.username if chat.person else None
            if str(chat.id) == told or (named and f"@{named}" == told):
                if chat.person is None or chat.members[self.bot.id] != "never":
                    return chat
                raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def open_chat(self, args: Arguments, name: str = "chat_id") -> Chat:
        """Return the chat that a call names, if the bot may write there."""
        chat = self.known_chat(args, name)
        if chat.moved_to is not None:
            raise bad_request(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to
            )
        match chat.members.get(self.bot.id, "left"):
            case "kicked" if chat.person is not None:
                raise forbidden("bot was blocked by the user")
            case "kicked":
                raise forbidden(f"bot was kicked from the {chat.kind} chat")
            case "left":
                raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def message(self, chat: Chat, number: int, otherwise: str) -> Message:
        """Return a message; raises `Refusal` with the words of `otherwise` if there is none."""
        found = chat.log.get(number)
        if found is None:
            raise bad_request(otherwise)
        return found

    def post(
        self,
        chat: Chat,
        sender: User,
        content: Json,
        *,
        markup: Markup | None = None,
        silent: bool = False,
        reply_to: Message | None = None,
    ) -> Message:
        """Put a message into a chat."""
        raw: Json = {
            "message_id": chat.number(),
            "from": sender.head(),
            "chat": chat.head(),
            "date": self.now(),
        }
        if reply_to is not None:
            raw["reply_to_message"] = {
                key: value for key, value in reply_to.raw.items() if key != "reply_to_message"
            }
        raw.update(content)
        markup = markup or Markup()
        if markup.inline:
            raw["reply_markup"] = {"inline_keyboard": markup.inline}
        message = Message(raw, from_bot=sender is self.bot, silent=silent, markup=markup)
        chat.log[message.id] = message
        if markup.keyboard or markup.remove:
            chat.keyboard = markup if markup.keyboard else None
        self.tell(Event("posted", chat, message))
        return message

    def hear(self, kind: str, message: Message) -> None:
        """Tell the bot of a message, as it stands now."""
        message.heard = self.updates.add(kind, deepcopy(message.raw))

    def membership(self, chat: Chat, user: User, status: Any, by: User) -> None:
        """Change somebody's standing in a chat and tell the bot, in the two ways it is told."""
        before = chat.members.get(user.id, "left")
        chat.members[user.id] = status
        change = {
            "chat": chat.head(),
            "from": by.head(),
            "date": self.now(),
            "old_chat_member": member(user, before),
            "new_chat_member": member(user, status),
        }
        self.updates.add("my_chat_member" if user is self.bot else "chat_member", change)
        self.tell(Event("member", chat, detail={"user": user.id, "status": status}))


def member(user: User, status: str) -> Json:
    """Return somebody's standing as the Bot API shows it."""
    shown: Json = {"user": user.head(), "status": "member" if status == "never" else status}
    match status:
        case "creator":
            shown["is_anonymous"] = False
        case "administrator":
            rights = (
                "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages",
                "can_manage_video_chats", "can_restrict_members", "can_promote_members",
                "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
                "can_delete_stories", "can_pin_messages",
            )  # fmt: skip
            shown |= {right: right != "is_anonymous" for right in rights}
        case "kicked":
            shown["until_date"] = 0
    return shown
