"""Files that waited for the scanner are looked into by the real one."""

import pytest

from bot.channel import Batch
from bot.core.files import File
from bot.core.messages import Inbound
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.loops.scanning import scan_one
from bot.present import Present
from bot.store import contacts, scans
from bot.store.engine import Store
from bot.wire.bundles import bundle
from bot.wire.clamav import NotScanned, Scanner
from bot.wire.mail import mime
from tests.components.clamd import DANGER, Clamd
from tests.flows.conftest import NOW

FILES = (File("hole.txt", b"words"), File("bad.txt", DANGER))


@pytest.mark.needs("clamd")
async def test_what_waited_is_looked_into_once_the_scanner_is_there(store: Store, book: Rulebook) -> None:
    """Before that it waits on; then the harmless file is kept, and the other one is not."""
    message = Inbound("website", "one", "d", None, text="Look.", raw=bundle("{}", FILES, "d" * 64), is_scanned=False)
    await store.write(lambda c: receive(c, Batch((message,)), Reading("website"), NOW, book, Capacity()))
    waiting = await store.read(scans.oldest)
    assert waiting is not None
    with Clamd() as clamd:
        clamd.stop()
        with pytest.raises(NotScanned):
            await scan_one(store, Scanner(clamd.address), Present(), waiting)
        assert await store.read(scans.oldest) == waiting
        clamd.start()
        await scan_one(store, Scanner(clamd.address), Present(), waiting)
    assert await store.read(scans.oldest) is None
    (raw,) = await store.read(lambda c: contacts.raw_messages_of(c, waiting.contact_id))
    assert [file.name for file in mime.files(raw)] == ["hole.txt"]
