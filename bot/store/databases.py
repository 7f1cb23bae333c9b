"""Connections to the two databases that a store can use, chosen by its address."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.pool import QueuePool

from bot.store.column_types import give, ring_of
from bot.store.direct import mark
from bot.store.sealing import LOOKUP_KEY, Ring

BUSY_TIMEOUT_MILLISECONDS = 3_000
POOL_SIZE = 6

# Engines without a connection that nobody uses, by store and whether they write: each keeps the statements that it has
# compiled, which takes longer than to run them.
_idle: dict[tuple[str, bool], Engine] = {}
_MOST_IDLE = 8

# The database itself is in trouble: gone, full, locked, read only. Nothing was stored, and it may work later.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
# The database ended our transaction because of another one: it works when it is run again.
_RUN_AGAIN = frozenset({"40001", "40P01"})

# A server or network that went away is noticed within seconds; a process that stopped in mid-transaction is not waited
# for. No statement is ended for being slow, as the database's own log would then contain people's words.
_SESSION = {
    "timezone": "UTC",
    "application_name": "ackbot",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "8s",
}
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def is_shared(url: str) -> bool:
    """Tell whether several processes may work on this store: PostgreSQL yes, a SQLite file no."""
    return make_url(url).get_backend_name() == "postgresql"


def database_path(url: str) -> Path:
    """Return the file of a `sqlite:///PATH` address (relative to the working directory)."""
    return Path(make_url(url).database or "")


def driver_url(url: str) -> URL:
    """Return the address with the driver that we use."""
    address = make_url(url)
    return address.set(drivername="postgresql+psycopg") if is_shared(url) else address


def connection_options() -> dict[str, Any]:
    """Return the options of the PostgreSQL driver in addition to the address."""
    return {**_CONNECTION, "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items())}


def connection_arguments(url: str) -> dict[str, Any]:
    """Return all arguments of the PostgreSQL driver for a connection."""
    address = driver_url(url)
    _, arguments = address.get_dialect()().create_connect_args(address)
    return {**arguments, **connection_options()}


def engine_of(url: str, *, writes: bool, ring: Ring | None = None) -> Engine:
    """Return an engine for a store: its transactions write, or see one consistent state and can change nothing.

    With a `ring` people's words are encrypted and decrypted; without, they are read as they are stored. Nobody else
    has it until it is given back.
    """
    engine = _idle.pop(_key(url, writes=writes), None) if ring is None else None
    if engine is None:
        engine = _engine(url, writes=writes)
    give(engine.dialect, ring)
    if ring is not None:
        event.listen(engine, "first_connect", partial(_read_lookup_key, ring))
    return engine


def give_back(engine: Engine, url: str, *, writes: bool) -> None:
    """Close the connections of an engine, and keep it for whoever opens the same store next in this process."""
    engine.dispose()
    if ring_of(engine.dialect) is None:
        if len(_idle) >= _MOST_IDLE:
            _idle.pop(next(iter(_idle)), None)
        _idle[_key(url, writes=writes)] = engine


def _key(url: str, *, writes: bool) -> tuple[str, bool]:
    return (url if is_shared(url) else str(database_path(url).absolute()), writes)


def _read_lookup_key(ring: Ring, connection: Any, _record: Any) -> None:
    """Give the ring the store's own key, which only it can read."""
    cursor = connection.cursor()
    cursor.execute(f"SELECT value FROM rules WHERE name = '{LOOKUP_KEY}'")  # noqa: S608 - our own words
    row = cursor.fetchone()
    connection.rollback()
    if row is not None:
        ring.take_lookup_key(row[0])


def _engine(url: str, *, writes: bool) -> Engine:
    if is_shared(url):
        engine = create_engine(
            driver_url(url),
            pool_size=POOL_SIZE,
            hide_parameters=True,  # an error's text is logged, and parameters are people's words
            connect_args=connection_options(),
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        )
        return engine if writes else engine.execution_options(postgresql_readonly=True)
    return sqlite_engine(url, begin="BEGIN IMMEDIATE" if writes else "BEGIN", read_only=not writes)


@contextmanager
def transaction(url: str, *, writes: bool, ring: Ring | None = None) -> Iterator[Connection]:
    """Open one transaction on a connection of its own."""
    engine = engine_of(url, writes=writes, ring=ring)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        give_back(engine, url, writes=writes)


def sqlite_engine(url: str, *, begin: str, read_only: bool = False) -> Engine:
    """Return an engine whose transactions start with `begin`, in WAL mode, durable over a power cut."""
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=4,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction by itself
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")  # people's words are not written to files outside the store
        connection.execute("PRAGMA secure_delete=ON")  # erased content does not stay in a free page
        connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")

    event.listen(engine, "begin", partial(mark, statement=begin))
    return engine


def reason_of(error: BaseException) -> str:
    """Return the database's own words in one line, without the statement."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(original).partition("\n")[0]


def can_run_again(error: BaseException) -> bool:
    """Tell whether the same unit of work may just be run once more."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _RUN_AGAIN
