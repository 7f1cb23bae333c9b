"""The key of references: one for each new store, kept with it; a store in use goes on without."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, text

from bot.core.threads import reference_of
from bot.store import backups, contacts, rules, schema
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.installation import REFERENCE_KEY

NOW = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)


def key_in(url: str) -> bytes:
    """The key with which this store makes its references."""
    store = Store(url)
    key = store.write_now(lambda connection: contacts.numbers(connection, 1)).reference_key
    store.let_go()
    return key


def test_every_new_store_has_a_key_that_stays(empty_url: str, tmp_path: Path) -> None:
    """Two councils' first contacts have different references; an upgrade or a second start changes nothing."""
    schema.prepare(empty_url, may_upgrade=False)
    key = key_in(empty_url)
    schema.upgrade(empty_url)
    other = f"sqlite:///{tmp_path}/other.db"
    schema.upgrade(other)
    assert key == key_in(empty_url)
    assert len(key) == len(key_in(other)) == 32
    assert reference_of(1, "EX", key) != reference_of(1, "EX", key_in(other))
    with transaction(empty_url, writes=False) as connection:
        assert rules.load(connection)[schema.SERVES_FROM] == "0016"  # an older program would count without the key


def test_a_copy_has_the_key_of_its_store(tmp_path: Path) -> None:
    """What is put back goes on with the references that people have."""
    url, copy = f"sqlite:///{tmp_path}/ackbot.db", tmp_path / "copy.db"
    schema.upgrade(url)
    backups.back_up(url, copy, NOW, lambda _done, _all: None)
    assert key_in(f"sqlite:///{copy}") == key_in(url)


@pytest.mark.parametrize("trace", ["a contact", "a start"])
def test_a_store_in_use_goes_on_as_it_began(empty_url: str, trace: str) -> None:
    """Two ways to make references could give the same one twice, so that a store has one way for ever."""
    schema.upgrade(empty_url, "0012")
    with transaction(empty_url, writes=True) as connection:
        if trace == "a contact":
            connection.execute(Table("contacts", MetaData(), autoload_with=connection).insert(), _contact())
        else:
            connection.execute(text("INSERT INTO rules VALUES ('calendar england', '1', '2026-11-23')"))
    schema.upgrade(empty_url)
    with transaction(empty_url, writes=False) as connection:
        stored = rules.load(connection)
    assert REFERENCE_KEY not in stored
    assert stored[schema.SERVES_FROM] == "0004"
    assert key_in(empty_url) == b""


def _contact() -> dict[str, Any]:
    row = dict.fromkeys(("channel", "external_id", "rule", "reason"), "")
    at = NOW.replace(tzinfo=None)
    return row | {"reference": "EX-1", "state": "logged", "outcome": "log", "received_at": at}
