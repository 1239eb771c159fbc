"""Groups of people, with the bot among them."""

from __future__ import annotations

from bot.sandbox.chats import Chat, Message, Status
from bot.sandbox.cloud import Cloud
from bot.sandbox.people import Person, Settle


class Group:
    """A group chat.

    Args:
        cloud: The Telegram it is in.
        chat: The chat.
        settle: Waited for after everything that happens here.
    """

    def __init__(self, cloud: Cloud, chat: Chat, settle: Settle) -> None:
        self.chat, self._cloud, self._settle = chat, cloud, settle

    @property
    def id(self) -> int:
        """Its number."""
        return self.chat.id

    @property
    def messages(self) -> list[Message]:
        """What the bot said here, oldest first."""
        return self.chat.messages

    @property
    def last(self) -> Message:
        """The newest thing that the bot said here."""
        return self.chat.last

    async def join(self, person: Person, status: Status = "member") -> None:
        """Let somebody in, or give them another standing such as `administrator`."""
        newcomer = self.chat.members.get(person.id, "left") in ("left", "kicked")
        self._cloud.membership(self.chat, person.user, status, by=person.user)
        if newcomer:
            self._note("new_chat_members", [person.user.head()], person)
        await self._settle()

    async def leave(self, person: Person) -> None:
        """Let somebody go."""
        self._cloud.membership(self.chat, person.user, "left", by=person.user)
        self._note("left_chat_member", person.user.head(), person)
        await self._settle()

    async def add_bot(self, by: Person, status: Status = "member") -> None:
        """Bring the bot in, or change its standing."""
        self._cloud.membership(self.chat, self._cloud.bot, status, by=by.user)
        await self._settle()

    async def remove_bot(self, by: Person) -> None:
        """Throw the bot out."""
        self._cloud.membership(self.chat, self._cloud.bot, "kicked", by=by.user)
        await self._settle()

    async def migrate(self, by: Person) -> Group:
        """Become a supergroup; return it. What is sent to the old number is refused."""
        moved = Chat(-1_000_000_000_000 + self.id, "supergroup", self.chat.title)
        moved.members = dict(self.chat.members)
        self._cloud.chats[moved.id] = moved
        self._note("migrate_to_chat_id", moved.id, by)
        self.chat.moved_to = moved.id
        grown = Group(self._cloud, moved, self._settle)
        grown._note("migrate_from_chat_id", self.id, by)
        await self._settle()
        return grown

    def _note(self, what: str, value: object, by: Person) -> None:
        """Post a service message, of which every bot is told."""
        message = self._cloud.post(self.chat, by.user, {what: value})
        if self.chat.members.get(self._cloud.bot.id) not in (None, "left", "kicked"):
            self._cloud.hear("message", message)
