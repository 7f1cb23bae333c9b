"""Hears from the other processes on the same store that something was queued, or set in the console."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import psycopg

from bot import log
from bot.loops.news import News
from bot.store.databases import connection_arguments
from bot.store.wakeups import CHANNEL

logger = log.get("waking")

RETRY_SECONDS = 2.0


async def be_woken(url: str, news: News) -> None:
    """Pass on every notification, for ever."""
    while True:
        try:
            async with aclosing(_listen(url)) as calls:
                async for _ in calls:
                    news.tell()
        except psycopg.Error as error:
            logger.warning("wakeups.lost", error=str(error).partition("\n")[0])
        finally:
            news.lose()
        await asyncio.sleep(RETRY_SECONDS)


async def _listen(url: str) -> AsyncGenerator[None]:
    """Yield at once, and again whenever somebody notifies. Raises psycopg.Error when the line is lost.

    Whatever was said before it listened counts as heard by that first time.
    """
    async with await psycopg.AsyncConnection.connect(autocommit=True, **connection_arguments(url)) as line:
        await line.execute(f"LISTEN {CHANNEL}")
        yield
        while True:
            await _readable(line)
            async for _ in line.notifies(timeout=0):
                yield


async def _readable(line: psycopg.AsyncConnection) -> None:
    """Return when something has come. The driver's own wait wakes the process ten times a second."""
    loop, number, arrival = asyncio.get_running_loop(), line.fileno(), asyncio.Event()
    loop.add_reader(number, arrival.set)
    try:
        await arrival.wait()
    finally:
        loop.remove_reader(number)
