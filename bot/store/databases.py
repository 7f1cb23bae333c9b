"""The two databases that a store can be kept in, by its address: how connections to each are made."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.pool import QueuePool

from bot.store.column_types import give
from bot.store.direct import mark
from bot.store.sealing import Ring

BUSY_TIMEOUT_MILLISECONDS = 3_000
POOL_SIZE = 6

# The database itself is in trouble: gone, full, locked, read only. Nothing was stored, and it may work later.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
# Two transactions stood in each other's way, and the database ended ours: run again, it works.
_RUN_AGAIN = frozenset({"40001", "40P01"})

# A server or a network that went away is noticed in seconds; a process that stopped in mid-transaction is not waited
# for. People's words are not to stand in the database's own log, hence no statement is too slow to be ended.
_SESSION = {
    "timezone": "UTC",
    "application_name": "ackbot",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "8s",
}
_LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def is_shared(url: str) -> bool:
    """Whether several processes may work on this store: PostgreSQL yes, a SQLite file no."""
    return make_url(url).get_backend_name() == "postgresql"


def database_path(url: str) -> Path:
    """The file of a `sqlite:///PATH` address (relative to the working directory)."""
    return Path(make_url(url).database or "")


def shown(url: str) -> str:
    """The address without its password, for people."""
    return make_url(url).render_as_string(hide_password=True)


def driver_url(url: str) -> URL:
    """The address with the driver that we use."""
    made = make_url(url)
    return made.set(drivername="postgresql+psycopg") if is_shared(url) else made


def line_options() -> dict[str, Any]:
    """What the PostgreSQL driver is told besides the address when it connects."""
    return {**_LINE, "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items())}


def line_arguments(url: str) -> dict[str, Any]:
    """Everything that the PostgreSQL driver is told when it connects."""
    made = driver_url(url)
    _, arguments = made.get_dialect()().create_connect_args(made)
    return {**arguments, **line_options()}


def engine_of(url: str, *, writes: bool, ring: Ring | None = None) -> Engine:
    """An engine for a store's address: its transactions write, or see one consistent state and can change nothing.

    With a `ring` people's words are sealed and opened; without, they come as they are stored.
    """
    engine = _engine(url, writes=writes)
    give(engine.dialect, ring)
    return engine


def _engine(url: str, *, writes: bool) -> Engine:
    if is_shared(url):
        engine = create_engine(
            driver_url(url),
            pool_size=POOL_SIZE,
            hide_parameters=True,  # an error's text is logged, and parameters are people's words
            connect_args=line_options(),
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        )
        return engine if writes else engine.execution_options(postgresql_readonly=True)
    return sqlite_engine(url, begin="BEGIN IMMEDIATE" if writes else "BEGIN", read_only=not writes)


@contextmanager
def transaction(url: str, *, writes: bool, ring: Ring | None = None) -> Iterator[Connection]:
    """One transaction on a connection of its own."""
    engine = engine_of(url, writes=writes, ring=ring)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def sqlite_engine(url: str, *, begin: str, read_only: bool = False) -> Engine:
    """An engine whose transactions start with `begin`, in WAL mode, durable over a power cut."""
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=4,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; we say when
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")  # people's words do not spill into files outside the store
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is not left in a free page
        connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")

    event.listen(engine, "begin", partial(mark, statement=begin))
    return engine


def runs_again(error: BaseException) -> bool:
    """Whether the same unit of work may just be run once more."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _RUN_AGAIN
