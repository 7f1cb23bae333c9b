"""Takes what people wrote into the index that staff search by: after the logging, so that nobody waits for it."""

import asyncio

from bot import log
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store import words
from bot.store.engine import Store, StoreUnavailable

logger = log.get("indexing")

# After a look that had nothing to do the next one is later, so that a service at rest asks the store little.
LOOK_SECONDS, LONGEST_LOOK_SECONDS = 1.0, 5.0
# Between two batches the writer is free for what comes in.
REST_SECONDS = 0.05


async def index(store: Store, leases: Leasing) -> None:
    """Keep the index up to date for ever; of several processes one does it."""
    pause = LOOK_SECONDS
    while True:
        pause = min(2 * pause, LONGEST_LOOK_SECONDS)
        try:
            while leases.holds(TIMETABLE) and await store.read(words.behind):
                pause = LOOK_SECONDS
                if await store.write(words.index) < words.ROWS_AT_ONCE:
                    break  # later messages wait for the next look, as each transaction has a fixed cost
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as error:
            logger.warning("words.not_indexed", error=str(error))
        await asyncio.sleep(pause)
