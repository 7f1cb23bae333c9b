"""A mailbox that lets us sign in and cannot be read all the same: slower and slower attempts, and an alarm in time."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from bot.flows.rulebook import Rulebook
from bot.loops import listening
from bot.loops.listening import Listening
from bot.store import contacts
from bot.store.engine import Store
from tests.channels.mailbox import inbox, mail
from tests.loops.test_listening import ear
from tests.peers.imap import ImapServer
from tests.rulebooks import altered

LONGEST_PAUSE = 0.1


@pytest.fixture
def server() -> Iterator[ImapServer]:
    """A server with one mail."""
    with ImapServer() as running:
        running.add(mail(1))
        yield running


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("FIRST_PAUSE_SECONDS", 0.01), ("LONGEST_PAUSE_SECONDS", LONGEST_PAUSE)):
        monkeypatch.setattr(listening, name, seconds)


# An IDLE that is only refused is done without.
FAILURES = [
    *product(("EXAMINE", "SEARCH", "FETCH", "LOGIN"), ("BYE", "NO [UNAVAILABLE] later", "BAD not connected")),
    ("IDLE", "BYE"),
]


@pytest.mark.parametrize(("command", "answer"), FAILURES)
async def test_trouble_after_the_sign_in_backs_off_and_is_an_alarm(
    store: Store, book: Rulebook, server: ImapServer, command: str, answer: str
) -> None:
    """Whichever command fails, and however: and once it works again, everything is read and the alarm is over."""
    if command == "IDLE":
        server.remove(1)  # a mail that is read would be a sign of health
    hasty = with_silence(book, timedelta(milliseconds=300))
    reader = inbox(server.port, begin="all", poll_seconds=1)
    reader.alone = False  # there is no other process
    listener = Listening(reader, ear(store, hasty))
    server.always[command] = answer
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(20):
        while not listener.alarm or listener._pause < LONGEST_PAUSE:
            await asyncio.sleep(0.01)
        server.always.clear()
        server.add(mail(2))
        while len(await store.read(contacts.list_all)) < len(server.folders["INBOX"].letters):
            await asyncio.sleep(0.01)
        while listener.alarm:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})


def with_silence(book: Rulebook, span: timedelta) -> Rulebook:
    """The rulebook with an alarm after this time."""
    return altered(book, timing=replace(book.clocks.timing, channel_silent_after=span))
