"""Takes what people wrote into the index that staff search by: after the logging, so that nobody waits for it."""

import asyncio
from operator import attrgetter

from bot import log
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store import words
from bot.store.engine import Store, StoreUnavailable

logger = log.get("indexing")

# Between two batches the writer is free for what comes in.
REST_SECONDS = 0.05


async def index(store: Store, leases: Leasing, lagging: Lagging) -> None:
    """Keep the index up to date for ever; of several processes one does it."""
    while True:
        await lagging.until(attrgetter("has_words_to_index"))
        try:
            while leases.holds(TIMETABLE):
                if await store.write(words.index) < words.ROWS_AT_ONCE:
                    break  # later messages wait for the next look, as each transaction has a fixed cost
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as error:
            logger.warning("words.not_indexed", error=str(error))
