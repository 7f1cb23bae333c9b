"""The order of an inbox and its folder of staff's answers, so that nobody who was answered has a receipt afterwards.

After a stop or an outage both hold what came meanwhile. The inbox is read first, as an answer belongs to nothing while
what it answers is not logged; then the answers; only then the receipts leave. Each wait has an end: what cannot be read
must not keep people waiting for their receipt.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from bot import log
from bot.present import Present
from bot.store import receipts
from bot.store.engine import Store

logger = log.get("answering")

# Well below the time after which a receipt that has not left is an alarm.
PATIENCE_SECONDS = 300.0


class Answering:
    """What is read of an inbox and of the answers to it. `outlet` is the way by which its receipts leave.

    `turn` counts how often the inbox was begun to be read: with each the answers are read anew. `receipts_leave_at` is
    when receipts leave at the latest that wait for the answers; None: they wait for nothing.
    """

    def __init__(self, inbox: str, outlet: str, store: Store, present: Present) -> None:
        self.inbox, self.turn = inbox, 0
        self.receipts_leave_at: datetime | None = None
        self._outlet, self._store, self._present = outlet, store, present
        self._is_inbox_read = asyncio.Event()
        self._lost_at: float | None = None

    def put_off(self, connection: Connection) -> None:
        """Let no receipt leave that waits now, until the answers are read."""
        now = self._present.now()
        # An inbox that is tried again and again must not put them off each time.
        if self.receipts_leave_at is None:
            self.receipts_leave_at = now + self._present.wall(PATIENCE_SECONDS)
        if self.receipts_leave_at > now:
            receipts.put_off(connection, self.inbox, self._outlet, self.receipts_leave_at)

    def keep_back(self, connection: Connection) -> None:
        """Do the same to what was queued since then."""
        if self.receipts_leave_at is not None and self.receipts_leave_at > self._present.now():
            receipts.put_off(connection, self.inbox, self._outlet, self.receipts_leave_at)

    async def begin(self) -> None:
        """The inbox is about to be read, after a stop or an outage."""
        self.lose()
        self.turn += 1
        await self._store.write(self.put_off)

    def lose(self) -> None:
        """The inbox is not read any more: what staff answer may answer what is not logged."""
        # The patience begins with the outage, and not anew with each attempt to read it.
        if self._lost_at is None or self._is_inbox_read.is_set():
            self._lost_at = asyncio.get_running_loop().time()
        self._is_inbox_read.clear()

    def catch_up(self) -> None:
        """The inbox is read up to date."""
        self._is_inbox_read.set()

    @property
    def may_read_answers(self) -> bool:
        """Whether the answers may be read: the inbox is, or has not been for too long."""
        if self._is_inbox_read.is_set() or self._lost_at is None:
            return self._is_inbox_read.is_set()
        return asyncio.get_running_loop().time() - self._lost_at > PATIENCE_SECONDS

    async def wait(self, seconds: float) -> None:
        """Return when the inbox is read up to date, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_inbox_read.wait()

    async def finish(self) -> int:
        """The answers are read up to date: whoever has none gets their receipt now; returns how many those are."""
        until, self.receipts_leave_at = self.receipts_leave_at, None
        if until is None:
            return 0
        try:
            count = await self._store.write(
                lambda c: receipts.let_go(c, self.inbox, self._outlet, until, self._present.now())
            )
        except BaseException:
            self.receipts_leave_at = until
            raise
        logger.info("answers.read", channel=self.inbox, receipts=count)
        return count
