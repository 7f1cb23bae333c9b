"""How often an outlet that has nothing to send asks the store."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.flows.rulebook import Rulebook
from bot.loops import news, sending
from bot.present import Present
from bot.store.engine import Store, StoreUnavailable
from tests.loops.test_looked_up import Conversation
from tests.loops.test_looked_up import sending as sender


class Questions:
    """How often something was read of a store, of which the first ones fail."""

    def __init__(self, store: Store, failures: int = 0) -> None:
        self.count, self._failures, self._read = 0, failures, store.read

    async def __call__(self, work: Callable[..., Any]) -> Any:
        """Read it."""
        self.count += 1
        if self.count <= self._failures:
            raise StoreUnavailable("too many clients already")
        return await self._read(work)


async def test_in_a_rehearsal_it_asks_no_more_often(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest wait is one on the wall, however fast the time of the service runs."""
    present = Present(datetime(2026, 12, 18, 9, tzinfo=UTC), 3600.0)
    present.begin()
    monkeypatch.setattr(store, "read", questions := Questions(store))
    running = asyncio.create_task((await sender(Conversation(0), store, book, present)).run())
    await asyncio.sleep(0.3)
    # More than one where the machine is so slow that two seconds passed meanwhile.
    assert 1 <= questions.count <= 5
    running.cancel()
    await asyncio.wait({running})


async def test_after_a_read_that_failed_it_asks_again_soon(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something may have fallen due that it has not seen: it does not wait as long as one that has seen nothing."""
    monkeypatch.setattr(sending, "STORE_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(news, "LONGEST_WAIT_UNTOLD", timedelta(hours=1))
    monkeypatch.setattr(store, "read", questions := Questions(store, failures=3))
    running = asyncio.create_task((await sender(Conversation(0), store, book, Present())).run())
    async with asyncio.timeout(30):
        while questions.count < 4:
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.wait({running})
