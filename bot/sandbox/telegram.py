"""Telegram in one object: its servers on loopback, the people in it and what it saw of the bot.

async with Telegram() as telegram:
    ana = telegram.person("Ana")
    ...  # a bot that was given telegram.token and telegram.url
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bot.sandbox.chats import Chat, User
from bot.sandbox.cloud import Cloud
from bot.sandbox.faults import Faults
from bot.sandbox.groups import Group
from bot.sandbox.people import Person, Settle
from bot.sandbox.server import Call, Server
from scheduler.clock import Clock, system_clock

BOT_ID = 4242


class Telegram:
    """A Bot API on 127.0.0.1 and the people behind it.

    Args:
        clock: What time messages carry.
        username: The bot's name.
        port: Where to listen; 0 takes a free port.

    Attributes:
        token: The bot's token, made anew each time.
        settle: Waited for after everything that a person does; set it to something that returns
            once the bot has dealt with what it was told. By default nobody waits.
    """

    def __init__(
        self, clock: Clock = system_clock, *, username: str = "aftercare_try_bot", port: int = 0
    ) -> None:
        self.token = f"{BOT_ID}:{secrets.token_urlsafe(27)}"
        self.cloud = Cloud(User(BOT_ID, "Aftercare", username=username, is_bot=True), clock)
        self.settle: Settle | None = None
        self._server = Server(self.cloud, self.token)
        self._port = port
        self._next_person, self._next_group = 1001, -2001

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to listen."""
        await self._server.start(self._port)

    async def stop(self) -> None:
        """Stop listening and let every waiting call go."""
        await self._server.stop()

    @property
    def url(self) -> str:
        """What the bot is given as Telegram's address."""
        return self._server.url

    @property
    def username(self) -> str:
        """The bot's name, for links."""
        return self.cloud.bot.username or ""

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self._server.faults

    @property
    def round_trip(self) -> float:
        """How many seconds every call takes on its way."""
        return self._server.round_trip

    @round_trip.setter
    def round_trip(self, seconds: float) -> None:
        self._server.round_trip = seconds

    def person(
        self, name: str, *, language: str | None = "en", user_id: int | None = None
    ) -> Person:
        """Return somebody new."""
        if user_id is None:
            user_id, self._next_person = self._next_person, self._next_person + 1
        user = User(user_id, name, language)
        self.cloud.users[user.id] = user
        self.cloud.private(user)
        return Person(self.cloud, user, self._settled)

    def group(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        with_bot: bool = True,
        chat_id: int | None = None,
    ) -> Group:
        """Return a new group; its first member created it."""
        if chat_id is None:
            chat_id, self._next_group = self._next_group, self._next_group - 1
        chat = Chat(chat_id, "group", title)
        for number, person in enumerate(members):
            chat.members[person.id] = "member" if number else "creator"
        chat.members[self.cloud.bot.id] = "member" if with_bot else "left"
        self.cloud.chats[chat.id] = chat
        return Group(self.cloud, chat, self._settled)

    def calls(self, method: str | None = None, *, chat_id: int | None = None) -> list[Call]:
        """Return what arrived, oldest first."""
        return [
            call
            for call in self._server.calls
            if (method is None or call.method.lower() == method.lower())
            and (chat_id is None or call.chat_id == chat_id)
        ]

    def busiest(self, method: str = "sendMessage", *, seconds: float = 1.0) -> int:
        """Return the most calls that arrived within any window of so many seconds."""
        times = [call.at for call in self.calls(method)]
        most = first = 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    async def taken(self) -> None:
        """Return once the bot has taken every update."""
        await self.cloud.updates.taken()

    async def _settled(self) -> None:
        if self.settle is not None:
            await self.settle()
