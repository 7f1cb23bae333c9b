"""Keeps the board of this process up to date: what teams set in the console holds in every process within seconds."""

import asyncio
from typing import NoReturn

from bot import log
from bot.flows import board
from bot.flows.rulebook import Rulebook
from bot.loops.news import News
from bot.present import Present
from bot.store.engine import Store, StoreUnavailable

logger = log.get("refreshing")

# However often others set something, or queue it.
AT_LEAST_SECONDS = 2.0


async def refresh(store: Store, book: Rulebook, present: Present, news: News) -> NoReturn:
    """Look for ever whether the board has changed; while the store cannot be read, what was read before holds."""
    loop = asyncio.get_running_loop()
    while True:
        change, start = news.change, loop.time()
        try:
            await store.read(lambda connection: board.refresh(connection, present.now(), book))
        except StoreUnavailable as error:
            logger.warning("board.not_read", error=str(error))
        else:
            await news.wait(change)
        await asyncio.sleep(start + AT_LEAST_SECONDS - loop.time())
