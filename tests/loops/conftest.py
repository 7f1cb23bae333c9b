"""A store with its writer running, and the rulebook of the flows."""

from collections.abc import AsyncIterator

import pytest

from bot.store.engine import Store
from tests.flows.conftest import book, council, mail

__all__ = ["book", "council", "mail", "store"]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A new store with its writer running."""
    made = Store(store_url)
    made.open()
    yield made
    await made.close()
