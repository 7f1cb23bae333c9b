"""Tells programs what happens to contacts, soon after it happened."""

import asyncio
from collections.abc import Callable
from functools import partial

from bot import log
from bot.flows.outgoing import event_feed
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store.engine import Store, StoreUnavailable

logger = log.get("following")

LOOK_SECONDS = 1.0
AT_ONCE = 200


async def follow(store: Store, book: Rulebook, present: Present, leases: Leasing, wake: Callable[[], None]) -> None:
    """Follow for ever; of several processes one does it. `wake` is called when something may be in the outbox."""
    while True:
        try:
            count = 0
            if leases.holds(TIMETABLE):
                work = partial(event_feed.follow, now=present.now(), most=AT_ONCE, book=book)
                count = await store.write(work)
            if count:
                wake()
        except StoreUnavailable as error:
            logger.warning("events.not_followed", error=str(error))
            count = 0
        if count < AT_ONCE:
            await asyncio.sleep(LOOK_SECONDS)
