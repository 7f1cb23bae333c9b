"""Migrations make exactly the tables that the code uses; an old store is never changed unasked."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.store import schema
from bot.store.databases import sqlite_engine
from bot.store.tables import metadata


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    """After every migration nothing is left to migrate."""
    url = f"sqlite:///{tmp_path}/new/ackbot.db"
    schema.upgrade(url)
    with sqlite_engine(url, begin="BEGIN").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    assert schema.current(url) == schema.newest()


def test_a_new_store_is_made_and_an_old_one_is_not_touched(tmp_path: Path) -> None:
    """A missing file is made; another schema is refused until somebody says upgrade."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.prepare(url, may_upgrade=False)
    with sqlite_engine(url, begin="BEGIN IMMEDIATE").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'before'"))
    with pytest.raises(schema.StoreRefused, match="--upgrade"):
        schema.prepare(url, may_upgrade=False)


def test_an_open_contact_must_have_a_next_look(tmp_path: Path) -> None:
    """The database itself refuses an open contact that nobody would look at again."""
    url = f"sqlite:///{tmp_path}/ackbot.db"
    schema.upgrade(url)
    row = (
        "INSERT INTO contacts (reference, channel, external_id, state, outcome, rule, reason, received_at, "
        "next_look_at) VALUES ('EX-1', 'c', 'e', 'open', 'acknowledge', '', '', '2026-01-01', NULL)"
    )
    with (
        pytest.raises(IntegrityError, match="open_is_watched"),
        sqlite_engine(url, begin="BEGIN IMMEDIATE").begin() as connection,
    ):
        connection.execute(text(row))
