"""Keeps the spells of contacts up to date behind their events, a little after them, so that no message waits for it."""

import asyncio
from functools import partial
from operator import attrgetter

from bot import log
from bot.flows.figures import folding
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store.engine import Store, StoreUnavailable

logger = log.get("folding")

# Between two batches the writer is free for what comes in.
REST_SECONDS = 0.2
EVENTS_AT_ONCE = 500


async def fold(store: Store, leases: Leasing, lagging: Lagging) -> None:
    """Keep the spells up to date for ever; of several processes one does it.

    Figures lag behind by some seconds, and are right all the same: what is not folded yet is replayed.
    """
    work = partial(folding.fold, most=EVENTS_AT_ONCE)
    while True:
        await lagging.until(attrgetter("has_spells_to_make"))
        try:
            while leases.holds(TIMETABLE):
                if await store.write(work, in_turn=True) < EVENTS_AT_ONCE:
                    break  # later events wait for the next look, as each transaction has a fixed cost
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as error:
            logger.warning("spells.not_folded", error=str(error))
