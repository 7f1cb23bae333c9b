"""What another process queues is heard at once; while nobody can be heard, this one looks more often by itself."""

import asyncio
from contextlib import closing

import psycopg
import pytest

from bot.loops import waking
from bot.loops.news import LONGEST_WAIT, LONGEST_WAIT_UNTOLD, News
from bot.store.wakeups import CHANNEL
from tests.components.ports import until
from tests.components.postgres import Postgres


async def test_others_are_heard_until_the_line_is_cut_and_again_afterwards(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits is woken each time: by what is told, and because it must look for itself from now on."""
    monkeypatch.setattr(waking, "RETRY_SECONDS", 0.5)
    waits = []
    news = News(lambda: waits.append(news.longest_wait))
    listening = asyncio.create_task(waking.be_woken(postgres.url, news))
    with closing(psycopg.connect(postgres.url, autocommit=True)) as other:
        await until(lambda: waits == [LONGEST_WAIT])
        waiting = asyncio.create_task(news.wait(news.change))
        await asyncio.sleep(0)
        other.execute(f"NOTIFY {CHANNEL}")
        await until(lambda: waits == [LONGEST_WAIT] * 2)
        await waiting
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await until(lambda: waits == [*[LONGEST_WAIT] * 2, LONGEST_WAIT_UNTOLD, LONGEST_WAIT])
    listening.cancel()
    await asyncio.wait({listening})
    assert news.longest_wait == LONGEST_WAIT_UNTOLD


async def test_nobody_counts_as_heard_once_the_loop_has_fallen_over(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ended it."""

    async def broken(_line: psycopg.AsyncConnection) -> None:
        raise OSError("the line is no file any more")

    monkeypatch.setattr(waking, "_readable", broken)
    news = News(lambda: None)
    with pytest.raises(OSError, match="no file"):
        await waking.be_woken(postgres.url, news)
    assert news.longest_wait == LONGEST_WAIT_UNTOLD
