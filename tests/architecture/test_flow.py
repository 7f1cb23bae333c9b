"""docs/flow.md names the files that one plain mail runs through, as a hook in the running service sees them."""

import asyncio
import smtplib
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from bot import kinds
from bot.app import Service
from bot.present import Present
from tests.architecture.documents import pages
from tests.architecture.house import ROOT
from tests.components import service as configured
from tests.components.ports import free_port
from tests.components.stores import make_store

# Each language, format and page that a receipt may have or name is a file of its own.
MOST_FILES = 47
# The loops that carry a mail; the others go round beside it, and are asked on its way whether they still do.
CARRYING = ("listening", "sending")
OURS = tuple(f"{ROOT / folder}/" for folder in ("bot", "channels"))
HEADING = "The files that it runs through"
MAIL = """From: Sam Resident <sam{number}@residents.example>\r
To: customer.services@example.gov.uk\r
Subject: Missed bin\r
Message-ID: <{number}@residents.example>\r
\r
Dear council,\r
\r
my bin was missed on Monday. Please could somebody come and empty it.\r
\r
Sam\r
"""


async def test_the_files_of_one_plain_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken by LMTP, logged, acknowledged and recorded, a mail runs through the files that docs/flow.md lists."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    ran = set[str]()
    with _profiled(ran):
        async with _service(tmp_path) as (port, store):
            for number in (1, 2):
                await _sent(port, store, number)
            ran.clear()
            await _sent(port, store, 3)
            files = {name for name in ran if not _is_beside(name)}
    assert {"not named": files - _listed(), "named in vain": _listed() - files} == {
        "not named": set(),
        "named in vain": set(),
    }
    assert len(files) <= MOST_FILES


def _is_beside(name: str) -> bool:
    return name.startswith("bot/loops/") and Path(name).stem not in CARRYING


def _listed() -> set[str]:
    """What docs/flow.md lists."""
    page = next(page for page in pages() if page.name == "docs/flow.md")
    return {name for grid in page.grids() if grid.heading == HEADING for name in grid.names}


@contextmanager
def _profiled(ran: set[str]) -> Iterator[None]:
    """Note the file of every function of ours that is called, in this thread and in those that begin within."""

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            ran.add(frame.f_code.co_filename.removeprefix(f"{ROOT}/"))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@asynccontextmanager
async def _service(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """The service with a mail server to answer by, and without the loops beside: the port to call, and its store."""
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    server.start()
    port = free_port()
    tables = [configured.LMTP.format(port=port), configured.SMTP.format(port=server.port)]
    settings = kinds.load(configured.Service(folder, tables).config)
    make_store(settings.store.url)
    service = Service(settings, Present(), roles=frozenset({"listen", "send"}))
    await service.start()
    for task in service._tasks:
        if not task.get_name().startswith(CARRYING):
            task.cancel()
    await asyncio.gather(*(listener.tried.wait() for listener in service.listeners))
    try:
        yield port, folder / "ackbot.db"
    finally:
        await service.stop()
        server.stop()


async def _sent(port: int, store: Path, number: int) -> None:
    """Hand a mail over, and return when so many acknowledgements are recorded as sent."""
    mail = MAIL.format(number=number).encode()
    await asyncio.to_thread(_hand_over, port, f"sam{number}@residents.example", mail)
    async with asyncio.timeout(20):
        while _acknowledged(store) < number:
            await asyncio.sleep(0.02)
    # The senders count what has left after they have recorded it.
    await asyncio.sleep(0.2)


def _hand_over(port: int, sender: str, mail: bytes) -> None:
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.sendmail(sender, ["customer.services@example.gov.uk"], mail)


def _acknowledged(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        query = "SELECT count(*) FROM contacts WHERE acknowledged_at IS NOT NULL"
        return int(connection.execute(query).fetchone()[0])
