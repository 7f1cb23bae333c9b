"""Notices that the clock on the wall was set back: what was due by the old time is due now, not when it comes again."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bot import log
from bot.present import Present
from bot.store import calls, outbox
from bot.store.engine import Store, StoreUnavailable

logger = log.get("stepping")

LOOK_SECONDS = 1.0
# Clocks are set right by fractions of a second all the time.
NOTICED = timedelta(seconds=5)


async def notice_steps(store: Store, present: Present, wake: Callable[[], None], calls_again_after: timedelta) -> None:
    """Compare the clock on the wall with the one that only counts, for ever."""
    loop = asyncio.get_running_loop()
    start, at = present.now(), loop.time()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        ahead = present.now() - (start + present.wall(loop.time() - at))
        if ahead < -NOTICED:
            logger.warning("clock.stepped_back", seconds=-ahead.total_seconds())
            try:
                await store.write(partial(_bring_forward, now=present.now(), calls_again_after=calls_again_after))
            except StoreUnavailable as error:
                logger.error("outbox.not_brought_forward", error=str(error))
                continue
            wake()
        start, at = present.now(), loop.time()


def _bring_forward(connection: Connection, now: datetime, calls_again_after: timedelta) -> None:
    outbox.bring_forward(connection, now)
    calls.bring_forward(connection, now + calls_again_after)
