"""What begins after the service is ready: where it cannot, nobody watches the promises, and the service says so."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot import app
from bot.kinds import load
from bot.present import Present
from bot.store import schema
from tests.components import service as configured
from tests.components.ports import PATIENCE_SECONDS, free_port
from tests.components.service import Service


async def test_a_part_that_does_not_start_makes_the_service_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor sees it, and whoever runs the service again."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    monkeypatch.setitem(sys.modules, "bot.background", None)
    described = Service(tmp_path, [configured.LMTP.format(port=free_port()), configured.SMTP.format(port=free_port())])
    schema.upgrade(described.store_url)
    service = app.Service(load(described.config), Present())
    await service.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (
                "a part of the service did not start: ModuleNotFoundError: restart it" not in await service.problems()
            ):
                await asyncio.sleep(0.1)
    finally:
        await service.stop()
