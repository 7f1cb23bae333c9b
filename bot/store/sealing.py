"""Encryption of people's words at rest with the organisation's own keys, if it has any (Fernet, several keys).

Searchable columns (references, addresses, dates) are not encrypted; the database's own encryption is for those. The
first key encrypts, every key decrypts; `reseal` converts stored rows to the first one.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update

from bot.store.column_types import Sealed, SealedBytes
from bot.store.trail import gate

MARK = "sealed:"
ROWS_AT_ONCE = 500


class Ring:
    """The keys, the newest first: each 32 random bytes as URL-safe base64. Raises ValueError for an invalid key."""

    def __init__(self, keys: Sequence[str]) -> None:
        # Many stores have no keys, and then need not import this.
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # noqa: PLC0415

        self._keys, self._invalid = MultiFernet([Fernet(key) for key in keys]), InvalidToken

    def seal(self, words: bytes) -> bytes:
        """Return the bytes encrypted and signed."""
        return MARK.encode() + self._keys.encrypt(words)

    def open(self, words: bytes) -> bytes:
        """Return the original; bytes that were never encrypted are returned unchanged."""
        if not words.startswith(MARK.encode()):
            return words
        try:
            return self._keys.decrypt(words[len(MARK) :])
        except self._invalid:
            return words  # somebody wrote this mark before there was a key


def new_key() -> str:
    """Return a new random key."""
    from cryptography.fernet import Fernet  # noqa: PLC0415

    return Fernet.generate_key().decode()


def sealed_columns(table: Table) -> list[Any]:
    """Return the table's columns that contain people's words."""
    return [column for column in table.columns if isinstance(column.type, Sealed | SealedBytes)]


def reseal(connection: Connection, table: Table, after: Any) -> tuple[Any, int]:
    """Encrypt the next rows of a table with the first key; return where to continue (None: done), and their number."""
    (key,) = table.primary_key.columns
    columns = sealed_columns(table)
    query = select(key.label("chosen"), *(column.label(f"new_{column.name}") for column in columns))
    query = query.order_by(key).limit(ROWS_AT_ONCE).with_for_update()
    rows = connection.execute(query if after is None else query.where(key > after)).mappings().all()
    if rows:
        values = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns}
        change = update(table).where(key == bindparam("chosen")).values(**values)
        with gate(connection):
            connection.execute(change, [dict(row) for row in rows])
    return (rows[-1]["chosen"] if len(rows) == ROWS_AT_ONCE else None), len(rows)
