"""Makes the links of the chain over the events, a little after them, so that no message waits for it."""

import asyncio
from functools import partial

from bot import log
from bot.core.chain import Secret
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store import chain
from bot.store.engine import Store, StoreUnavailable

logger = log.get("linking")

# After a look that had nothing to do the next one is later, so that a service at rest asks the store little.
LOOK_SECONDS, LONGEST_LOOK_SECONDS = 1.0, 5.0
# Between two batches the writer is free for what comes in.
REST_SECONDS = 0.05


async def link(store: Store, secret: Secret, leases: Leasing) -> None:
    """Keep the chain up to date for ever; of several processes one does it.

    Links that somebody has deleted would be made anew, and hold: that the last one is gone is written to the log.
    """
    extend = partial(chain.extend, secret=secret)
    event_id, head = 0, b""
    pause = LOOK_SECONDS
    while True:
        pause = min(2 * pause, LONGEST_LOOK_SECONDS)
        try:
            while leases.holds(TIMETABLE) and await store.read(chain.is_behind):
                if event_id and await store.read(partial(chain.lacks, event_id=event_id, link=head)):
                    logger.error("audit.head_lost", number=event_id, head=head.hex())
                count, pause = await store.write(extend), LOOK_SECONDS
                event_id, head = await store.read(chain.head)
                if count < chain.AT_ONCE:
                    break  # later events wait for the next look, as each transaction has a fixed cost
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as error:
            logger.warning("events.not_linked", error=str(error))
        await asyncio.sleep(pause)
