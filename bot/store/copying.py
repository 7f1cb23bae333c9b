"""From one database to the other: every row, and the numbers that were used, in one transaction of the new one."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from bot.store import contacts, outbox
from bot.store.tables import leases, metadata, rules

ROWS_AT_ONCE = 1_000
# Who held what in the old store is of no use in the new one.
TABLES = tuple(table for table in metadata.sorted_tables if table is not leases)


Progress = Callable[[str, int, int], None]


class NotCopied(Exception):
    """The new store is as empty as before; the text says why."""


def rows_in(connection: Connection) -> dict[str, int]:
    """Table -> how many rows it has."""
    return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in TABLES}


def copy(source: Connection, target: Connection, now: datetime, progress: Progress) -> dict[str, int]:
    """Copy every row; returns the counts, which are the same in both. Raises NotCopied.

    `progress` is told the table, how many of its rows are copied, and of how many.
    """
    target.execute(delete(rules))  # a new store has what its migrations know
    if full := [name for name, count in rows_in(target).items() if count]:
        raise NotCopied(f"the new store is not empty: it has {', '.join(full)}")
    expected = rows_in(source)
    for table in TABLES:
        done = 0
        progress(table.name, done, expected[table.name])
        for rows in _pages(source, table):
            target.execute(insert(table), rows)
            done += len(rows)
            progress(table.name, done, expected[table.name])
    contacts.count_on(target, contacts.numbers_used(source))
    outbox.release_all(target, now)
    if (found := rows_in(target)) != expected:
        raise NotCopied(f"{found} rows were written for {expected}")
    return found


def _pages(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    key = list(table.primary_key.columns)
    kept = [column for column in table.columns if column.computed is None]
    result = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(*kept).order_by(*key))
    for page in result.mappings().partitions():
        yield [{name: _clean(value) for name, value in row.items()} for row in page]


def _clean(value: Any) -> Any:
    """PostgreSQL's text takes no NUL."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value
