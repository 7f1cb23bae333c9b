"""Sleeps until the next open contact must be looked at, looks, and sleeps again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot import log
from bot.flows import escalate
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.store import clocks
from bot.store.engine import Store, StoreUnavailable

logger = log.get("watching")

LOOK_AT_ONCE = 200
# Short enough that a stepped system clock or a contact logged by another process is noticed soon.
LONGEST_WAIT = timedelta(seconds=15)
SHORTEST_WAIT_SECONDS = 0.02
STORE_RETRY_SECONDS = 1.0


async def watch(store: Store, book: Rulebook, present: Present, wake: Callable[[], None]) -> None:
    """Look at what is due, for ever; `wake` is called when alerts may have been queued."""
    while True:
        try:
            next_look = await store.read(clocks.next_look)
            if next_look is not None and next_look <= present.now():
                count = await store.write(lambda c: escalate.escalate(c, present.now(), LOOK_AT_ONCE, book))
                if count:
                    logger.info("contacts.looked_at", count=count)
                    wake()
                    continue
        except StoreUnavailable as error:
            logger.error("contacts.not_looked_at", error=str(error))
            await asyncio.sleep(STORE_RETRY_SECONDS)
            continue
        await asyncio.sleep(max(present.seconds_until(next_look, at_most=LONGEST_WAIT), SHORTEST_WAIT_SECONDS))
