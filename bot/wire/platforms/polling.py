"""The schedule for reading an account: at once, then at intervals or when woken; the recent past again and again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta

from bot.channel import Coverage

# The most messages that are logged in one transaction.
AT_ONCE = 50
RECONCILE_SECONDS, DAILY_SECONDS = 300.0, 86_400.0
OF_LATE, OF_DAYS = timedelta(hours=1), timedelta(days=2)


class Rounds:
    """The rounds of one account. A round that ends has read the account successfully."""

    def __init__(self, poll_seconds: float) -> None:
        self._poll_seconds = poll_seconds
        self._wake_up = asyncio.Event()
        self._read_at: float | None = None
        self._deletions: list[str] = []

    def wake(self) -> None:
        """Start the next round now."""
        self._wake_up.set()

    def note_deletion(self, message_id: str) -> None:
        """Note that a message was deleted; the next round reports it."""
        self._deletions.append(message_id)
        self.wake()

    def pop_deletions(self) -> list[str]:
        """Return the deletions since the last call."""
        deletions, self._deletions = self._deletions, []
        return deletions

    async def begin(self) -> AsyncGenerator[timedelta | None]:
        """Yield once a round: None, or the span to compare again in full, whatever the cursor says."""
        loop = asyncio.get_running_loop()
        compared = daily = float("-inf")
        while True:
            start = loop.time()
            self._wake_up.clear()
            span = OF_LATE if start - compared >= RECONCILE_SECONDS else None
            span = OF_DAYS if start - daily >= DAILY_SECONDS else span
            yield span
            self._read_at = loop.time()
            compared = start if span else compared
            daily = start if span == OF_DAYS else daily
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake_up.wait()

    def coverage(self) -> Coverage:
        """Return how long ago the last read was, for the process that reads; green if it never began."""
        if self._read_at is None:
            return Coverage("green")
        minutes = (asyncio.get_running_loop().time() - self._read_at) / 60
        late = minutes > max(15, 3 * self._poll_seconds / 60)
        return Coverage("red", (f"nothing could be read for {minutes:.0f} minutes",)) if late else Coverage("green")
