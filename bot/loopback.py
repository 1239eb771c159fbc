"""How the bot listens: on this machine alone, on a port that nobody else has."""

from __future__ import annotations

import os

from aiohttp import web

from bot.settings import SettingsError

HOST = "127.0.0.1"


async def listen(runner: web.AppRunner, port: int, *, setting: str) -> None:
    """Begin to listen.

    Args:
        runner: What answers.
        port: Where.
        setting: Which setting named the port.

    Raises:
        SettingsError: If that port cannot be had.
    """
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        await runner.cleanup()
        reason = os.strerror(error.errno) if error.errno else "refused"
        raise SettingsError(f"{setting} is wrong: port {port} on {HOST}: {reason}") from None
