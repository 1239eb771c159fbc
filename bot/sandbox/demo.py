"""`aftercare try`: the demonstration and its page, until somebody stops it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.sandbox.live import Live
from bot.sandbox.server import HOST
from bot.sandbox.site import Site
from bot.settings import SettingsError, read_settings
from content.catalog import Catalog
from content.understand import Knowledge, load_knowledge


async def serve(port: int, ready: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM.

    Args:
        port: Where the page is; 0 takes a free port.
        ready: Called with the page's address once it can be opened.

    Raises:
        SettingsError: If the port is taken.
    """
    catalog = Catalog(overrides=read_settings().content)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with demonstration(port, catalog, load_knowledge(catalog.library)) as url:
        ready(url)
        await stopped.wait()


@asynccontextmanager
async def demonstration(
    port: int, catalog: Catalog, knowledge: Knowledge | None = None
) -> AsyncIterator[str]:
    """Run the demonstration and its page until the block ends; gives the page's address."""
    live = Live(catalog, knowledge)
    runner = web.AppRunner(Site(live).application(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            raise SettingsError(f"port {port} is taken; choose another with --port") from None
        await live.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await live.stop()
