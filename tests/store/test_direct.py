"""What goes to SQLite's driver directly does what SQLAlchemy would have done, in a part of the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.core.deliveries import NewDelivery, Purpose
from bot.store import contacts, outbox, schema, sealing
from bot.store.databases import engine_of, sqlite_engine
from bot.store.direct import mark, rows_of, run_many
from bot.store.known import LOGGED, RECENT
from bot.store.sealing import Ring
from bot.store.tables import contacts as table
from bot.store.tables import deliveries

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
LONDON_SUMMER = datetime(2026, 7, 1, 10, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture(params=["plain", "sealed"])
def connection(store_url: str, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A transaction on each database, with and without a key for people's words."""
    schema.upgrade(store_url)
    ring = Ring([sealing.new_key()]) if request.param == "sealed" else None
    if ring is not None:
        ring.take_lookup_key(sealing.new_lookup_key(ring))
    engine = engine_of(store_url, writes=True, ring=ring)
    with engine.begin() as made:
        yield made
    engine.dispose()


def _contact(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"EX-{number}",
        "channel": "inbox",
        "external_id": f"<{number}@a.example>",
        "state": "open",
        "outcome": "acknowledge",
        "rule": "24 person",
        "reason": "a person wrote",
        "sender_key": "sam@a.example",
        "subject": "A hole, \N{SNOWMAN} and '; DROP TABLE contacts",
        "received_at": LONDON_SUMMER,
        "next_look_at": NOW,
        "clock_changed": True,
        **more,
    }


def _message(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "contact_id": number,
        "channel": "inbox",
        "external_id": f"<{number}@a.example>",
        "message_id": f"<{number}@a.example>",
        "digest": "d",
        "received_at": NOW,
        "sender_address": None,
        "text": "There is a hole in the road.",
    }


def test_rows_are_stored_as_sqlalchemy_stores_them(connection: Connection) -> None:
    """Text, nothing, yes and no, instants in any zone, sealed words: read back the usual way they are what went in."""
    rows = [_contact(1), _contact(2, subject="", state="logged", next_look_at=None, clock_changed=False)]
    run_many(connection, contacts._ADD[0], rows)
    stored_rows = connection.execute(select(table).order_by(table.c.id)).mappings().all()
    for row, original in zip(stored_rows, rows, strict=True):
        assert {name: row[name] for name in original} == original


def test_values_that_are_the_same_for_every_row_are_kept(connection: Connection) -> None:
    """A statement's own values, and its functions, work beside those of the rows."""
    run_many(connection, contacts._ADD[0], [_contact(1, acknowledged_by="receipt"), _contact(2, acknowledged_by="x")])
    contacts.note_receipt(connection, [(1, NOW), (2, NOW)])
    query = select(table.c.receipt_sent_at, table.c.acknowledged_at).order_by(table.c.id)
    assert [tuple(row) for row in connection.execute(query)] == [(NOW, NOW), (NOW, None)]


def test_a_row_with_other_names_is_refused(connection: Connection) -> None:
    """The statement has the names of the first row: what only a later one has would be lost without a word."""
    with pytest.raises(ValueError, match="different names"):
        run_many(connection, contacts._ADD[0], [_contact(1), _contact(2) | {"urgent": "gas"}])


def test_rows_are_found_as_sqlalchemy_finds_them(connection: Connection) -> None:
    """For lists of any length, none and several; instants are instants."""
    run_many(connection, contacts._ADD[0], [_contact(n) for n in (1, 2, 3)])
    run_many(connection, contacts._ADD[1], [_message(n) for n in (1, 2, 3)])
    for numbers in ((), (1,), (1, 3), (1, 2, 3, 4)):
        parameters: dict[str, Any] = {"ids": [f"<{n}@a.example>" for n in numbers]}
        expected = [tuple(row) for row in connection.execute(LOGGED, parameters)]
        assert sorted(rows_of(connection, LOGGED, parameters)) == sorted(expected)
        assert len(expected) == len([n for n in numbers if n < 4])
    parameters = {"people": ["sam@a.example"], "mailboxes": [], "since": NOW - timedelta(days=365), "now": NOW}
    late = rows_of(connection, RECENT, parameters)
    assert [row[1] for row in late] == [LONDON_SUMMER] * 3
    assert sorted(late) == sorted(tuple(row) for row in connection.execute(RECENT, parameters))


def test_what_was_queued_before_is_left_as_it_is(connection: Connection) -> None:
    """ON CONFLICT works, and no row of a later statement is lost for it."""
    for keys in (("a", "b"), ("b", "c")):
        new = [NewDelivery(key, None, Purpose.DIGEST, "post", keys[0], f"<{key}>", NOW, NOW) for key in keys]
        outbox.queue(connection, new)
    query = select(deliveries.c.key, deliveries.c.recipient).order_by(deliveries.c.key)
    assert [tuple(row) for row in connection.execute(query)] == [("a", "a"), ("b", "a"), ("c", "b")]


def test_errors_are_those_that_everybody_expects(connection: Connection) -> None:
    """They have SQLAlchemy's names, and hold nothing that a person wrote."""
    mark(connection, "SAVEPOINT before")
    with pytest.raises(IntegrityError) as refused:
        run_many(connection, contacts._ADD[0], [_contact(1), _contact(1)])
    assert "hole" not in str(refused.value)
    mark(connection, "ROLLBACK TO before")
    assert connection.execute(select(table)).all() == []


def test_a_locked_store_is_known_as_one(tmp_path: Any) -> None:
    """Who begins while another writes is told so by the error that means 'try again'."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.upgrade(url)
    first, second = (sqlite_engine(url, begin="BEGIN IMMEDIATE") for _ in range(2))
    with second.connect() as waiting:
        waiting.connection.driver_connection.execute("PRAGMA busy_timeout=1")  # type: ignore[union-attr]
        with first.begin() as busy:
            busy.execute(text("DELETE FROM rules"))
            with pytest.raises(OperationalError):
                waiting.execute(text("DELETE FROM rules"))
    first.dispose()
    second.dispose()
