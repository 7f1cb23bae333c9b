"""One look for all loops that follow behind what is logged: each goes on by itself."""

import asyncio

import pytest

from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store.engine import Store
from bot.store.lag import Lag


async def test_a_mistake_in_one_loop_stops_no_other(store: Store) -> None:
    """It is raised in the loop whose question it is; whoever has nothing to do waits on."""
    leases = Leasing(store, Present(), {TIMETABLE}, lambda: None)
    await leases.begin()
    lagging = Lagging(store, leases)

    def broken(_lag: Lag) -> bool:
        raise ValueError("a cursor that nobody can read")

    waits = [asyncio.create_task(lagging.until(work)) for work in (broken, lambda _: True, lambda _: False)]
    await asyncio.sleep(0)
    looking = asyncio.create_task(lagging.run())
    try:
        with pytest.raises(ValueError, match="nobody can read"):
            await waits[0]
        await waits[1]
        assert not waits[2].done()
        assert not looking.done()
    finally:
        for task in (*waits, looking):
            task.cancel()
        await asyncio.wait({*waits, looking})
