"""Chats, who is in them, and what was said there, kept as the JSON that the Bot API shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.markup import Markup, Rows

Json = dict[str, Any]
Kind = Literal["private", "group", "supergroup"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked", "never"]
"""`never` is a bot in a private chat whose person has not written yet."""

MEDIA = (
    "photo", "document", "voice", "video", "video_note", "audio", "animation", "sticker",
)  # fmt: skip


@dataclass(slots=True)
class User:
    """A person's account, or the bot's."""

    id: int
    first_name: str
    language: str | None = None
    username: str | None = None
    is_bot: bool = False

    def head(self) -> Json:
        """Return it as updates and messages name it."""
        head: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            head["username"] = self.username
        if self.language:
            head["language_code"] = self.language
        return head


@dataclass(slots=True)
class Message:
    """One message in one chat.

    Attributes:
        raw: Its JSON, changed in place by edits.
        from_bot: Whether the bot said it.
        silent: Whether it came without a sound.
        markup: The keyboard or the call for a reply that it brought.
        heard: Whether the bot was told of it.
    """

    raw: Json
    from_bot: bool
    silent: bool = False
    markup: Markup = field(default_factory=Markup)
    heard: bool = False

    @property
    def id(self) -> int:
        """Its number in its chat."""
        return int(self.raw["message_id"])

    @property
    def text(self) -> str:
        """What it says, or the caption of what it shows."""
        return str(self.raw.get("text", self.raw.get("caption", "")))

    @property
    def entities(self) -> list[Json]:
        """How its text is formatted."""
        return list(self.raw.get("entities") or self.raw.get("caption_entities") or [])

    @property
    def edited(self) -> bool:
        """Whether it was changed since it was sent."""
        return "edit_date" in self.raw

    @property
    def rows(self) -> Rows:
        """The rows of buttons below it."""
        markup = self.raw.get("reply_markup") or {}
        return list(markup.get("inline_keyboard", []))

    @property
    def labels(self) -> list[str]:
        """What its buttons say, in reading order."""
        return [str(button["text"]) for row in self.rows for button in row]

    @property
    def reply_to(self) -> int | None:
        """The number of the message that it answers."""
        answered = self.raw.get("reply_to_message")
        return None if answered is None else int(answered["message_id"])

    def attached(self) -> tuple[str, Json] | None:
        """Return the kind and the JSON of the file that it carries."""
        for kind in MEDIA:
            if kind in self.raw:
                carried = self.raw[kind]
                return kind, carried[-1] if isinstance(carried, list) else carried
        return None


@dataclass(slots=True)
class Chat:
    """A private chat, a group or a supergroup.

    Attributes:
        id: Its number; negative for groups.
        kind: What it is.
        title: A group's name.
        person: The other side of a private chat.
        members: User id -> standing, the bot's among them.
        log: Every message that was not deleted, by number, oldest first.
        keyboard: Rows of buttons in the place of the person's keyboard.
        pinned: Numbers of pinned messages, newest last.
        moved_to: The supergroup that it became.
        actions: What the bot was seen to be doing, such as `typing`.
    """

    id: int
    kind: Kind
    title: str = ""
    person: User | None = None
    members: dict[int, Status] = field(default_factory=dict)
    log: dict[int, Message] = field(default_factory=dict)
    keyboard: Markup | None = None
    pinned: list[int] = field(default_factory=list)
    moved_to: int | None = None
    actions: list[str] = field(default_factory=list)
    last_number: int = 0

    def head(self) -> Json:
        """Return it as messages name it."""
        if self.person is not None:
            head: Json = {"id": self.id, "type": "private", "first_name": self.person.first_name}
            if self.person.username:
                head["username"] = self.person.username
            return head
        return {"id": self.id, "type": self.kind, "title": self.title}

    def number(self) -> int:
        """Take the next message number."""
        self.last_number += 1
        return self.last_number

    @property
    def messages(self) -> list[Message]:
        """What the bot said here, oldest first."""
        return [message for message in self.log.values() if message.from_bot]

    @property
    def last(self) -> Message:
        """The newest message of the bot; raises `LookupError` if it has said nothing."""
        for message in self.newest():
            if message.from_bot:
                return message
        raise LookupError(f"the bot has said nothing in chat {self.id}")

    def newest(self) -> Iterator[Message]:
        """Yield every message, newest first."""
        return reversed(list(self.log.values()))
