"""Calls an address of an outside monitor every minute while all is well: where the calls end, somebody is told."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

from bot import log

logger = log.get("beating")

EVERY_SECONDS = 60.0
TIMEOUT_SECONDS = 20.0


async def beat(url: str, problems: Callable[[], Awaitable[list[str]]]) -> None:
    """Beat for ever; `problems` says why not. The address is a secret of the monitor's: no line names it."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as session:
        while True:
            if not await problems():
                try:
                    async with session.get(url, allow_redirects=False) as answer:
                        if not answer.ok:
                            logger.warning("heartbeat.refused", status=answer.status)
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    logger.warning("heartbeat.not_taken", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)
