"""Migrations make exactly the tables that the code uses; an old store is never changed unasked."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, text
from sqlalchemy.exc import IntegrityError

from bot.core.contacts import Contact
from bot.store import contacts, links, needs, rules, schema
from bot.store.databases import transaction
from bot.store.tables import metadata
from tests.components.ports import wait_until
from tests.components.postgres import Postgres
from tests.components.service import ask
from tests.faults import later

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def test_files_of_migrations_are_named_by_their_revisions() -> None:
    """In the order in which they follow one another, so that a start need not read them."""
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert schema.revisions() == tuple(script.revision for script in reversed([*scripts.walk_revisions()]))


def test_migrations_and_tables_agree(empty_url: str) -> None:
    """After every migration nothing is left to migrate."""
    schema.upgrade(empty_url)
    with transaction(empty_url, writes=False) as connection:
        # On SQLite a type is hardly more than a word.
        is_exact = connection.dialect.name == "postgresql"
        opts = {"compare_type": is_exact, "compare_server_default": is_exact, "include_object": _is_in_metadata}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
    assert schema.current(empty_url) == schema.newest()


def test_the_fields_of_a_contact_are_the_columns_of_its_table() -> None:
    """In the same order, as a row is turned into a contact by position."""
    assert [field.name for field in dataclasses.fields(Contact)] == [
        column.name for column in metadata.tables["contacts"].c
    ]


def _is_in_metadata(_object: object, name: str | None, kind: str, *_more: object) -> bool:
    """The words to search by are kept in a way of each database's own."""
    return not (kind == "table" and (name or "").startswith("message_words"))


def test_a_new_store_is_made_and_an_old_one_is_not_touched(tmp_path: Path) -> None:
    """A missing file is made; an older schema is refused until somebody says upgrade."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.prepare(url, may_upgrade=False)
    _say_version(url, "0003")
    with pytest.raises(schema.StoreRefused, match="--upgrade"):
        schema.prepare(url, may_upgrade=False)


def _say_version(url: str, version: str) -> None:
    with transaction(url, writes=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def _row(table: Table) -> dict[str, Any]:
    """A row as a program of that schema would write it: only the columns that it must."""
    row: dict[str, Any] = {"id": None}
    for column in table.columns:
        if not column.nullable and column.server_default is None and not column.primary_key:
            row[column.name] = NOW.replace(tzinfo=None) if "at" in column.name.split("_") else f"{column.name} 1"
    row.pop("id")
    return row | {"state": "logged", "outcome": "log"}


def test_a_newer_schema_that_only_added_is_worked_on(empty_url: str) -> None:
    """While processes are replaced one by one, an older one may start on the newer schema; else it says what to do."""
    schema.prepare(empty_url, may_upgrade=True)
    _say_version(empty_url, "9999")
    schema.prepare(empty_url, may_upgrade=False)
    with transaction(empty_url, writes=True) as connection:
        rules.keep(connection, {schema.SERVES_FROM: "9998"}, NOW)
    with pytest.raises(schema.StoreRefused, match="install that one"):
        schema.prepare(empty_url, may_upgrade=True)


def test_an_older_program_goes_on_while_the_schema_grows(empty_url: str) -> None:
    """From the first schema on: what its program writes is taken by every later one, and read by this one."""
    revisions = schema.revisions()
    schema.upgrade(empty_url, revisions[0])
    with transaction(empty_url, writes=True) as connection:
        first = Table("contacts", MetaData(), autoload_with=connection)
    for number, revision in enumerate(revisions):
        schema.upgrade(empty_url, revision)
        with transaction(empty_url, writes=True) as connection:
            connection.execute(first.insert(), _row(first) | {"reference": f"EX-{number}"})
    with transaction(empty_url, writes=False) as connection:
        assert [contact.reference for contact in contacts.list_all(connection)] == [
            f"EX-{n}" for n in range(len(revisions))
        ]
        assert not any(contact.muted or contact.clock_changed for contact in contacts.list_all(connection))


def test_links_of_staff_and_known_telephones_are_moved(empty_url: str) -> None:
    """A link that staff made is one of many; what a thread goes on with stays; a number has its one form."""
    schema.upgrade(empty_url, "0010")
    with transaction(empty_url, writes=True) as connection:
        first = Table("contacts", MetaData(), autoload_with=connection)
        noted = Table("needs", MetaData(), autoload_with=connection)
        known: list[dict[str, Any]] = [{}, {"linked_to": 1}, {"linked_to": 1}, {"sender_key": "tel:01632960888"}]
        for number, more in enumerate(known, 1):
            connection.execute(first.insert(), _row(first) | {"id": number, "reference": f"EX-{number}"} | more)
        connection.execute(text("INSERT INTO events (contact_id, at, kind) VALUES (2, '2026-11-23', 'linked')"))
        for hour, address in enumerate(["tel:+441632960888", "tel:01632960888"], 1):
            at = NOW.replace(tzinfo=None, hour=hour)
            connection.execute(noted.insert(), {"address": address, "needs": f"{hour}", "noted_by": "", "noted_at": at})
    schema.upgrade(empty_url)
    with transaction(empty_url, writes=False) as connection:
        assert links.of(connection, 1) == [2]
        by_id = contacts.with_id(connection, [2, 3, 4])
        assert [by_id[number].linked_to for number in (2, 3)] == [None, 1]
        assert by_id[4].sender_key == "tel:+441632960888"
        assert getattr(needs.of(connection, ["tel:+441632960888"]), "needs", "") == "2"


def test_an_open_contact_must_have_a_next_look(store_url: str) -> None:
    """The database itself refuses an open contact that nobody would look at again."""
    row = (
        "INSERT INTO contacts (reference, channel, external_id, state, outcome, rule, reason, received_at, "
        "next_look_at) VALUES ('EX-1', 'c', 'e', 'open', 'acknowledge', '', '', '2026-01-01', NULL)"
    )
    with pytest.raises(IntegrityError, match="open_is_watched"), transaction(store_url, writes=True) as connection:
        connection.execute(text(row))


def test_an_upgrade_that_waits_for_whoever_waits_for_it_is_run_again(postgres: Postgres, tmp_path: Path) -> None:
    """The database ends it, not the process that works on the store, and nobody has to type it again."""
    url = postgres.create("worked_on")
    schema.upgrade(url)
    with ThreadPoolExecutor(1) as pool, transaction(url, writes=True) as connection:
        # Whose patience ends first is ended.
        connection.execute(text("SET LOCAL deadlock_timeout = '1h'"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("LOCK TABLE deliveries IN ROW EXCLUSIVE MODE"))
        upgrade = pool.submit(later.upgrade, url, tmp_path, seconds=0.0)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'deliveries'::regclass"
        wait_until(lambda: ask(url, waits)[0][0] == 1, what="the upgrade")
        connection.execute(text("LOCK TABLE contacts IN ROW EXCLUSIVE MODE"))
    upgrade.result()
    assert schema.current(url) == later.REVISION
