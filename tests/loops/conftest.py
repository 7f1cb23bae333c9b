"""A store with its writer running, and the rulebook of the flows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import schema
from bot.store.engine import Store
from tests.flows.conftest import book

__all__ = ["book", "store"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A new store with its writer running."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.upgrade(url)
    made = Store(url)
    made.open()
    yield made
    await made.close()
