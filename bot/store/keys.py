"""The keys with which the words in a store are encrypted, so that none is missing or discarded too early."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table

from bot.store import direct, rules, schema, words
from bot.store.databases import is_shared, transaction
from bot.store.engine import Store
from bot.store.schema import StoreRefused
from bot.store.sealing import LOOKUP_KEY, Ring, lookup_columns, new_lookup_key, reseal, sealed_columns
from bot.store.tables import metadata

_SEALED_WITH = "sealed with "
# The key to look up by, while rows from before it are encrypted with it.
_NEXT_LOOKUP_KEY = "next look-up key"
TABLES = tuple(table for table in metadata.sorted_tables if sealed_columns(table))

# Gets the table and the number of its rows done.
Progress = Callable[[str, int], None]


def require(url: str, keys: Sequence[str]) -> None:
    """Raise StoreRefused if something in the store may be encrypted with a key that is missing, or is not yet ready."""
    with transaction(url, writes=False) as connection:
        _require(connection, keys)
        if _fingerprints(connection) and LOOKUP_KEY not in rules.load(connection):
            raise StoreRefused(
                "addresses in the store are not sealed yet: start the service, or run ackbot store reseal"
            )


def begin(url: str, keys: Sequence[str], now: datetime, progress: Progress = lambda *_: None) -> None:
    """Let the first key encrypt from now on; encrypt what is looked up in a store where that is not done yet.

    Until then nothing may look anything up in it. So no other process may work on it: the caller sees to that for a
    SQLite file. Raises StoreRefused.
    """
    with transaction(url, writes=True) as connection:
        direct.alone(connection, direct.KEYS)
        _require(connection, keys)
        if not keys:
            return
        is_ready = LOOKUP_KEY in rules.load(connection)
        if not is_ready:
            _prepare(connection, url, Ring(keys), now)
        if not is_ready or _fingerprint(keys[0]) not in _fingerprints(connection):
            # What was indexed before encryption must not stay readable there.
            words.empty(connection)
        rules.keep(connection, {f"{_SEALED_WITH}{_fingerprint(keys[0])}": ""}, now)
    if not is_ready:
        _seal_lookups(url, keys, now, progress)


def reseal_all(url: str, keys: Sequence[str], now: datetime, progress: Progress) -> int:
    """Encrypt everything with the first key, after which the others may be discarded. Return the number of rows.

    It works on some rows at a time, each time in a transaction of its own, while the service runs; only where nothing
    was encrypted before it must stand. Raises StoreRefused.
    """
    with transaction(url, writes=False) as connection:
        is_ready = LOOKUP_KEY in rules.load(connection)
    if is_ready:
        begin(url, keys, now)
    else:
        with schema.exclusive(url):
            begin(url, keys, now, progress)
    store = Store(url, keys)
    try:
        total = sum(_reseal(store, table, sealed_columns(table), progress) for table in TABLES)
        store.write_now(partial(_finish, keys=keys, now=now))
    finally:
        store.let_go()
    return total


def _prepare(connection: Connection, url: str, ring: Ring, now: datetime) -> None:
    """Make the key to look up by, and keep out programs that know of none. Raises StoreRefused if others run."""
    # With the leases comes the outbox, and every command reads this file.
    from bot.store import leases  # noqa: PLC0415

    if is_shared(url) and leases.living(connection):
        raise StoreRefused(
            "addresses in the store must be sealed first, and other processes work on it: stop them all, "
            "then start one, or run ackbot store reseal"
        )
    if _NEXT_LOOKUP_KEY not in rules.load(connection):
        rules.keep(connection, {_NEXT_LOOKUP_KEY: new_lookup_key(ring)}, now)
    rules.keep(connection, {schema.SERVES_FROM: schema.newest()}, now)


def _seal_lookups(url: str, keys: Sequence[str], now: datetime, progress: Progress) -> None:
    with transaction(url, writes=False) as connection:
        next_key = rules.load(connection).get(_NEXT_LOOKUP_KEY)
    if next_key is None:
        return  # another process has done it
    store = Store(url, keys, next_key)
    try:
        for table in TABLES:
            if columns := lookup_columns(table):
                _reseal(store, table, columns, progress)
        store.write_now(partial(_use, lookup_key=next_key, now=now))
        store.flush_log()
    finally:
        store.let_go()


def _use(connection: Connection, lookup_key: str, now: datetime) -> None:
    rules.keep(connection, {LOOKUP_KEY: lookup_key}, now)
    rules.drop(connection, [_NEXT_LOOKUP_KEY])


def _reseal(store: Store, table: Table, columns: Sequence[Any], progress: Progress) -> int:
    after: Any = None
    row_count = 0
    while True:
        after, count = store.write_now(partial(reseal, table=table, columns=columns, after=after))
        row_count += count
        progress(table.name, row_count)
        if after is None:
            return row_count


def _finish(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Encrypt the key to look up by with the first key, too, and forget the older ones."""
    ring, values = Ring(keys), rules.load(connection)
    lookup_key = ring.seal(ring.open(values[LOOKUP_KEY].encode())).decode()
    rules.keep(connection, {LOOKUP_KEY: lookup_key}, now)
    newest = {_fingerprint(keys[0])}
    rules.drop(connection, [f"{_SEALED_WITH}{old}" for old in _fingerprints(connection) - newest])


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
