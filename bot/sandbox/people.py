"""People who use Telegram: they write, tap, share, block and come back, as with a phone in hand.

ana = telegram.person("Ana", language="en")
await ana.send("/start CODE")
await ana.tap("I agree")
assert "Thank you" in ana.last.text
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from bot.sandbox.arguments import Upload
from bot.sandbox.chats import Chat, Json, Message, User
from bot.sandbox.cloud import Cloud, Event, Tap
from bot.sandbox.entities import found_in
from bot.sandbox.listen import wait_for_words
from bot.sandbox.phone import Impossible, find_button, meant_for_bot, parts_of
from bot.sandbox.samples import PHOTO, STICKER, VOICE

if TYPE_CHECKING:
    from bot.sandbox.groups import Group

Settle = Callable[[], Awaitable[None]]
"""Returns once the bot has dealt with everything that it was told."""

PATIENCE = 10.0


class Person:
    """Somebody with a phone.

    Args:
        cloud: The Telegram they use.
        user: Their account.
        settle: Waited for after everything that they do.
    """

    def __init__(self, cloud: Cloud, user: User, settle: Settle) -> None:
        self.user, self._cloud, self._settle = user, cloud, settle
        self.clipboard = ""
        self._heard_from: dict[int, int] = {}

    @property
    def id(self) -> int:
        """Their number, which is also that of their chat with the bot."""
        return self.user.id

    @property
    def chat(self) -> Chat:
        """Their chat with the bot."""
        return self._cloud.private(self.user)

    @property
    def messages(self) -> list[Message]:
        """What the bot said to them, oldest first."""
        return self.chat.messages

    @property
    def last(self) -> Message:
        """The newest thing that the bot said to them."""
        return self.chat.last

    @property
    def toasts(self) -> list[str]:
        """What the bot answered to their taps in passing."""
        return [
            answer["text"]
            for tap in self._cloud.taps.values()
            if tap.user is self.user
            for answer in tap.answers
            if answer["text"]
        ]

    async def send(
        self, text: str, to: Group | None = None, *, reply_to: Message | None = None
    ) -> Message:
        """Type something to the bot, or in a group; a long text arrives in parts."""
        message = None
        for part in parts_of(text):
            entities = found_in(part)
            content: Json = {"text": part, **({"entities": entities} if entities else {})}
            message = self._say(content, to, reply_to)
        if message is None:
            raise Impossible("an empty message cannot be sent")
        await self._settle()
        return message

    async def photo(
        self, caption: str = "", to: Group | None = None, *, content: bytes = PHOTO
    ) -> Message:
        """Send a picture."""
        return await self._share("photo", Upload("photo.png", "image/png", content), caption, to)

    async def voice(self, to: Group | None = None, *, content: bytes = VOICE) -> Message:
        """Send a voice note."""
        return await self._share("voice", Upload("voice.ogg", "audio/ogg", content), "", to)

    async def sticker(self, to: Group | None = None) -> Message:
        """Send a sticker."""
        return await self._share("sticker", Upload("sticker.webp", "image/webp", STICKER), "", to)

    async def document(
        self,
        filename: str,
        content: bytes,
        caption: str = "",
        to: Group | None = None,
        *,
        reply_to: Message | None = None,
    ) -> Message:
        """Send a file."""
        upload = Upload(filename, "application/octet-stream", content)
        return await self._share("document", upload, caption, to, reply_to)

    async def location(self, latitude: float, longitude: float) -> Message:
        """Share where they are."""
        place = {"latitude": latitude, "longitude": longitude}
        return await self._said({"location": place}, None)

    async def forward(self, text: str, to: Group | None = None) -> Message:
        """Pass on what somebody else wrote."""
        now = self._cloud.now()
        origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": now}
        return await self._said({"forward_origin": origin, "text": text}, to)

    async def edit(self, message: Message, text: str) -> None:
        """Change what they wrote before."""
        if message.raw["from"]["id"] != self.id:
            raise Impossible("only one's own messages can be edited")
        key = "text" if "text" in message.raw else "caption"
        message.raw |= {key: text, "edit_date": self._cloud.now()}
        chat = self._cloud.chats[message.raw["chat"]["id"]]
        self._cloud.tell(Event("edited", chat, message))
        if message.heard:
            self._cloud.hear("edited_message", message)
        await self._settle()

    async def tap(
        self,
        label: str | None = None,
        at: Group | None = None,
        *,
        data: str | None = None,
        message: Message | None = None,
    ) -> str | None:
        """Tap a button.

        Args:
            label: What stands on it; the newest message that has it is meant.
            at: The group in which it is, if not in the chat with the bot.
            data: Data that comes back instead of the button's own; no button is needed then.
            message: The message under which it is.

        Returns:
            The address, for a button that opens one.

        Raises:
            LookupError: If there is no such button; the text lists those that there are.
        """
        chat = at.chat if at else self.chat
        if data is not None:
            self._tapped(chat, message or chat.last, data)
            await self._settle()
            return None
        found = find_button(chat, label or "", message)
        if isinstance(found, dict):
            await self._key(found, at)
            return None
        under, button = found
        if "callback_data" in button:
            self._tapped(chat, under, button["callback_data"])
            await self._settle()
        elif "copy_text" in button:
            self.clipboard = button["copy_text"]["text"]
        return button.get("url")

    async def hears(
        self, part: str, at: Group | None = None, *, within: float = PATIENCE
    ) -> Message:
        """Wait until the bot says something with these words, since their own last act.

        Raises:
            TimeoutError: If it does not come in so many seconds.
        """
        chat = at.chat if at else self.chat
        since = self._heard_from.get(chat.id, 0)
        return await wait_for_words(self._cloud, chat, part, since=since, within=within)

    async def block(self) -> None:
        """Block the bot."""
        self._cloud.membership(self.chat, self._cloud.bot, "kicked", by=self.user)
        await self._settle()

    async def unblock(self) -> None:
        """Let the bot write again."""
        self._cloud.membership(self.chat, self._cloud.bot, "member", by=self.user)
        await self._settle()

    def _say(self, content: Json, to: Group | None, reply_to: Message | None = None) -> Message:
        chat = to.chat if to else self.chat
        if chat.members.get(self.id) in (None, "left", "kicked"):
            raise Impossible(f"{self.user.first_name} is not in {chat.title}")
        if chat.person is not None:
            if chat.members[self._cloud.bot.id] == "kicked":
                raise Impossible(f"{self.user.first_name} has blocked the bot")
            chat.members[self._cloud.bot.id] = "member"
        if chat.keyboard is not None and chat.keyboard.one_time:
            chat.keyboard = None
        message = self._cloud.post(chat, self.user, content, reply_to=reply_to)
        self._heard_from[chat.id] = message.id
        if meant_for_bot(self._cloud, chat, message):
            self._cloud.hear("message", message)
        return message

    async def _said(
        self, content: Json, to: Group | None, reply_to: Message | None = None
    ) -> Message:
        message = self._say(content, to, reply_to)
        await self._settle()
        return message

    async def _share(
        self,
        kind: str,
        upload: Upload,
        caption: str,
        to: Group | None,
        reply_to: Message | None = None,
    ) -> Message:
        file = self._cloud.files.keep(kind, upload)
        head: Any = file.head()
        content: Json = {kind: [head] if kind == "photo" else head}
        if caption:
            content["caption"] = caption
        return await self._said(content, to, reply_to)

    def _tapped(self, chat: Chat, message: Message, data: str) -> None:
        number = str(4_000_000 + len(self._cloud.taps))
        self._cloud.taps[number] = Tap(self.user, chat, data)
        self._heard_from[chat.id] = chat.last_number
        self._cloud.updates.add(
            "callback_query",
            {
                "id": number,
                "from": self.user.head(),
                "message": deepcopy(message.raw),
                "chat_instance": str(abs(chat.id)),
                "data": data,
            },
        )

    async def _key(self, button: Json, at: Group | None) -> None:
        """Tap a button in the place of the keyboard: it types its words."""
        if button.get("request_location"):
            await self.location(51.5072, -0.1276)
        else:
            await self.send(str(button["text"]), at)
