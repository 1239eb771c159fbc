"""One update of a connected clinic's group, as every handler of the desk has it at hand.

A handler is reached only by a person of the clinic, and the row that a button names is looked up
within that clinic before the handler sees it. So no handler can forget either check.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlite_utils import Database
from telegram import CallbackQuery, Message

from bot.house import House
from bot.telegram.membership import answer_tap
from content.catalog import Words
from content.moments import Moment
from scheduler.buttons import Tap
from scheduler.messenger import Attachment, Keyboard, Outgoing, SendResult, Sent
from scheduler.model import Clinic, OutboxRow, Patient, Role
from scheduler.services import posting
from scheduler.store import shown
from scheduler.store.members import Member

T = TypeVar("T")

MOST_DIGITS = 16  # of a number in a button; more would not fit the store


@dataclass(slots=True)
class Circle:
    """The waiting circle of a tap, which is to be ended once, as soon as anything is said."""

    query: CallbackQuery | None
    ended: bool = False

    async def end(self, text: str = "") -> None:
        """End it, with a sentence in front of the person if there is one."""
        if self.query is not None and not self.ended:
            self.ended = True
            await answer_tap(self.query, text)


@dataclass(frozen=True, slots=True)
class Desk:
    """One update.

    Attributes:
        house: The parts of the bot.
        clinic: The clinic whose group it is.
        chat_id: The group.
        member: Who acts.
        key: What makes this update unique.
        now: When it is dealt with.
        username: The bot's name, for links.
        message: The message, or the one whose button was tapped.
        tap: What was tapped.
        subject: The row that the tap or the reply is about, of this clinic.
        circle: The waiting circle of the tap.
    """

    house: House
    clinic: Clinic
    chat_id: int
    member: Member
    key: str
    now: datetime
    username: str
    message: Message | None = None
    tap: Tap | None = None
    subject: Any = None
    circle: Circle = field(default_factory=lambda: Circle(None))

    @property
    def language(self) -> str:
        """The language of the group."""
        return self.clinic.language

    @property
    def words(self) -> Words:
        """The interface words of the group."""
        return self.house.catalog.words(self.language)

    @property
    def args(self) -> tuple[str, ...]:
        """What the tap carries after the row it names."""
        return self.tap.args[1:] if self.tap else ()

    @property
    def page(self) -> int:
        """The page that a tap on a list asks for; the first for a command."""
        first = self.tap.args[0] if self.tap and self.tap.args else ""
        return int(first) if first.isdigit() and len(first) < MOST_DIGITS else 0

    def number(self, place: int, otherwise: int = 0) -> int:
        """Return a whole number among `args`."""
        text = self.args[place] if place < len(self.args) else ""
        return int(text) if text.isdigit() and len(text) < MOST_DIGITS else otherwise

    def text(self, place: int) -> str:
        """Return a word among `args`; empty if it is not there."""
        return self.args[place] if place < len(self.args) else ""

    def moment(self, at: datetime) -> Moment:
        """Return an instant as the clinic sees it by its clock."""
        return Moment(at.astimezone(self.clinic.zone), self.now.astimezone(self.clinic.zone))

    def screen(self, name: str, /, **more: Any) -> str:
        """Return one of the desk's texts."""
        return self.house.catalog.screen(self.language, name, {"words": self.words, **more})

    async def tx(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run one transaction on the store."""
        return await self.house.store.tx(work, *args, **kwargs)

    async def say(
        self,
        text: str,
        buttons: Keyboard = (),
        *,
        attachment: Attachment | None = None,
        keep: bool = True,
        part: str = "",
    ) -> SendResult:
        """Answer in the group, under the message that is answered."""
        await self.circle.end()
        result = await self.house.replies.send(
            Outgoing(
                chat_id=self.chat_id,
                text=text,
                buttons=buttons,
                attachment=attachment,
                reply_to=self.message.message_id if self.message else None,
            ),
            key=f"{self.key}:{part}",
            clinic_id=self.clinic.id,
            keep=keep,
        )
        await self._shows_her(result)
        return result

    async def edit(self, text: str, buttons: Keyboard = (), *, part: str = "edit") -> None:
        """Change the message whose button was tapped; a command is answered instead.

        If it cannot be changed now, the answer comes below it as a message of its own.
        """
        if self.tap is None or self.message is None:
            await self.say(text, buttons)
            return
        await self.circle.end()
        result = await self.house.replies.edit(
            Outgoing(
                chat_id=self.chat_id,
                text=text,
                buttons=buttons,
                reply_to=self.message.message_id,
            ),
            message_id=self.message.message_id,
            key=f"{self.key}:{part}",
            clinic_id=self.clinic.id,
        )
        await self._shows_her(result)

    async def _shows_her(self, result: SendResult) -> None:
        """Note that a message shows a patient, so that it is emptied once she is erased."""
        if isinstance(self.subject, Patient) and isinstance(result, Sent):
            await self.tx(
                shown.add, self.subject.id, self.clinic.id, self.chat_id, result.message_id,
                self.now,
            )  # fmt: skip

    async def refuse(self, name: str, /, **more: Any) -> None:
        """Say in one sentence why not: in front of the one who tapped, else in the group."""
        text = self.screen(name, **more)
        if self.circle.query is not None and not self.circle.ended:
            await self.circle.end(text)
        else:
            await self.say(text, part="refused")

    async def post(self, kind: str, text: str, **about: Any) -> OutboxRow | None:
        """Post a message that a person may reply to, and say what became of it.

        `about` names what it is about, and is otherwise what `services.posting.post` takes.
        """
        await self.circle.end()
        outbox_id = await self.tx(
            _post, self.house, self.clinic, kind, text, self.now, key=f"desk:{self.key}:{kind}",
            **about,
        )  # fmt: skip
        if outbox_id is None:
            return None
        return await self.house.delivery.settle(outbox_id)


Handler = Callable[[Desk], Coroutine[Any, Any, None]]
Find = Callable[[Database, int, str], Any]
"""Returns the row of a clinic that a button names, or None: (db, clinic id, what it names)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table of contents.

    Attributes:
        work: What it does.
        find: How the row is found that its first argument names; None if it names none.
        role: Who may.
    """

    work: Handler
    find: Find | None = None
    role: Role = "staff"


def by_number(find: Callable[[Database, int, int], Any]) -> Find:
    """Make a `Find` of a lookup by (db, clinic id, number)."""

    def found(db: Database, clinic_id: int, named: str) -> Any:
        return (
            find(db, clinic_id, int(named))
            if named.isdigit() and len(named) < MOST_DIGITS
            else None
        )

    return found


def _post(
    db: Database,
    house: House,
    clinic: Clinic,
    kind: str,
    text: str,
    now: datetime,
    **about: Any,
) -> int | None:
    return posting.post(db, house.catalog, clinic, kind, text, now, **about)
