"""Column types: instants in UTC, and text and bytes that are encrypted if the engine has a ring of keys.

What nobody looks up is encrypted differently each time. What is looked up is encrypted alike wherever it is the same,
so that a query for a value compares what is stored with the value as it is stored.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator


class Keys(Protocol):
    """Encrypts and decrypts (`sealing.Ring`)."""

    def seal(self, words: bytes) -> bytes:
        """Return the bytes encrypted and signed."""
        ...

    def open(self, words: bytes) -> bytes:
        """Return the original; bytes that were never encrypted are returned unchanged."""
        ...

    def seal_alike(self, words: str) -> str:
        """Return the text encrypted and signed, each time the same; unchanged where no key for that is in use."""
        ...

    def open_alike(self, words: str) -> str:
        """Return the original of what `seal_alike` returned; any other text is returned unchanged."""
        ...


class Instant(TypeDecorator[datetime]):
    """An aware instant, always stored in UTC; without offset where the database has no time zones.

    Naive values are refused, and those without an instant in the UTC calendar: they could not be read back.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware instant to UTC. Raises ValueError or OverflowError."""
        return None if value is None else _in_utc(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what converts a value for the driver; for SQLite in one call, as a mail has twenty of them."""
        return _for_sqlite if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """Return what converts a value from the driver; for SQLite in one call, as a report reads millions of them."""
        return _from_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Convert naive UTC to aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def _for_sqlite(value: datetime | None) -> str | None:
    """Return UTC as SQLAlchemy writes a time without zone: 2026-11-30 09:15:00.000000."""
    return None if value is None else _written(_in_utc(value))


def _from_sqlite(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


# The rows of one mail hold the same few instants many times. Only UTC is kept: in the hour that a zone repeats, two
# instants of it are equal.
@lru_cache(maxsize=64)
def _written(utc: datetime) -> str:
    return utc.isoformat(" ", "microseconds")[: -len("+00:00")]


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"an instant without a time zone: {value!r}")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text that is encrypted if the engine has a ring."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what encrypts a value; nothing without keys."""
        return super().bind_processor(dialect) if ring_of(dialect) else None

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt a text that is not empty."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.seal(value.encode("utf-8")).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypt."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.open(value.encode("utf-8")).decode("utf-8")


class SealedLookup(TypeDecorator[str]):
    """Text that rows are looked up by, encrypted alike if the engine has a ring: for `=` and IN, not for its order.

    With `lower` the difference of capitals is lost where it is encrypted.
    """

    impl = Text
    cache_ok = True

    def __init__(self, *, lower: bool = False) -> None:
        super().__init__()
        self.lower = lower

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what encrypts a value; nothing without keys."""
        return super().bind_processor(dialect) if ring_of(dialect) else None

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt a text that is not empty."""
        ring = ring_of(dialect)
        if ring is None or not value:
            return value
        return ring.seal_alike(value.lower() if self.lower else value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """Return what decrypts a value; nothing without keys."""
        return super().result_processor(dialect, coltype) if ring_of(dialect) else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypt."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.open_alike(value)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that are encrypted if the engine has a ring."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Encrypt."""
        ring = ring_of(dialect)
        return value if ring is None or value is None else ring.seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypt."""
        ring = ring_of(dialect)
        return value if ring is None or value is None else ring.open(bytes(value))


def give(dialect: Dialect, ring: Keys | None) -> None:
    """Encrypt and decrypt everything that goes through this engine with these keys."""
    setattr(dialect, "ackbot_ring", ring)  # noqa: B010 - a dialect has no such attribute of its own


def ring_of(dialect: Dialect) -> Keys | None:
    """Return the keys of this engine."""
    ring: Keys | None = getattr(dialect, "ackbot_ring", None)
    return ring
