"""The transactions of the service: a writer thread (on PostgreSQL a few) that commits units together, and readers.

A unit of work is a plain function of one connection. `write` runs all waiting units in one transaction, each under its
own savepoint, and answers each after the commit: with `synchronous=FULL` one flush of the disk serves all of them
(measured as 22 times the rate of single commits at 5 ms a flush).
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, make_url

from bot.store.databases import UNAVAILABLE, can_run_again, database_path, engine_of, give_back, is_shared, reason_of
from bot.store.direct import mark
from bot.store.files import StoreFiles
from bot.store.sealing import Ring

T = TypeVar("T")
Work = Callable[[Connection], T]
Begin = Callable[[], AbstractContextManager[Connection]]
Lane = queue.SimpleQueue[tuple[Work[Any], asyncio.Future[Any]] | None]

MOST_UNITS_A_COMMIT = 64
# PostgreSQL flushes commits of several connections at the same time together.
WRITERS_ON_POSTGRESQL = 2
MOST_RUNS = 5


class StoreUnavailable(Exception):
    """Nothing was stored and nothing is half done; it may work later: a full disk, a locked database."""


class StoreLost(StoreUnavailable):
    """The file of the store was removed or replaced: whatever were stored now would be in no file."""


class Store:
    """The open store. `close` waits until every unit is answered. `keys` encrypt people's words.

    `lookup_key` is one that encrypts what is looked up before the store itself has it (`bot.store.keys`).
    """

    def __init__(self, url: str, keys: Sequence[str] = (), lookup_key: str = "") -> None:
        self.url = url
        self.is_shared = is_shared(url)
        ring = Ring(keys) if keys else None
        if ring is not None and lookup_key:
            ring.take_lookup_key(lookup_key)
        self._writer_engine = engine_of(url, writes=True, ring=ring)
        self._reader_engine = engine_of(url, writes=False, ring=ring)
        self._lane: Lane = queue.SimpleQueue()
        # Units that take turns with other processes have a lane of their own, so that no other unit waits behind them.
        self._turn_lane: Lane = queue.SimpleQueue() if self.is_shared else self._lane
        lanes = [self._turn_lane, *[self._lane] * WRITERS_ON_POSTGRESQL] if self.is_shared else [self._lane]
        self._writers = [
            (lane, threading.Thread(target=self._write_for_ever, args=(lane,), name=f"store-writer-{n}", daemon=True))
            for n, lane in enumerate(lanes)
        ]
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-reader")
        # Of a store that stays open; a command has come and gone before anybody replaces a file.
        self._files: StoreFiles | None = None

    @property
    def why_lost(self) -> str:
        """Why what is stored now would be in no file; "" while all is well."""
        if self._files is None:
            return ""
        marks = self._files.marks
        with suppress(OSError):
            # Asked twice for every transaction; as a rule nothing has happened to either file.
            statuses = [path.stat() for path, _ in marks]
            if marks and [(status.st_dev, status.st_ino) for status in statuses] == [mark for _, mark in marks]:
                return ""
        return self._files.why_lost()

    @property
    def folder(self) -> Path | None:
        """The folder of a SQLite store's file; None for any other."""
        name = make_url(self.url).database
        return None if self.is_shared or not name else Path(name).resolve().parent

    def open(self) -> None:
        """Start the writers; the schema must be up to date (see `bot.store.schema`)."""
        self._files = None if self.is_shared else StoreFiles(database_path(self.url))
        for _, writer in self._writers:
            writer.start()

    async def close(self) -> None:
        """Answer the waiting units, then stop."""
        alive = [(lane, writer) for lane, writer in self._writers if writer.is_alive()]
        for lane, _ in alive:
            lane.put(None)
        for _, writer in alive:
            await asyncio.to_thread(writer.join)
        self.let_go()

    def let_go(self) -> None:
        """Close every connection; to be called directly for a store that was never opened."""
        self._readers.shutdown()
        give_back(self._writer_engine, self.url, writes=True)
        give_back(self._reader_engine, self.url, writes=False)
        if self._files is not None:
            self._files.close()

    async def write(self, work: Work[T], *, in_turn: bool = False) -> T:
        """Run `work` in the next transaction; return its value once that is committed.

        `in_turn` is for work that takes a lock for which other processes may make it wait (`bot.store.direct`). Raises
        the exception of `work`, after undoing just that unit, or `StoreUnavailable`.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        (self._turn_lane if in_turn else self._lane).put((work, future))
        # Shielded: a caller that is cancelled must not leave the writer with a cancelled future.
        return await asyncio.shield(future)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a reader's connection, which sees one consistent state and can change nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Work[T]) -> T:
        """Do the same for a caller without an event loop."""
        self._require_own_files()
        with _store_errors(), self._reader_engine.begin() as connection:
            return work(connection)

    def write_now(self, work: Work[T]) -> T:
        """Run one unit in its own transaction, for a caller without an event loop (the commands)."""
        with _store_errors():
            return run(self._writer_engine.begin, work)

    def flush_log(self) -> None:
        """On SQLite: move the log of writes into the file and empty it, as it still contains what was erased.

        If a reader is in the way, the log is left for the next time.
        """
        if not self.is_shared:
            with _store_errors(), closing(self._reader_engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _write_for_ever(self, lane: Lane) -> None:
        if self.is_shared:
            self._answer_for_ever(lane, self._writer_engine.begin)
            return
        connection = _WriterConnection(self._writer_engine, self._require_own_files)
        try:
            self._answer_for_ever(lane, connection.begin)
        finally:
            connection.give_back()

    def _require_own_files(self) -> None:
        if reason := self.why_lost:
            raise StoreLost(reason)

    def _answer_for_ever(self, lane: Lane, begin: Begin) -> None:
        while (first := lane.get()) is not None:
            group, stop = [first], False
            while len(group) < MOST_UNITS_A_COMMIT:
                try:
                    next_unit = lane.get_nowait()
                except queue.Empty:
                    break
                if next_unit is None:
                    stop = True
                    break
                group.append(next_unit)
            _answer(group, self._commit_together([work for work, _ in group], begin))
            if stop:
                return

    def _commit_together(self, group: list[Work[Any]], begin: Begin) -> list[tuple[Any, BaseException | None]]:
        if len(group) == 1:
            return [self._commit_alone(group[0], begin)]
        try:
            with begin() as connection:
                return [_under_savepoint(connection, work) for work in group]
        except Exception as error:  # noqa: BLE001 - every caller gets an answer, and the writer goes on
            if can_run_again(error):
                return [self._commit_alone(work, begin) for work in group]
            refusal = StoreUnavailable(reason_of(error))
            return [(None, refusal)] * len(group)

    def _commit_alone(self, work: Work[Any], begin: Begin) -> tuple[Any, BaseException | None]:
        # No other unit shares the transaction, so it needs no savepoint.
        try:
            return run(begin, work), None
        except UNAVAILABLE as error:
            return None, StoreUnavailable(reason_of(error))
        except Exception as error:  # noqa: BLE001 - passed to the caller
            return None, error


class _WriterConnection:
    """One connection for transactions one after another: a checkout from the pool takes longer than BEGIN on SQLite.

    After any failure it goes back to the pool, which ends what is left of its transaction; the next one takes another.
    """

    def __init__(self, engine: Engine, require_own_files: Callable[[], None]) -> None:
        self._engine, self._require_own_files = engine, require_own_files
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a transaction; commit it, or roll it back where an exception passes.

        It has happened only where the file still stands at its path after the commit.
        """
        self._require_own_files()
        connection = self._connection = self._connection or self._engine.connect()
        try:
            with connection.begin():
                yield connection
            self._require_own_files()
        except BaseException:
            self.give_back()
            raise

    def give_back(self) -> None:
        """Return the connection to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def run(begin: Begin, work: Work[T]) -> T:
    """Run one unit in a transaction of its own; run it again if another transaction was in its way."""
    for _ in range(MOST_RUNS - 1):
        try:
            with begin() as connection:
                return work(connection)
        except UNAVAILABLE as error:
            if not can_run_again(error):
                raise
    with begin() as connection:
        return work(connection)


def _under_savepoint(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
    # Raw statements: SQLAlchemy's begin_nested takes longer than the insert that it protects.
    mark(connection, "SAVEPOINT unit")
    try:
        value = work(connection)
    except UNAVAILABLE:
        raise  # disk full, locked, I/O error: the complete transaction is lost
    except Exception as error:  # noqa: BLE001 - passed to the caller; other units are not affected
        mark(connection, "ROLLBACK TO unit")
        mark(connection, "RELEASE unit")
        return None, error
    mark(connection, "RELEASE unit")
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
def _store_errors() -> Iterator[None]:
    """Convert the driver's errors where a caller runs a unit itself."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StoreUnavailable(reason_of(error)) from error
