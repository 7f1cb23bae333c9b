"""A store moves from SQLite to PostgreSQL whole, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.core.deliveries import NewDelivery, Purpose
from bot.core.events import Event, EventKind
from bot.store import contacts, copying, outbox, schema
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.tables import leases
from tests.components.postgres import Postgres

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path, fresh_file: Path) -> str:
    """A SQLite store with a contact, a message with a NUL, what came over the wire, and a claim of a dead process."""
    path = tmp_path / "old.db"
    path.write_bytes(fresh_file.read_bytes())
    url = f"sqlite:///{path}"
    store = Store(url)
    store.write_now(lambda c: _fill(c, 41))
    store.let_go()
    return url


def _fill(connection: Connection, number: int) -> None:
    contact = {"id": number, "reference": f"EX-{number}", "channel": "inbox", "external_id": f"<{number}@a.example>"}
    contact |= {"state": "open", "outcome": "acknowledge", "rule": "", "reason": "", "received_at": NOW}
    contact |= {"next_look_at": NOW, "muted": False, "forgotten": False}
    message = {"id": number, "contact_id": number, "channel": "inbox", "external_id": f"<{number}@a.example>"}
    message |= {"message_id": f"<{number}@a.example>", "digest": "d", "received_at": NOW, "text": "half\0way"}
    contacts.add(connection, [contact], [message], [{"message_id": number, "raw": b"\0\xff raw"}])
    contacts.note(connection, [Event(number, NOW, EventKind.LOGGED)])
    delivery = NewDelivery(
        key=f"{number}:acknowledgement",
        contact_id=number,
        purpose=Purpose.ACKNOWLEDGEMENT,
        channel="post",
        recipient="a@a.example",
        message_id=f"<ack{number}@a.example>",
        created_at=NOW,
        next_attempt_at=NOW,
        id=number,
    )
    outbox.queue(connection, [delivery])
    outbox.claim(connection, "post", NOW, NOW.replace(year=2027), 9)


@pytest.fixture
def new(postgres: Postgres) -> Iterator[str]:
    """An empty database."""
    yield postgres.create("moved")
    postgres.drop("moved")


def test_every_row_moves_and_no_number_is_used_again(old: str, new: str) -> None:
    """Instants, words and raw bytes are the same; the next contact has a new number; claims fall due again."""
    done = CliRunner().invoke(app, ["store", "copy", old, new])
    assert done.exit_code == 0, done.output
    assert "1 contacts" in done.stdout
    assert "1 raw_messages" in done.stdout
    moved = Store(new)
    (contact,) = moved.read_now(contacts.list_all)
    (message,) = moved.read_now(lambda c: contacts.messages_of(c, contact.id))
    assert (contact.id, contact.received_at, contact.next_look_at) == (41, NOW, NOW)
    assert message.text == "half\N{REPLACEMENT CHARACTER}way"
    assert moved.read_now(lambda c: contacts.raw_messages_of(c, 41)) == [b"\0\xff raw"]
    assert next(moved.write_now(lambda c: contacts.numbers(c, 1)).contacts) == 42
    assert len(moved.write_now(lambda c: outbox.claim(c, "post", datetime.now(UTC), NOW, 9))) == 1  # noqa: TID251
    moved.let_go()


def test_a_store_that_holds_something_is_not_added_to(old: str, new: str) -> None:
    """Neither is anything taken from where it is; the reason is said."""
    assert CliRunner().invoke(app, ["store", "copy", old, new]).exit_code == 0
    again = CliRunner().invoke(app, ["store", "copy", old, new])
    assert (again.exit_code, "the new store is not empty" in again.stderr) == (2, True)
    with schema.exclusive(old):
        running = CliRunner().invoke(app, ["store", "copy", old, new])
    assert (running.exit_code, "another Ackbot is running" in running.stderr) == (2, True)


def test_an_interruption_leaves_the_new_store_empty(old: str, new: str) -> None:
    """Half way there is nothing: one transaction holds it all."""
    schema.upgrade(new)

    def interrupted(table: str, done: int, _of: int) -> None:
        if (table, done) == ("messages", 1):
            raise KeyboardInterrupt

    with (
        transaction(old, writes=False) as source,
        pytest.raises(KeyboardInterrupt),
        transaction(new, writes=True) as target,
    ):
        copying.copy(source, target, NOW, interrupted)
    with transaction(new, writes=False) as target:
        counts = copying.rows_in(target)
    assert {name for name, count in counts.items() if count} == {"rules"}


def test_only_a_sqlite_store_of_this_version_is_copied(tmp_path: Path, new: str) -> None:
    """The wrong way round, nothing there, no address, no server: status 2 and what to do."""
    for source, target, words in (
        (new, f"sqlite:///{tmp_path}/a.db", "A SQLite store is copied to PostgreSQL"),
        (f"sqlite:///{tmp_path}/none.db", new, "There is no store of this version's schema"),
        ("nonsense", new, "not an address"),
    ):
        done = CliRunner().invoke(app, ["store", "copy", source, target])
        assert (done.exit_code, words in done.stderr) == (2, True), done.output


def test_leases_stay_behind(old: str, new: str) -> None:
    """Who held what says nothing about the new store: there it is free to be taken."""
    schema.upgrade(new)
    with transaction(old, writes=True) as source:
        source.execute(insert(leases).values(name="inbox", holder="dead", held_until=NOW))
    with transaction(old, writes=False) as source, transaction(new, writes=True) as target:
        counts = copying.copy(source, target, NOW, lambda *_: None)
        assert source.execute(select(leases.c.name)).scalars().all() == ["inbox"]
        assert target.execute(select(leases.c.name)).scalars().all() == []
    assert (counts["contacts"], "leases" in counts) == (1, False)
