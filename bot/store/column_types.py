"""Column types: instants in UTC, and text and bytes that are encrypted if the engine has a ring of keys."""

from datetime import UTC, datetime
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


class Instant(TypeDecorator[datetime]):
    """An aware instant, always stored in UTC; without offset where the database has no time zones.

    Naive values are refused, and those without an instant in the UTC calendar: they could not be read back.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware instant to UTC, naive where the database has no time zones. Raises OverflowError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {value!r}")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Convert naive UTC to aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[str]):
    """Text that is encrypted if the engine has a ring."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt a text that is not empty."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.seal(value.encode("utf-8")).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypt."""
        ring = ring_of(dialect)
        return value if ring is None or not value else ring.open(value.encode("utf-8")).decode("utf-8")


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
