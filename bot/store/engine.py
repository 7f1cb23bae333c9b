"""The engine room: one writer thread that commits what is waiting together, and readers beside it.

A unit of work is a plain function of one connection. `write` runs all units that wait in one transaction, each
under its own savepoint, and answers each after the commit: with `synchronous=FULL` one flush of the disk
serves them all (measured 22 times the rate of a commit each at 5 ms a flush).
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_TIMEOUT_MILLISECONDS = 3_000
MOST_UNITS_A_COMMIT = 64


class StoreUnavailable(Exception):
    """Nothing was stored and nothing is half done; it may work later: a full disk, a locked database."""


def database_path(url: str) -> Path:
    """The file of a `sqlite:///PATH` address (relative to the working directory)."""
    return Path(make_url(url).database or "")


def sqlite_engine(url: str, *, begin: str, read_only: bool = False) -> Engine:
    """An engine whose transactions start with `begin`, in WAL mode, durable over a power cut."""
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=4,
        hide_parameters=True,  # an error's text is logged, and parameters are people's words
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; we say when
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Store:
    """Opens on first use; `close` waits until everything handed in is answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._writer_engine = sqlite_engine(url, begin="BEGIN IMMEDIATE")
        self._reader_engine = sqlite_engine(url, begin="BEGIN", read_only=True)
        self._waiting: queue.SimpleQueue[tuple[Work[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_for_ever, name="store-writer", daemon=True)
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-reader")

    def open(self) -> None:
        """Start the writer; the schema must be up to date (see `bot.store.schema`)."""
        self._writer.start()

    async def close(self) -> None:
        """Answer what is waiting, then stop."""
        if self._writer.is_alive():
            self._waiting.put(None)
            await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        self._writer_engine.dispose()
        self._reader_engine.dispose()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the next transaction; returns its value once that is committed.

        Raises what `work` raised, after undoing just that unit, or `StoreUnavailable`.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((work, future))
        # Shielded: a caller that goes away must not leave the writer with a cancelled future half way.
        return await asyncio.shield(future)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a reader's connection, which sees a consistent state and can change nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Work[T]) -> T:
        """The same for a caller without an event loop."""
        with _translated(), self._reader_engine.begin() as connection:
            return work(connection)

    def write_now(self, work: Work[T]) -> T:
        """One unit in its own transaction, for a caller without an event loop (the commands)."""
        with _translated(), self._writer_engine.begin() as connection:
            return work(connection)

    def _write_for_ever(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, stop = [first], False
            while len(group) < MOST_UNITS_A_COMMIT and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    stop = True
                    break
                group.append(following)
            _answer(group, self._commit_together([work for work, _ in group]))
            if stop:
                return

    def _commit_together(self, group: list[Work[Any]]) -> list[tuple[Any, BaseException | None]]:
        if len(group) == 1:
            return [self._commit_alone(group[0])]
        try:
            with self._writer_engine.begin() as connection:
                return [_under_savepoint(connection, work) for work in group]
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller hears of it and the writer lives on
            refusal = StoreUnavailable(_plain(error))
            return [(None, refusal)] * len(group)

    def _commit_alone(self, work: Work[Any]) -> tuple[Any, BaseException | None]:
        # Nobody shares the transaction, so it is its own savepoint.
        try:
            with self._writer_engine.begin() as connection:
                return work(connection), None
        except OperationalError as error:
            return None, StoreUnavailable(_plain(error))
        except Exception as error:  # noqa: BLE001 - its caller gets it
            return None, error


def _under_savepoint(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
    # Raw statements: SQLAlchemy's begin_nested costs more than the insert it guards.
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        value = work(connection)
    except OperationalError:
        raise  # disk full, locked, I/O error: the whole transaction is lost, and says so
    except Exception as error:  # noqa: BLE001 - its caller gets it, its neighbours do not
        connection.exec_driver_sql("ROLLBACK TO unit")
        connection.exec_driver_sql("RELEASE unit")
        return None, error
    connection.exec_driver_sql("RELEASE unit")
    return value, None


def _answer(
    group: list[tuple[Work[Any], asyncio.Future[Any]]], outcomes: list[tuple[Any, BaseException | None]]
) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any, BaseException | None]]] = {}
    for (_, future), (value, error) in zip(group, outcomes, strict=True):
        by_loop.setdefault(future.get_loop(), []).append((future, value, error))
    for loop, answers in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: list[tuple[asyncio.Future[Any], Any, BaseException | None]]) -> None:
    for future, value, error in answers:
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the driver's errors into ours where a caller runs a unit itself."""
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(_plain(error)) from error


def _plain(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(original)
