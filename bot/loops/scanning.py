"""Has files looked into that came while the scanner could not be asked."""

import asyncio

from bot import log
from bot.flows.intake import scanned
from bot.loops.leasing import TIMETABLE, Leasing
from bot.present import Present
from bot.store import scans
from bot.store.engine import Store, StoreUnavailable
from bot.store.scans import Waiting
from bot.wire.bundles import files_of
from bot.wire.clamav import NotScanned, Scanner

logger = log.get("scanning")

LOOK_SECONDS = 60.0


async def scan(store: Store, scanner: Scanner, present: Present, leases: Leasing) -> None:
    """Do so for ever; of several processes one does it."""
    while True:
        try:
            while leases.holds(TIMETABLE) and (waiting := await store.read(scans.oldest)):
                await scan_one(store, scanner, present, waiting)
        except NotScanned as error:
            logger.warning("files.wait", reason=str(error))
        except StoreUnavailable as error:
            logger.warning("files.not_settled", error=str(error))
        await asyncio.sleep(LOOK_SECONDS)


async def scan_one(store: Store, scanner: Scanner, present: Present, waiting: Waiting) -> None:
    """Look into the files of one message. Raises NotScanned."""
    findings = {file.name: await scanner.scan(file.content) for file in files_of(waiting.raw)}
    dangers = {name: finding for name, finding in findings.items() if finding}
    await store.write(lambda c: scanned.settle(c, waiting, dangers, present.now()))
