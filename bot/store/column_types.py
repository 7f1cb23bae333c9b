"""The types of our columns: instants in UTC, and people's words, sealed wherever the engine has a ring of keys."""

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator


class Keys(Protocol):
    """Seals and opens words (`sealing.Ring`)."""

    def seal(self, words: bytes) -> bytes:
        """Encrypted and signed."""
        ...

    def open(self, words: bytes) -> bytes:
        """As it was; what was never sealed stays as it is."""
        ...


class Instant(TypeDecorator[datetime]):
    """An aware instant, always kept in UTC; without offset where the engine has no time zones.

    Naive values are refused, and those that are no instant of the calendar in UTC: nobody could read them back.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in any zone -> naive UTC, or aware UTC where the engine knows time zones. Raises OverflowError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant without a time zone: {value!r}")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Naive UTC -> aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


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


def give(dialect: Dialect, ring: Keys | None) -> None:
    """Let everything that goes through this engine be sealed and opened with these keys."""
    setattr(dialect, "ackbot_ring", ring)  # noqa: B010 - a dialect has no such attribute of its own


def ring_of(dialect: Dialect) -> Keys | None:
    """The keys of this engine."""
    ring: Keys | None = getattr(dialect, "ackbot_ring", None)
    return ring
