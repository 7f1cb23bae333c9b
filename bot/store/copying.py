"""Copies a store to another database: every row, and the numbers in use, in one transaction of the new one."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from bot.store import contacts, outbox
from bot.store.tables import leases, metadata, rules

ROWS_AT_ONCE = 1_000
# The leases of the old store have no meaning in the new one.
TABLES = tuple(table for table in metadata.sorted_tables if table is not leases)


Progress = Callable[[str, int, int], None]


class NotCopied(Exception):
    """The new store is as empty as before; the text says why."""


def rows_in(connection: Connection) -> dict[str, int]:
    """Return the number of rows by table."""
    return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in TABLES}


def copy(source: Connection, target: Connection, now: datetime, progress: Progress) -> dict[str, int]:
    """Copy every row; return the counts, which are the same in both. Raises NotCopied.

    `progress` gets the table, the number of its rows copied, and of all its rows.
    """
    target.execute(delete(rules))  # the migrations of a new store have written some
    if full := [name for name, count in rows_in(target).items() if count]:
        raise NotCopied(f"the new store is not empty: it has {', '.join(full)}")
    source_counts = rows_in(source)
    for table in TABLES:
        copied_count = 0
        progress(table.name, copied_count, source_counts[table.name])
        for rows in _pages(source, table):
            target.execute(insert(table), rows)
            copied_count += len(rows)
            progress(table.name, copied_count, source_counts[table.name])
    contacts.count_on(target, contacts.numbers_used(source))
    outbox.release_all(target, now)
    if (target_counts := rows_in(target)) != source_counts:
        raise NotCopied(f"{target_counts} rows were written for {source_counts}")
    return target_counts


def _pages(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    key = list(table.primary_key.columns)
    columns = [column for column in table.columns if column.computed is None]
    result = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(*columns).order_by(*key))
    for page in result.mappings().partitions():
        yield [{name: _clean(value) for name, value in row.items()} for row in page]


def _clean(value: Any) -> Any:
    """Replace NUL, which PostgreSQL's text cannot contain."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value
