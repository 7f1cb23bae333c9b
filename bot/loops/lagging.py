"""Looks, for every loop that follows behind what is logged, whether there is something for it to do."""

import asyncio
from collections.abc import Callable

from bot import log
from bot.loops.leasing import TIMETABLE, Leasing
from bot.store import lag
from bot.store.engine import Store, StoreUnavailable
from bot.store.lag import Lag

logger = log.get("lagging")

# Where one look had something for somebody, the next is sooner.
LOOK_SECONDS, SOON_SECONDS = 5.0, 2.0


class Lagging:
    """One question to the store for all of them, so that a service at rest asks it little."""

    def __init__(self, store: Store, leases: Leasing) -> None:
        self._store, self._leases = store, leases
        self._waiting: list[tuple[Callable[[Lag], bool], asyncio.Future[None]]] = []

    async def until(self, has_work: Callable[[Lag], bool]) -> None:
        """Return after a look at which this is so, in the one process of several that does such work."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((has_work, future))
        await future

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause = LOOK_SECONDS
            try:
                if self._leases.holds(TIMETABLE) and self._tell(await self._store.read(lag.look)):
                    pause = SOON_SECONDS
            except StoreUnavailable as error:
                logger.warning("lag.not_read", error=str(error))
            await asyncio.sleep(pause)

    def _tell(self, now: Lag) -> bool:
        """Let those go on that have something to do; return whether there are any."""
        waiting, self._waiting = self._waiting, []
        for has_work, future in waiting:
            try:
                is_due = not future.done() and has_work(now)
            except Exception as error:  # noqa: BLE001 - of this loop alone: the others go on
                future.set_exception(error)
                continue
            if is_due:
                future.set_result(None)
            elif not future.done():
                self._waiting.append((has_work, future))
        return any(future.done() and not future.cancelled() for _, future in waiting)
