"""The few statements that every message needs, passed to SQLite's own driver: SQLAlchemy would cost more than they do.

Two of them are locks, which PostgreSQL alone needs: on SQLite the one writer holds the lock of the whole store.

The words of a statement and the conversion of its values are SQLAlchemy's own, made once. PostgreSQL, where the way to
the server costs more than either, goes the usual way. A statement must be one that is kept (a constant of its
module), for what was made of it is remembered.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import CompoundSelect, Select

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
Values = Mapping[str, Any]
Row = tuple[Any, ...]
# A value as the driver takes or gives it; None where it is so already.
Convert = Callable[[Any], Any] | None

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ackbot ' || :what))")
# Its keys are far above those of the first lock, which are hashes of 32 bits. Before the first number was given out
# PostgreSQL reports it as the last one already.
_EVENTS = text(
    "SELECT pg_advisory_xact_lock_shared(4611686018427387904 + last_value - CASE WHEN is_called THEN 0 ELSE 1 END) "
    "FROM events_id_seq"
)
RECEIVING, RECOMPUTING, WORDS = "receiving", "recomputing", "words"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """`words` are what the driver is told, `taken` the values in its order, `fixed` those that are always the same.

    `lists` says under which names the values of a list are taken; `found` what becomes of each column of a row.
    """

    words: str
    taken: tuple[tuple[str, Convert], ...]
    fixed: Values
    lists: Mapping[str, Sequence[str]]
    found: tuple[Convert, ...]

    def given(self, values: Values) -> list[Any]:
        """The values as the driver takes them."""
        whole = {**self.fixed, **values}
        for name, singles in self.lists.items():
            whole.update(zip(singles, values[name], strict=True))
        return [whole[name] if convert is None else convert(whole[name]) for name, convert in self.taken]

    def read(self, row: Row) -> Row:
        """A row as the driver gave it, with our values."""
        return tuple(v if convert is None else convert(v) for v, convert in zip(row, self.found, strict=True))


def run_many(connection: Connection, statement: UpdateBase, rows: Sequence[Values]) -> None:
    """Run a statement once for each row, if there is any; all have the same names. Raises as SQLAlchemy does."""
    if not rows:
        return
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        connection.execute(statement, [dict(row) for row in rows])
        return
    known = _prepared(connection.dialect, statement, tuple((name, None) for name in rows[0]))
    try:
        driver.executemany(known.words, [known.given(row) for row in rows])
    except sqlite3.Error as error:
        raise _translated(known.words, error) from error


def rows_of(connection: Connection, statement: Query, asked: Values) -> list[Row]:
    """Every row that a query finds; what is asked may hold lists, for IN. Raises as SQLAlchemy does."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        return [tuple(row) for row in connection.execute(statement, dict(asked))]
    names = tuple((name, len(value) if isinstance(value, list) else None) for name, value in asked.items())
    known = _prepared(connection.dialect, statement, names)
    try:
        rows = driver.execute(known.words, known.given(asked)).fetchall()
    except sqlite3.Error as error:
        raise _translated(known.words, error) from error
    return [known.read(row) for row in rows]


def mark(connection: Connection, statement: str) -> None:
    """BEGIN, SAVEPOINT and their like, without values. Raises as SQLAlchemy does."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        connection.exec_driver_sql(statement)
        return
    try:
        driver.execute(statement)
    except sqlite3.Error as error:
        raise _translated(statement, error) from error


def alone(connection: Connection, what: str) -> None:
    """Until the end of the transaction nobody else does this; SQLite's write lock says so already.

    Whether a person has had a receipt, or a mail is here already, is asked and then written: two processes that do so
    at once would both say yes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": what})


def writing_events(connection: Connection) -> None:
    """Announce, until the end of the transaction, that events are written in it; before the first of them is.

    `settled.up_to` reads the announcements.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_EVENTS)


def _translated(words: str, error: sqlite3.Error) -> BaseException:
    """The error as SQLAlchemy names it, without the values: they are people's words."""
    return DBAPIError.instance(words, None, error, sqlite3.Error, hide_parameters=True)


# Of two engines, and of lists of up to a hundred: a miss costs what a hit saves many times.
@lru_cache(maxsize=2048)
def _prepared(dialect: Dialect, statement: UpdateBase | Query, names: tuple[tuple[str, int | None], ...]) -> _Prepared:
    """For values of these names, and for lists of these lengths."""
    kept = [name for name, _ in names] if isinstance(statement, UpdateBase) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=kept)
    like = {name: None if length is None else [None] * length for name, length in names}
    state = compiled.construct_expanded_state(like)
    of_lists = {single: name for name, singles in state.parameter_expansion.items() for single in singles}
    kinds = {name: _kind(dialect, compiled.binds[of_lists.get(name, name)].type) for name in state.positiontup}
    columns = statement.selected_columns if not isinstance(statement, UpdateBase) else ()
    return _Prepared(
        words=state.statement,
        taken=tuple((name, kinds[name].bind_processor(dialect)) for name in state.positiontup),
        fixed={name: value for name, value in state.parameters.items() if name not in like and name not in of_lists},
        lists=dict(state.parameter_expansion),
        found=tuple(_kind(dialect, one.type).result_processor(dialect, None) for one in columns),
    )


def _kind(dialect: Dialect, declared: Any) -> Any:
    """A type as this database keeps it."""
    return declared.dialect_impl(dialect)
