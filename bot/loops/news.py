"""What other processes on the same store tell this one: while it hears them, nobody need look often by himself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

# Who is told of what is queued looks only for what was changed by hand; who is not, for what a command has queued.
LONGEST_WAIT, LONGEST_WAIT_UNTOLD = timedelta(seconds=15), timedelta(seconds=2)


class News:
    """`wake` is called when something may have been queued, and when nobody says so any more; `change` is set then."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake, self._is_heard, self.change = wake, False, asyncio.Event()

    @property
    def longest_wait(self) -> timedelta:
        """How long one may wait without a look at the store, on the clock on the wall."""
        return LONGEST_WAIT if self._is_heard else LONGEST_WAIT_UNTOLD

    def tell(self) -> None:
        """Others are heard, and have something to say or may have had."""
        self._is_heard = True
        self._stir()

    def lose(self) -> None:
        """Others are not heard any more."""
        self._is_heard = False
        self._stir()

    def _stir(self) -> None:
        self.change.set()
        self.change = asyncio.Event()
        self._wake()

    async def wait(self, change: asyncio.Event) -> None:
        """Return once this `change` is set, which was taken before a look at the store, or after the longest wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.longest_wait.total_seconds()):
                await change.wait()
