"""The store of the oldest program, with what it had logged, acknowledged, alerted and left undone when it was killed.

`tests/store/first_schema.sql` is that program's own file, as SQLite writes a file out: eight open contacts, three that
are answered (one of them forgotten), two that owe nobody an answer, two receipts that wait, one that was refused.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, NullPool, Table, create_engine, make_url, select, text

from bot.store import schema
from bot.store.databases import database_path, is_shared, transaction

FILE = Path(__file__).parent / "first_schema.sql"
FIRST = "0001"


def put(url: str) -> None:
    """Make the store at an address where there is none; on PostgreSQL, where no program before 0004 ran, as a copy."""
    if not is_shared(url):
        with closing(sqlite3.connect(database_path(url))) as connection:
            connection.executescript(FILE.read_text(encoding="utf-8"))
        return
    schema.upgrade(url, FIRST)
    with transaction(url, writes=True) as connection:
        tables = first_tables(connection)
        for name, rows in _rows_of_file(tables).items():
            if rows:
                connection.execute(tables[name].insert(), rows)
            if "id" in tables[name].c:
                connection.execute(text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"))  # noqa: S608


def first_tables(connection: Connection) -> dict[str, Table]:
    """The tables of the first schema with the columns that they have now; parents before children."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def content(connection: Connection, tables: dict[str, Table]) -> dict[str, list[Any]]:
    """Every row of these tables, in the columns that they had when they were read."""
    return {
        name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for name, table in tables.items()
    }


def _rows_of_file(tables: dict[str, Table]) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(make_url("sqlite://"), poolclass=NullPool)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.executescript(FILE.read_text(encoding="utf-8"))
        old = first_tables(connection)
        rows = {name: connection.execute(select(old[name])).mappings().all() for name in tables}
    return {name: [{key: _zoned(value) for key, value in row.items()} for row in rows[name]] for name in tables}


def _zoned(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
