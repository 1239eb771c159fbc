"""The one port through which a message leaves: what is sent, and every way that can end.

The schedule knows nothing of Telegram. It hands an `Outgoing` to a `Messenger` and gets back
a result that says what is certain: that the message was sent, that it was not, or that nobody
can know. What to do next follows from the kind of result alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

ButtonStyle = Literal["primary", "success", "danger"]
FileKind = Literal["photo", "voice", "video", "video_note", "audio", "document"]


@dataclass(frozen=True, slots=True)
class Button:
    """One button under a message; exactly one of `data`, `url` and `copy_text` is set.

    Attributes:
        text: What the person reads on it.
        data: What comes back when it is tapped, at most 64 bytes (a limit of the Bot API).
        url: A link that it opens.
        copy_text: Text that a tap puts on the clipboard.
        style: A hint of colour; never the only carrier of meaning.
    """

    text: str
    data: str | None = None
    url: str | None = None
    copy_text: str | None = None
    style: ButtonStyle | None = None


Keyboard = tuple[tuple[Button, ...], ...]
"""Rows of buttons, top to bottom."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message: bytes of our own, or a file the messenger already has.

    Attributes:
        kind: How it is shown.
        filename: The name the person sees.
        content: The bytes, when they are ours.
        file_id: The messenger's own name of a file it holds, when they are not.
    """

    kind: FileKind
    filename: str
    content: bytes | None = None
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one chat.

    Attributes:
        chat_id: The chat it goes to.
        text: HTML with the tags of `content.telegram_html`; the caption if a file goes with it,
            which a video note cannot have.
        buttons: Rows of buttons below it.
        silent: Arrives without a sound.
        attachment: A file that goes with it.
        reply_to: The message in the same chat that it answers.
        ask_location: Shows a one-time keyboard button with this label that shares a location.
        remove_keyboard: Takes such a keyboard away again.
        ask_reply: Opens an answer to this message for the people it names, with this hint.
    """

    chat_id: int
    text: str
    buttons: Keyboard = ()
    silent: bool = False
    attachment: Attachment | None = None
    reply_to: int | None = None
    ask_location: str | None = None
    remove_keyboard: bool = False
    ask_reply: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived at the messenger's server, as this message."""

    message_id: int


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not sent: the server asks everybody to wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Not sent: this chat does not want to hear from us, or is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """Not sent: the chat lives on under another id."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not sent and never will be: the message itself is at fault."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Surely not sent: no connection was made, or the server said that it failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can know: the request went out and no answer came back."""

    reason: str


SendResult = Sent | RetryAfter | Blocked | Migrated | Rejected | Unreachable | Unknown


class Messenger(Protocol):
    """Sends and edits messages; never raises for what a server or a network does."""

    async def send(self, message: Outgoing) -> SendResult:
        """Send one message and say how that ended."""
        ...

    async def edit(
        self,
        *,
        chat_id: int,
        message_id: int,
        text: str,
        buttons: Keyboard = (),
        caption: bool = False,
    ) -> SendResult:
        """Replace the text and buttons of a message; an unchanged text counts as sent.

        `caption` says that a file goes with it; what was thought wrongly of that is put right.
        """
        ...

    async def delete(self, *, chat_id: int, message_id: int) -> SendResult:
        """Take a message back; one that is gone counts as sent."""
        ...

    async def answers(self) -> bool:
        """Ask the server something that does no harm, and say whether it answers."""
        ...
