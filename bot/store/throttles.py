"""Buckets that every process shares, under keyed hashes. A row ends when its bucket is full again."""

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.core.throttles import Allowance, Limit
from bot.store.tables import throttles

# So that whoever comes after a flood does not clear all of it away at once.
_MOST_DROPPED = 1_000


def look(connection: Connection, key: str, limit: Limit, now: datetime) -> Allowance:
    """Return what is left of this bucket."""
    full_at = connection.execute(select(throttles.c.full_at).where(throttles.c.key == key)).scalar()
    return limit.ask((full_at or now).timestamp(), now.timestamp(), 0.0)[0]


def use(connection: Connection, key: str, limit: Limit, now: datetime, count: float = 1.0) -> Allowance:
    """Use so much of this bucket, if there is so much; below 0 give back. Of two at once the second waits."""
    _drop_full(connection, now)
    row = insert(throttles).values(key=key, full_at=now).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(row)
    is_this = throttles.c.key == key
    full_at = connection.execute(select(throttles.c.full_at).where(is_this).with_for_update()).scalar_one()
    allowance, seconds = limit.ask(full_at.timestamp(), now.timestamp(), count)
    connection.execute(update(throttles).where(is_this).values(full_at=datetime.fromtimestamp(seconds, UTC)))
    return allowance


def fill(connection: Connection, prefix: str, now: datetime) -> int:
    """Fill every bucket whose key begins so; return how many were not full."""
    begins_so = throttles.c.key.startswith(prefix, autoescape=True)
    return connection.execute(delete(throttles).where(begins_so, throttles.c.full_at > now)).rowcount


def _drop_full(connection: Connection, now: datetime) -> None:
    """Delete the rows of buckets that are full, but for those that another transaction is at."""
    query = select(throttles.c.key).where(throttles.c.full_at <= now).limit(_MOST_DROPPED)
    keys = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    if keys:
        connection.execute(delete(throttles).where(throttles.c.key.in_(keys)))
