"""The Telegram app on a person's side: long texts are cut, buttons found, groups kept private."""

from __future__ import annotations

from bot.sandbox.chats import Chat, Json, Message
from bot.sandbox.cloud import Cloud
from bot.sandbox.entities import units

MAX_TYPED = 4096
"""Telegram's apps cut longer texts into several messages."""


class Impossible(Exception):  # noqa: N818 - a person's mistake, named as one reads it
    """What somebody tried cannot be done in Telegram; the text says why."""


def meant_for_bot(cloud: Cloud, chat: Chat, message: Message) -> bool:
    """Return whether the bot is told: in a group with privacy on, only of what is meant for it.

    https://core.telegram.org/bots/features#privacy-mode
    """
    standing = chat.members.get(cloud.bot.id, "left")
    if standing in ("left", "kicked"):
        return False
    if chat.person or cloud.reads_all_messages or standing == "administrator":
        return True
    answered = chat.log.get(message.reply_to or 0)
    if answered is not None and (answered.from_bot or answered.heard):
        return True
    name = f"@{cloud.bot.username}".lower()
    words = message.text.lower().split()
    commands = [word for word in words if word.startswith("/")]
    return name in words or any(c.partition("@")[2] in ("", name[1:]) for c in commands)


def find_button(chat: Chat, label: str, only: Message | None) -> Json | tuple[Message, Json]:
    """Return a button by its words: exactly those, else such that begin with them."""
    offered: list[str] = []
    for same in (str.__eq__, str.startswith):
        for key in (k for row in (chat.keyboard and chat.keyboard.keyboard) or [] for k in row):
            offered.append(str(key["text"]))
            if same(str(key["text"]), label):
                return key
        for message in [only] if only else chat.newest():
            for button in (button for row in message.rows for button in row):
                offered.append(str(button["text"]))
                if same(str(button["text"]), label):
                    return message, button
    raise LookupError(f"there is no button {label!r}; there are: {', '.join(offered) or 'none'}")


def parts_of(text: str) -> list[str]:
    """Return a text as the app sends it: in parts, without white space at the ends."""
    text = text.strip()
    parts = []
    while text:
        head = text[:MAX_TYPED]
        while units(head) > MAX_TYPED:
            head = head[:-1]
        parts.append(head)
        text = text[len(head) :]
    return parts
