"""Waiting for the bot to say something, for stories in which it is a process of its own."""

from __future__ import annotations

import asyncio

from bot.sandbox.chats import Chat, Message
from bot.sandbox.cloud import Cloud, Event


async def wait_for_words(
    cloud: Cloud, chat: Chat, part: str, *, since: int, within: float
) -> Message:
    """Return the first message of the bot with these words.

    Args:
        cloud: Where the chat is.
        chat: Where it is to be said.
        part: The words.
        since: The number after which a message counts; an edited one always counts.
        within: How many seconds to wait.

    Raises:
        TimeoutError: If it does not come; the text tells what was said last.
    """
    woken = asyncio.Event()

    def listener(_: Event) -> None:
        woken.set()

    cloud.listeners.append(listener)
    try:
        async with asyncio.timeout(within):
            while True:
                woken.clear()
                for said in chat.messages:
                    if part in said.text and (said.id > since or said.edited):
                        return said
                await woken.wait()
    except TimeoutError:
        last = chat.messages[-1].text if chat.messages else "nothing"
        raise TimeoutError(f"{part!r} was not said; the last was: {last}") from None
    finally:
        cloud.listeners.remove(listener)
