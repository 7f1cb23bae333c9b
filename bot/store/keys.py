"""The keys with which the words in a store are encrypted, so that none is missing or discarded too early."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from bot.store import rules, words
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.schema import StoreRefused
from bot.store.sealing import reseal, sealed_columns
from bot.store.tables import metadata

_SEALED_WITH = "sealed with "
TABLES = tuple(table for table in metadata.sorted_tables if sealed_columns(table))


def require(url: str, keys: Sequence[str]) -> None:
    """Raise StoreRefused if a key is missing with which something in the store may be encrypted."""
    with transaction(url, writes=False) as connection:
        _require(connection, keys)


def begin(url: str, keys: Sequence[str], now: datetime) -> None:
    """Record that the first key encrypts from now on. Raises StoreRefused as `require` does."""
    with transaction(url, writes=True) as connection:
        _require(connection, keys)
        if keys and _fingerprint(keys[0]) not in _fingerprints(connection):
            # Words that were indexed before encryption must not stay readable there.
            words.empty(connection)
        if keys:
            rules.keep(connection, {f"{_SEALED_WITH}{_fingerprint(keys[0])}": ""}, now)


def reseal_all(url: str, keys: Sequence[str], progress: Callable[[str, int], None]) -> int:
    """Encrypt everything with the first key, after which the others may be discarded. Return the number of rows.

    It works on some rows at a time, each time in a transaction of its own, while the service runs. `progress` gets the
    table and the number of its rows done. Raises StoreRefused.
    """
    require(url, keys)
    store, total = Store(url, keys), 0
    try:
        for table in TABLES:
            after: Any = None
            row_count = 0
            while True:
                after, count = store.write_now(partial(reseal, table=table, after=after))
                row_count += count
                progress(table.name, row_count)
                if after is None:
                    break
            total += row_count
        newest = {_fingerprint(keys[0])}
        store.write_now(lambda c: rules.drop(c, [f"{_SEALED_WITH}{old}" for old in _fingerprints(c) - newest]))
    finally:
        store.let_go()
    return total


def _require(connection: Connection, keys: Sequence[str]) -> None:
    unknown = _fingerprints(connection) - {_fingerprint(key) for key in keys}
    if unknown:
        raise StoreRefused(
            f"words in the store are sealed with a key ({', '.join(sorted(unknown))}) that store.keys does not name: "
            "put it back; after `ackbot store reseal` it is needed no more"
        )


def _fingerprints(connection: Connection) -> set[str]:
    return {name.removeprefix(_SEALED_WITH) for name in rules.load(connection) if name.startswith(_SEALED_WITH)}


def _fingerprint(key: str) -> str:
    """Return a name for a key that does not reveal it."""
    return sha256(b"ackbot key " + key.encode()).hexdigest()[:12]
