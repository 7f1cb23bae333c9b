"""What is set in the console in one process holds in the others within seconds."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.core.board import Notices
from bot.core.deputies import Away
from bot.flows import board
from bot.flows.rulebook import Rulebook
from bot.loops import news, refreshing
from bot.loops.news import News
from bot.present import Present
from bot.store import duties, wordings
from bot.store.engine import Store
from bot.store.wordings import Sort, Wording
from tests.flows.conftest import NOW

AWAY = Away("jo@example.gov.uk", NOW.date(), NOW.date() + timedelta(days=1))


def _set(connection: Connection) -> None:
    duties.add_absence(connection, AWAY, "staff:x", NOW)
    wordings.add(
        connection, Wording(Sort.TEMPLATE, "added", "staff:x", NOW, "S", "We smell gas, {{ reference }} we say.")
    )
    wordings.add(connection, Wording(Sort.SERVICE, "bins", "staff:x", NOW, "Short.", "Long."))
    board.change(connection, NOW)


async def test_a_process_reads_what_another_has_set(
    store: Store, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loop sees the new revision, and the board has all of that transaction at once."""
    monkeypatch.setattr(refreshing, "AT_LEAST_SECONDS", 0.01)
    monkeypatch.setattr(news, "LONGEST_WAIT_UNTOLD", timedelta(seconds=0.01))
    looking = asyncio.create_task(refreshing.refresh(store, book, Present(NOW), News(lambda: None)))
    try:
        assert book.outgoing.board.notices == Notices()
        await store.write(_set)
        async with asyncio.timeout(30):
            while not book.outgoing.board.notices.revision:
                await asyncio.sleep(0.01)
    finally:
        looking.cancel()
    notices = book.outgoing.board.notices
    assert notices.absences == (AWAY,)
    assert notices.services == {"bins": ("Long.", "Short.")}
    assert notices.words_of_ours == ("We smell gas, \n\n we say.", "Long.")
