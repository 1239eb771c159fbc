"""The dead-man switch: an address that is called while all is well, and missed when it is not."""

from __future__ import annotations

import aiohttp
import structlog

SECONDS = 10.0

log = structlog.get_logger()


async def ping(url: str) -> bool:
    """Call the address once; False if it could not be reached, which is logged and no more."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS)) as session,
            session.get(url) as response,
        ):
            return response.ok
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("heartbeat.not_heard", error=type(error).__name__)
        return False
