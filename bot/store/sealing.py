"""Encryption at rest of what people wrote and of who they are, with the organisation's own keys, if it has any.

Words are encrypted with Fernet: the first key encrypts, every key decrypts; `reseal` converts stored rows to the first
one. Addresses and names of messages, which are looked up, are encrypted with AES-SIV (RFC 5297), whose result begins
with a keyed hash of the text: the same text gives the same result, and nobody without the key can try what it may be.
That key is the store's own (`keys`), so that it stays when the organisation's keys change.
"""

import base64
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, Text, bindparam, select, tuple_, type_coerce, update

from bot.store.column_types import Sealed, SealedBytes, SealedLookup

MARK, MARK_ALIKE = "sealed:", "sealed="
ROWS_AT_ONCE = 500
# Among the rules: the key to look up by, encrypted.
LOOKUP_KEY = "look-up key"


class Ring:
    """The keys, the newest first: each 32 random bytes as URL-safe base64. Raises ValueError for an invalid key."""

    def __init__(self, keys: Sequence[str]) -> None:
        # Many stores have no keys, and then need not import this.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # noqa: PLC0415

        self._keys, self._invalid = MultiFernet([Fernet(key) for key in keys]), InvalidToken
        self._alike: Any = None
        self._not_alike = (InvalidTag, ValueError)

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

    def take_lookup_key(self, key: str) -> None:
        """Begin to use the key by which the store looks up, as it is stored. Raises ValueError if it cannot be read."""
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

        self._alike = AESSIV(self.open(key.encode()))

    def seal_alike(self, words: str) -> str:
        """Return the text encrypted and signed, each time the same; unchanged until there is a key for that."""
        if self._alike is None:
            return words
        return MARK_ALIKE + base64.b64encode(self._alike.encrypt(words.encode(), None)).decode()

    def open_alike(self, words: str) -> str:
        """Return the original of what `seal_alike` returned; any other text is returned unchanged."""
        if self._alike is None or not words.startswith(MARK_ALIKE):
            return words
        try:
            original: bytes = self._alike.decrypt(base64.b64decode(words[len(MARK_ALIKE) :]), None)
        except self._not_alike:
            return words  # somebody wrote this mark before there was a key
        return original.decode()


def new_key() -> str:
    """Return a new random key."""
    from cryptography.fernet import Fernet  # noqa: PLC0415

    return Fernet.generate_key().decode()


def new_lookup_key(ring: Ring) -> str:
    """Return a new random key to look up by, as it is stored: encrypted."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    return ring.seal(AESSIV.generate_key(512)).decode()


def sealed_columns(table: Table) -> list[Any]:
    """Return the table's columns that contain people's words, or by which people are looked up."""
    return [column for column in table.columns if isinstance(column.type, Sealed | SealedBytes | SealedLookup)]


def lookup_columns(table: Table) -> list[Any]:
    """Return the table's columns by which people and messages are looked up."""
    return [column for column in table.columns if isinstance(column.type, SealedLookup)]


def reseal(connection: Connection, table: Table, after: Any, columns: Sequence[Any] = ()) -> tuple[Any, int]:
    """Encrypt these columns (all) of the next rows of a table; return where to go on (None: done), and their number."""
    # With the trail comes all that proves it, and every start reads this file.
    from bot.store.trail import gate  # noqa: PLC0415

    columns, (keys, most) = columns or sealed_columns(table), _keys(table)
    labels = [f"chosen_{number}" for number in range(len(keys))]
    chosen = (key.label(label) for key, label in zip(keys, labels, strict=True))
    query = select(*chosen, *(column.label(f"new_{column.name}") for column in columns))
    query = query.order_by(*keys).limit(most).with_for_update()
    rows = connection.execute(query if after is None else query.where(tuple_(*keys) > tuple_(*after))).mappings().all()
    if rows:
        values = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in columns}
        same = (key == bindparam(label, type_=key.type) for key, label in zip(keys, labels, strict=True))
        change = update(table).where(*same).values(**values)
        with gate(connection):
            connection.execute(change, [dict(row) for row in rows])
    return (tuple(rows[-1][label] for label in labels) if len(rows) == most else None), len(rows)


def _keys(table: Table) -> tuple[list[Any], int | None]:
    """Return the primary key as it is stored, and how many rows are taken at once.

    Where the key is encrypted itself, and so changes, that is every row (None): there are few.
    """
    keys = list(table.primary_key.columns)
    if any(isinstance(key.type, SealedLookup) for key in keys):
        return [type_coerce(key, Text) for key in keys], None
    return keys, ROWS_AT_ONCE
