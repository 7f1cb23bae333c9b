"""What the tables say once: the conditions of their indexes, what falls due next, and the columns of a contact."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, TextClause, insert, select

from bot.core.clocks import due_next
from bot.core.contacts import Contact
from bot.store import conditions
from bot.store.databases import engine_of
from bot.store.tables import contacts

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STORE = Path(conditions.__file__).parent


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    """A transaction on each database."""
    engine = engine_of(store_url, writes=True)
    with engine.begin() as begun:
        yield begun
    engine.dispose()


def test_what_falls_due_next_is_the_same_for_python_and_for_each_database(connection: Connection) -> None:
    """Whichever date is missing; the platform's time counts while it runs and the clock is not paused."""
    dates = (None, NOW, NOW + timedelta(days=1))
    base = {"channel": "inbox", "state": "logged", "outcome": "log", "rule": "", "reason": "", "received_at": NOW}
    names = ("acknowledge_by", "acknowledged_at", "respond_by", "platform_reply_by", "paused_at", "window_closed")
    cases = list(product(dates, dates[:2], dates, dates, dates[:2], (False, True)))
    rows = [dict(zip(names, facts, strict=True)) for facts in cases]
    numbered = [base | row | {"reference": str(n), "external_id": str(n)} for n, row in enumerate(rows)]
    connection.execute(insert(contacts), numbered)
    query = select(contacts.c.due_at).order_by(contacts.c.id)
    for case, due_at in zip(cases, connection.scalars(query), strict=True):
        first, acknowledged_at, second, reply_by, paused_at, is_closed = case
        counts = reply_by is not None and paused_at is None and not is_closed
        assert due_at == due_next(first, acknowledged_at, second, reply_by if counts else None), case


def test_a_contact_has_the_columns_of_its_table_in_their_order() -> None:
    """It is made from the row as it comes."""
    assert list(Contact.__slots__) == contacts.c.keys()


def test_the_condition_of_an_index_is_written_once() -> None:
    """Queries say it in the very words, or SQLite does not use the index."""
    words = {str(value) for value in vars(conditions).values() if isinstance(value, TextClause)}
    sources = {path.name: path.read_text() for path in STORE.glob("*.py")}
    assert " where=text(" not in sources.pop("tables.py")
    del sources["conditions.py"]
    written = {(name, condition) for name, source in sources.items() for condition in words if condition in source}
    assert words
    assert written == set()
