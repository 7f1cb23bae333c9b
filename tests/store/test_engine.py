"""The engine room: group commit, one unit's fault is its own, and a store that cannot write says so and recovers."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.store import cursors, databases, engine, schema
from bot.store.databases import database_path
from bot.store.engine import Store, StoreLost, StoreUnavailable
from bot.store.files import StoreFiles

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A new store."""
    made = Store(store_url)
    made.open()
    yield made
    await made.close()


async def test_many_units_are_all_committed_and_answered(store: Store) -> None:
    """A thousand callers at once each get their own answer, after their commit."""

    def put(number: int) -> int:
        return number

    def work(number: int) -> engine.Work[int]:
        def unit(connection: Connection) -> int:
            cursors.put(connection, f"c{number}", str(number), NOW)
            return put(number)

        return unit

    answers = await asyncio.gather(*(store.write(work(n)) for n in range(1000)))
    assert answers == list(range(1000))
    for number in (0, 500, 999):
        name = f"c{number}"
        assert await store.read(lambda c, name=name: cursors.read(c, name)) == str(number)  # type: ignore[misc]


async def test_a_store_that_is_nowhere_yet_is_written_once_it_is_there(tmp_path: Path) -> None:
    """Each unit is refused and the next one tries anew; nobody waits for ever."""
    url = f"sqlite:///{tmp_path / 'later' / 'ackbot.db'}"
    store = Store(url)
    store.open()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.write(lambda c: cursors.put(c, "a", "1", NOW))
    schema.upgrade(url)
    await store.write(lambda c: cursors.put(c, "a", "2", NOW))
    assert await store.read(lambda c: cursors.read(c, "a")) == "2"
    await store.close()


async def test_a_commit_that_fails_leaves_nothing_open(store: Store) -> None:
    """What cannot be committed is undone, and the next unit has a transaction of its own."""

    def breaks_at_commit(connection: Connection) -> None:
        cursors.put(connection, "bad", "x", NOW)
        connection.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        reference = "REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED"
        connection.execute(text(f"CREATE TABLE children (id INTEGER {reference})"))
        connection.execute(text("INSERT INTO children VALUES (1)"))

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await store.write(breaks_at_commit)
    await store.write(lambda c: cursors.put(c, "good", "1", NOW))
    assert await store.read(lambda c: cursors.read(c, "bad")) is None
    assert await store.read(lambda c: cursors.read(c, "good")) == "1"


async def test_one_units_fault_leaves_its_neighbours_alone(store: Store) -> None:
    """A unit that raises is undone and told; those in the same transaction are committed."""

    def bad(connection: Connection) -> None:
        cursors.put(connection, "bad", "x", NOW)
        raise LookupError("no")

    results = await asyncio.gather(
        store.write(lambda c: cursors.put(c, "first", "1", NOW)),
        store.write(bad),
        store.write(lambda c: cursors.put(c, "last", "1", NOW)),
        return_exceptions=True,
    )
    assert isinstance(results[1], LookupError)
    assert await store.read(lambda c: (cursors.read(c, "first"), cursors.read(c, "bad"), cursors.read(c, "last"))) == (
        "1",
        None,
        "1",
    )


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_locked_database_is_said_and_survived(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another holds the file, writing is refused as unavailable; afterwards it works again."""
    await store.write(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=50").close())
    with closing(sqlite3.connect(database_path(store.url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.write(lambda c: cursors.put(c, "a", "1", NOW))
        other.execute("ROLLBACK")
        await store.write(lambda c: cursors.put(c, "a", "1", NOW))


async def test_readers_change_nothing(store: Store) -> None:
    """The reading side cannot write, whatever it is asked."""
    with pytest.raises(StoreUnavailable, match=r"readonly|read-only"):
        await store.read(lambda c: cursors.put(c, "a", "1", NOW))


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_deadlock_is_run_again(store: Store) -> None:
    """Two units that wait for each other are both done in the end."""
    for name in ("a", "b"):
        await store.write(lambda c, n=name: cursors.put(c, n, "0", NOW))  # type: ignore[misc]
    met = threading.Barrier(2, timeout=2)

    def both(first: str, second: str) -> engine.Work[None]:
        def unit(connection: Connection) -> None:
            cursors.put(connection, first, "1", NOW)
            with suppress(threading.BrokenBarrierError):
                met.wait()
            cursors.put(connection, second, "1", NOW)

        return unit

    await asyncio.gather(store.write(both("a", "b")), store.write(both("b", "a")))
    assert await store.read(lambda c: (cursors.read(c, "a"), cursors.read(c, "b"))) == ("1", "1")


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_ended_is_replaced(store: Store) -> None:
    """The database restarts: one refusal at most for each writer, and then all is well again."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'ackbot'"
    await asyncio.gather(*(store.write(lambda c, n=n: cursors.put(c, f"{n}", "1", NOW)) for n in range(9)))  # type: ignore[misc]
    with databases.transaction(store.url, writes=True) as other:
        other.execute(text(end))
    for _ in range(4):
        with suppress(StoreUnavailable):
            await store.write(lambda c: cursors.put(c, "after", "1", NOW))
    assert await store.write(lambda c: cursors.read(c, "after")) == "1"


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_was_committed_is_durable(store: Store) -> None:
    """Write-ahead log and a flush at every commit: a power cut loses nothing that was answered."""
    modes = await store.write(
        lambda c: (
            c.exec_driver_sql("PRAGMA journal_mode").scalar(),
            c.exec_driver_sql("PRAGMA synchronous").scalar(),
            c.exec_driver_sql("PRAGMA foreign_keys").scalar(),
        )
    )
    assert modes == ("wal", 2, 1)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """Two services on one SQLite file would be two writers: the second is told what to do."""
    url = f"sqlite:///{tmp_path}/a.db"
    with (
        schema.exclusive(url),
        pytest.raises(schema.StoreRefused, match="another Ackbot is running"),
        schema.exclusive(url),
    ):
        pass
    with schema.exclusive(url):
        pass


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_nothing_is_stored_in_a_file_that_was_taken_away(store: Store, tmp_path: Path, suffix: str) -> None:
    """Removed or replaced, it or its log of writes: refused to writers and readers; put back, all goes on by itself."""
    path, aside = f"{database_path(store.url)}{suffix}", str(tmp_path / "aside")
    put, look = (lambda c: cursors.put(c, "a", "1", NOW)), (lambda c: cursors.read(c, "a"))
    for _ in range(3):
        await store.write(put)
    shutil.move(path, aside)
    for words in ("is not there any more", "is another file"):
        with pytest.raises(StoreLost, match=words):
            await store.write(put)
        with pytest.raises(StoreLost, match=words):
            await store.read(look)
        assert words in store.why_lost
        shutil.copy(aside, path)
    shutil.move(aside, path)
    await store.write(put)
    assert (await store.read(look), store.why_lost) == ("1", "")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_was_committed_while_the_file_was_taken_away_is_not_accepted(store: Store, tmp_path: Path) -> None:
    """It is asked after the commit, too: who handed something over is told to come again."""
    path = database_path(store.url)
    await store.write(lambda c: cursors.put(c, "a", "1", NOW))

    def remove(connection: Connection) -> None:
        cursors.put(connection, "a", "2", NOW)
        path.rename(tmp_path / "aside")

    with pytest.raises(StoreLost):
        await store.write(remove)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_log_of_writes_that_sqlite_made_anew_is_its_own(store: Store) -> None:
    """With its last connection SQLite removes the log itself; the next one makes another."""
    await store.write(lambda c: cursors.put(c, "a", "1", NOW))
    await store.write(lambda c: cursors.put(c, "a", "2", NOW))
    files = StoreFiles(database_path(store.url))
    assert files.why_lost() == ""
    await store.close()
    assert files.why_lost() == ""
    with closing(sqlite3.connect(database_path(store.url))) as other:
        other.execute("DELETE FROM cursors")
        other.commit()
        assert [files.why_lost(), files.why_lost()] == ["", ""]
    files.close()
