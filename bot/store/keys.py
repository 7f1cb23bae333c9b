"""Which keys the words in a store are sealed with, so that none is missing or thrown away too early."""

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
    """Raise StoreRefused if a key is missing with which something in the store may be sealed."""
    with transaction(url, writes=False) as connection:
        _require(connection, keys)


def begin(url: str, keys: Sequence[str], now: datetime) -> None:
    """Remember that from now on the first key seals. Raises StoreRefused as `require` does."""
    with transaction(url, writes=True) as connection:
        _require(connection, keys)
        if keys and _print(keys[0]) not in _recorded(connection):
            # What was taken in before it was sealed must not be read there any more.
            words.empty(connection)
        if keys:
            rules.keep(connection, {f"{_SEALED_WITH}{_print(keys[0])}": ""}, now)


def reseal_all(url: str, keys: Sequence[str], progress: Callable[[str, int], None]) -> int:
    """Seal everything with the first key; the others may be thrown away then. Returns how many rows were sealed.

    Some rows at a time, each time in a transaction of its own, while the service runs. `progress` is told the table and
    how many of its rows are done. Raises StoreRefused.
    """
    require(url, keys)
    store, total = Store(url, keys), 0
    try:
        for table in TABLES:
            after: Any = None
            done = 0
            while True:
                after, count = store.write_now(partial(reseal, table=table, after=after))
                done += count
                progress(table.name, done)
                if after is None:
                    break
            total += done
        store.write_now(lambda c: rules.drop(c, [f"{_SEALED_WITH}{old}" for old in _recorded(c) - {_print(keys[0])}]))
    finally:
        store.let_go()
    return total


def _require(connection: Connection, keys: Sequence[str]) -> None:
    missing = _recorded(connection) - {_print(key) for key in keys}
    if missing:
        raise StoreRefused(
            f"words in the store are sealed with a key ({', '.join(sorted(missing))}) that store.keys does not name: "
            "put it back; after `ackbot store reseal` it is needed no more"
        )


def _recorded(connection: Connection) -> set[str]:
    return {name.removeprefix(_SEALED_WITH) for name in rules.kept(connection) if name.startswith(_SEALED_WITH)}


def _print(key: str) -> str:
    """A name for a key that does not give it away."""
    return sha256(b"ackbot key " + key.encode()).hexdigest()[:12]
