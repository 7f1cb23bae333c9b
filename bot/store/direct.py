"""Runs the few statements that every message needs by the database's driver, as SQLAlchemy takes longer than they do.

Two of them are locks, which only PostgreSQL needs: on SQLite the one writer holds the lock of the store.

The text of a statement and the conversion of its values are SQLAlchemy's own, made once. A statement must be a constant
of its module, as its prepared form is cached.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import CompoundSelect, Select

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
Values = Mapping[str, Any]
Row = tuple[Any, ...]
# Converts a value for the driver, or from it; None where no conversion is needed.
Convert = Callable[[Any], Any] | None

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ackbot ' || :what))")
# The keys are far above those of the first lock, which are hashes of 32 bits. Before the first number is given out,
# PostgreSQL already reports it as the last one.
_EVENTS = text(
    "SELECT pg_advisory_xact_lock_shared(4611686018427387904 + last_value - CASE WHEN is_called THEN 0 ELSE 1 END) "
    "FROM events_id_seq"
)
RECEIVING, RECOMPUTING, WORDS, LINKING = "receiving", "recomputing", "words", "linking"
CALLING, COUNTING, KEYS, FIGURES = "calling", "counting", "keys", "figures"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A prepared statement: `words` is its text, `fixed` are values that are always the same.

    `pick` takes the values in order from their names, `conversions` has the places of those that the driver needs in
    another form. `lists` has the parameter names of the values of a list; `outputs` the places of columns that come
    in another form from the driver, with their conversions.
    `names` is empty where the driver takes values in order, as SQLite's does.
    """

    words: str
    names: tuple[str, ...]
    pick: Callable[[Values], Iterable[Any]]
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]
    fixed: Values
    lists: Mapping[str, Sequence[str]]
    outputs: tuple[tuple[int, Callable[[Any], Any]], ...]

    def arguments(self, values: Values) -> list[Any] | dict[str, Any]:
        """Return the values as the driver takes them."""
        if self.fixed or self.lists:
            of_lists = (zip(singles, values[name], strict=True) for name, singles in self.lists.items())
            values = {**self.fixed, **values, **dict(chain.from_iterable(of_lists))}
        arguments = [*self.pick(values)]
        for place, convert in self.conversions:
            arguments[place] = convert(arguments[place])
        return dict(zip(self.names, arguments, strict=True)) if self.names else arguments

    def read(self, row: Row) -> Row:
        """Return a row of the driver with converted values."""
        values = [*row]
        for place, convert in self.outputs:
            values[place] = convert(values[place])
        return tuple(values)


def run_many(connection: Connection, statement: UpdateBase, rows: Sequence[Values]) -> None:
    """Run a statement once for each row, if there is any. Raises as SQLAlchemy does.

    Raises ValueError where a row has other names than the first: what the first lacks would be lost.
    """
    if not rows:
        return
    if any(row.keys() != rows[0].keys() for row in rows[1:]):
        raise ValueError("the rows of one statement have different names")
    prepared = _prepared(connection.dialect, statement, tuple((name, None) for name in rows[0]))
    arguments = [prepared.arguments(row) for row in rows]
    try:
        _cursor(connection).executemany(prepared.words, arguments)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _sqlalchemy_error(connection, prepared.words, error) from error


def rows_of(connection: Connection, statement: Query, values: Values) -> list[Row]:
    """Return every row of a query; its values may be lists, for IN. Raises as SQLAlchemy does."""
    names = tuple((name, len(value) if isinstance(value, list) else None) for name, value in values.items())
    prepared = _prepared(connection.dialect, statement, names)
    arguments = prepared.arguments(values)
    try:
        rows = _cursor(connection).execute(prepared.words, arguments).fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _sqlalchemy_error(connection, prepared.words, error) from error
    return [prepared.read(row) for row in rows]


def stream(connection: Connection, statement: Query, values: Values) -> Iterator[Row]:
    """Return the rows of a query one after another, as the driver returns them: no value is converted.

    On PostgreSQL some thousand are fetched at once. Raises as SQLAlchemy does.
    """
    prepared = _prepared(connection.dialect, statement, tuple((name, None) for name in values))
    driver: Any = connection.connection.driver_connection
    is_shared = connection.dialect.name == "postgresql"
    try:
        with closing(driver.cursor(name="ackbot_stream") if is_shared else driver.cursor()) as cursor:
            yield from cursor.execute(prepared.words, prepared.arguments(values))
    except connection.dialect.loaded_dbapi.Error as error:
        raise _sqlalchemy_error(connection, prepared.words, error) from error


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send statements of `run_many` without waiting for their answers: PostgreSQL's pipeline mode, one round trip.

    A failure of any of them is raised at the end, as SQLAlchemy raises it.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _sqlalchemy_error(connection, "(several statements)", error) from error


def mark(connection: Connection, statement: str) -> None:
    """Run a statement without values, such as BEGIN or SAVEPOINT. Raises as SQLAlchemy does."""
    try:
        _cursor(connection).execute(statement)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _sqlalchemy_error(connection, statement, error) from error


def alone(connection: Connection, activity: str) -> None:
    """Lock an activity until the end of the transaction; on SQLite its write lock does so already.

    Whether a person has had a receipt, or a mail exists already, is read and then written: two processes that did so at
    once would both go ahead.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": activity})


def writing_events(connection: Connection) -> None:
    """Announce that this transaction writes events, until its end; to be called before the first of them.

    `settled.up_to` reads the announcements.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_EVENTS)


def _cursor(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


def _sqlalchemy_error(connection: Connection, words: str, error: Exception) -> BaseException:
    """Return the driver's error as SQLAlchemy names it, without the values: they are people's words."""
    driver_error = connection.dialect.loaded_dbapi.Error
    return DBAPIError.instance(words, None, error, driver_error, hide_parameters=True)


# For two engines, and lists of up to a hundred: a miss costs many times what a hit saves.
@lru_cache(maxsize=2048)
def _prepared(dialect: Dialect, statement: UpdateBase | Query, names: tuple[tuple[str, int | None], ...]) -> _Prepared:
    """Prepare a statement for values of these names, and for lists of these lengths."""
    column_keys = [name for name, _ in names] if isinstance(statement, UpdateBase) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=column_keys)
    samples = {name: None if length is None else [None] * length for name, length in names}
    state = compiled.construct_expanded_state(samples)
    of_lists = {single: name for name, singles in state.parameter_expansion.items() for single in singles}
    variable = samples.keys() | of_lists.keys()
    inputs = _inputs(dialect, compiled, state.positiontup or [*state.parameters], of_lists)
    return _Prepared(
        words=state.statement,
        names=() if compiled.positional else tuple(name for name, _ in inputs),
        pick=_picker([name for name, _ in inputs]),
        conversions=_conversions(convert for _, convert in inputs),
        fixed={name: value for name, value in state.parameters.items() if name not in variable},
        lists=dict(state.parameter_expansion),
        outputs=() if isinstance(statement, UpdateBase) else _outputs(dialect, statement),
    )


def _inputs(
    dialect: Dialect, compiled: Any, names: Sequence[str], of_lists: Mapping[str, str]
) -> tuple[tuple[str, Convert], ...]:
    """Return each parameter with its conversion; that of a value of a list is the list's."""
    types = [compiled.binds[of_lists.get(name, name)].type for name in names]
    return tuple(
        (name, _kind(dialect, column_type).bind_processor(dialect))
        for name, column_type in zip(names, types, strict=True)
    )


def _conversions(converters: Iterable[Convert]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    return tuple((place, convert) for place, convert in enumerate(converters) if convert is not None)


def _picker(names: Sequence[str]) -> Callable[[Values], Iterable[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]  # itemgetter gives a tuple of two or more only


def _outputs(dialect: Dialect, query: Query) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    return _conversions(
        _kind(dialect, column.type).result_processor(dialect, None) for column in query.selected_columns
    )


def _kind(dialect: Dialect, column_type: Any) -> Any:
    """Return a type in the form of this database."""
    return column_type.dialect_impl(dialect)
