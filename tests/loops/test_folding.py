"""The spells of contacts are kept up to date behind the events, by one process of several."""

import asyncio
from contextlib import suppress

from sqlalchemy import Connection

from bot.core.messages import Inbound
from bot.flows.rulebook import Rulebook
from bot.loops import folding
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store import figures, lag
from bot.store.engine import Store
from tests.components.ports import PATIENCE_SECONDS
from tests.flows.conftest import NOW, book, mail
from tests.flows.desk import logged

__all__ = ["book", "mail"]


async def test_what_happens_is_in_the_table_a_little_later(store: Store, book: Rulebook, mail: object) -> None:
    """Each contact with the spell that its events say, and nothing is left to do."""
    leases = Leasing(store, Present(NOW), (TIMETABLE,), lambda: None)
    await leases.begin()

    def log(connection: Connection) -> int:
        message: Inbound = mail(1)  # type: ignore[operator]
        return logged(connection, book, message).id

    number = await store.write(log)
    lagging = Lagging(store, leases)
    all_loops = asyncio.gather(folding.fold(store, leases, lagging), lagging.run(), leases.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await store.read(lag.look)).has_spells_to_make:
            await asyncio.sleep(0.05)
    all_loops.cancel()
    with suppress(asyncio.CancelledError):
        await all_loops
    (spell,) = await store.read(lambda c: figures.rows(c, [number]))
    assert (spell.number, spell.ending) == (0, "")
