"""People's words, sealed at rest: encrypted with the organisation's own key where it has one (Fernet, several keys).

What is asked for (references, addresses, dates) is not sealed; the database's own encryption is for that. The first key
seals, every key opens; `reseal` brings what is stored under the first one.
"""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, Dialect, LargeBinary, Table, Text, bindparam, select, update
from sqlalchemy.types import TypeDecorator

MARK = "sealed:"
ROWS_AT_ONCE = 500


class Ring:
    """The keys, the newest first: each 32 random bytes as URL-safe base64. Raises ValueError for what is no key."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def seal(self, words: bytes) -> bytes:
        """Encrypted and signed."""
        return MARK.encode() + self._keys.encrypt(words)

    def open(self, words: bytes) -> bytes:
        """As it was; what was never sealed stays as it is."""
        if not words.startswith(MARK.encode()):
            return words
        try:
            return self._keys.decrypt(words[len(MARK) :])
        except InvalidToken:
            return words  # somebody wrote this mark before there was a key


def new_key() -> str:
    """A new random key."""
    return Fernet.generate_key().decode()


class Sealed(TypeDecorator[str]):
    """Text that is sealed wherever the engine has a ring."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Sealed, but for nothing at all."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.seal(value.encode("utf-8")).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Opened."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.open(value.encode("utf-8")).decode("utf-8")


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that are sealed wherever the engine has a ring."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Sealed."""
        ring = ring_of(dialect)
        return value if ring is None or value is None else ring.seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Opened."""
        ring = ring_of(dialect)
        return value if ring is None or value is None else ring.open(bytes(value))


def give(dialect: Dialect, ring: Ring | None) -> None:
    """Let everything that goes through this engine be sealed and opened with these keys."""
    setattr(dialect, "ackbot_ring", ring)  # noqa: B010 - a dialect has no such attribute of its own


def ring_of(dialect: Dialect) -> Ring | None:
    """The keys of this engine."""
    ring: Ring | None = getattr(dialect, "ackbot_ring", None)
    return ring


def sealed_columns(table: Table) -> list[Any]:
    """Its columns that hold people's words."""
    return [column for column in table.columns if isinstance(column.type, Sealed | SealedBytes)]


def reseal(connection: Connection, table: Table, after: Any) -> tuple[Any, int]:
    """Seal the next rows of a table with the first key; returns where to go on (None: no more), and how many."""
    (key,) = table.primary_key.columns
    columns = sealed_columns(table)
    query = select(key.label("chosen"), *(column.label(f"new_{column.name}") for column in columns))
    query = query.order_by(key).limit(ROWS_AT_ONCE).with_for_update()
    rows = connection.execute(query if after is None else query.where(key > after)).mappings().all()
    if rows:
        values = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns}
        change = update(table).where(key == bindparam("chosen")).values(**values)
        connection.execute(change, [dict(row) for row in rows])
    return (rows[-1]["chosen"] if len(rows) == ROWS_AT_ONCE else None), len(rows)
