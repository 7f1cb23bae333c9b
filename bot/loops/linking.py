"""Makes the links of the chain over the events, a little after them, so that no message waits for it."""

import asyncio
from functools import partial
from operator import attrgetter

from bot import log
from bot.core.chain import Secret
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store import chain
from bot.store.engine import Store, StoreUnavailable

logger = log.get("linking")

# Between two batches the writer is free for what comes in.
REST_SECONDS = 0.05


async def link(store: Store, secret: Secret, leases: Leasing, lagging: Lagging) -> None:
    """Keep the chain up to date for ever; of several processes one does it.

    Links that somebody has deleted would be made anew, and hold: that the last one is gone is written to the log.
    """
    extend = partial(chain.extend, secret=secret)
    event_id, head = 0, b""
    while True:
        await lagging.until(attrgetter("has_links_to_make"))
        try:
            while leases.holds(TIMETABLE):
                if event_id and await store.read(partial(chain.lacks, event_id=event_id, link=head)):
                    logger.error("audit.head_lost", number=event_id, head=head.hex())
                count = await store.write(extend)
                event_id, head = await store.read(chain.head)
                if count < chain.AT_ONCE:
                    break  # later events wait for the next look, as each transaction has a fixed cost
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as error:
            logger.warning("events.not_linked", error=str(error))
