"""Hears from the other processes on the same store that something was queued."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import psycopg

from bot import log
from bot.store import wakeups

logger = log.get("waking")

RETRY_SECONDS = 2.0


async def be_woken(url: str, wake: Callable[[], None]) -> None:
    """Call `wake` at every notification, for ever; the senders look by themselves, too, only less often."""
    while True:
        try:
            async with aclosing(wakeups.listen(url)) as calls:
                async for _ in calls:
                    wake()
        except psycopg.Error as error:
            logger.warning("wakeups.lost", error=str(error).partition("\n")[0])
        await asyncio.sleep(RETRY_SECONDS)
