"""Hears from the other processes on the same store that something was queued."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import psycopg

from bot import log
from bot.store.databases import connection_arguments
from bot.store.wakeups import CHANNEL

logger = log.get("waking")

RETRY_SECONDS = 2.0


async def be_woken(url: str, wake: Callable[[], None]) -> None:
    """Call `wake` at every notification, for ever; the senders look by themselves, too, only less often."""
    while True:
        try:
            async with aclosing(_listen(url)) as calls:
                async for _ in calls:
                    wake()
        except psycopg.Error as error:
            logger.warning("wakeups.lost", error=str(error).partition("\n")[0])
        await asyncio.sleep(RETRY_SECONDS)


async def _listen(url: str) -> AsyncGenerator[None]:
    """Yield at once, and again whenever somebody notifies. Raises psycopg.Error when the line is lost."""
    async with await psycopg.AsyncConnection.connect(autocommit=True, **connection_arguments(url)) as line:
        await line.execute(f"LISTEN {CHANNEL}")
        yield
        async for _ in line.notifies():
            yield
