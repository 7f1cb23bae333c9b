"""When to look at an account: at once, then every so often or when woken; and what came of late again and again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta

from bot.channel import Coverage

# So many messages are logged in one transaction.
AT_ONCE = 50
RECONCILE_SECONDS, DAILY_SECONDS = 300.0, 86_400.0
OF_LATE, OF_DAYS = timedelta(hours=1), timedelta(days=2)


class Rounds:
    """The rounds of one account. A round that comes to its end was a successful read."""

    def __init__(self, poll_seconds: float) -> None:
        self._poll_seconds = poll_seconds
        self._woken = asyncio.Event()
        self._read_at: float | None = None
        self._gone: list[str] = []

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def note_taken_back(self, message_id: str) -> None:
        """A message was deleted; the next round says so."""
        self._gone.append(message_id)
        self.wake()

    def taken_back(self) -> list[str]:
        """What was deleted since the last time that this was asked."""
        gone, self._gone = self._gone, []
        return gone

    async def begin(self) -> AsyncGenerator[timedelta | None]:
        """One item a round: None, or the span of which everything is to be compared again, whatever the cursor says."""
        loop = asyncio.get_running_loop()
        compared = daily = float("-inf")
        while True:
            began = loop.time()
            self._woken.clear()
            span = OF_LATE if began - compared >= RECONCILE_SECONDS else None
            span = OF_DAYS if began - daily >= DAILY_SECONDS else span
            yield span
            self._read_at = loop.time()
            compared = began if span else compared
            daily = began if span == OF_DAYS else daily
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll_seconds)

    def coverage(self) -> Coverage:
        """How long ago the last read was, for who runs; green for who never began."""
        if self._read_at is None:
            return Coverage("green")
        minutes = (asyncio.get_running_loop().time() - self._read_at) / 60
        late = minutes > max(15, 3 * self._poll_seconds / 60)
        return Coverage("red", (f"nothing could be read for {minutes:.0f} minutes",)) if late else Coverage("green")
