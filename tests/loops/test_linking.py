"""The chain over the events is made anew where its links are deleted: the log says so, and with which head it ended."""

import asyncio
from contextlib import suppress

from sqlalchemy import Connection, delete
from structlog.testing import capture_logs

from bot.core.chain import Secret
from bot.core.events import Event, EventKind
from bot.loops import linking
from bot.loops.lagging import Lagging
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store import chain, contacts
from bot.store.engine import Store
from bot.store.tables import event_links
from tests.components.ports import PATIENCE_SECONDS, until
from tests.flows.conftest import NOW


def _note(connection: Connection) -> None:
    contacts.note(connection, [Event(None, NOW, EventKind.SIGNED_IN)])


async def test_links_that_were_deleted_are_said_to_be_gone(store: Store) -> None:
    """With the last one that was made, which no later one is; as long as they stand nothing is said."""
    leases = Leasing(store, Present(NOW), (TIMETABLE,), lambda: None)
    await leases.begin()

    async def linked(number: int) -> bool:
        return (await store.read(chain.head))[0] == number

    async def wait(number: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await linked(number):
                await asyncio.sleep(0.05)

    with capture_logs() as logged:
        lagging = Lagging(store, leases)
        linking_loop = linking.link(store, Secret(b"s" * 32), leases, lagging)
        all_loops = asyncio.gather(linking_loop, lagging.run(), leases.run())
        for number in (1, 2):
            await store.write(_note)
            await wait(number)
        assert logged == []
        _, head = await store.read(chain.head)
        await store.write(lambda c: c.execute(delete(event_links)))
        await until(lambda: logged != [])
        await wait(2)
        all_loops.cancel()
        with suppress(asyncio.CancelledError):
            await all_loops
    (line,) = logged
    assert (line["event"], line["number"], line["head"]) == ("audit.head_lost", 2, head.hex())
