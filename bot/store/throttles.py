"""Buckets that every process shares, under keyed hashes. A row ends when its bucket is full again."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update

from bot.core.throttles import Allowance, Limit
from bot.store.tables import throttles
from bot.store.upserts import insert

# So that whoever comes after a flood does not clear all of it away at once.
_MOST_DROPPED = 1_000


def look(connection: Connection, key: str, limit: Limit, now: datetime) -> Allowance:
    """Return what is left of this bucket."""
    full_at = connection.execute(select(throttles.c.full_at).where(throttles.c.key == key)).scalar()
    return limit.ask((full_at or now).timestamp(), now.timestamp(), 0.0)[0]


def looks(connection: Connection, keys: Collection[str], limit: Limit, now: datetime) -> dict[str, Allowance]:
    """Return what is left of those of these buckets that are not full."""
    query = select(throttles.c.key, throttles.c.full_at).where(throttles.c.key.in_(keys), throttles.c.full_at > now)
    rows = connection.execute(query)
    return {row.key: limit.ask(row.full_at.timestamp(), now.timestamp(), 0.0)[0] for row in rows}


def use(connection: Connection, key: str, limit: Limit, now: datetime, count: float = 1.0) -> Allowance:
    """Use so much of this bucket, if there is so much; below 0 give back. Of two at once the second waits."""
    drop_full(connection, now)
    row = insert(throttles).values(key=key, full_at=now)
    # The row that is there is written as it is: that locks it, and gives what it says after any other transaction.
    lock = row.on_conflict_do_update(index_elements=["key"], set_={"full_at": throttles.c.full_at})
    full_at = connection.execute(lock.returning(throttles.c.full_at)).scalar_one()
    allowance, seconds = limit.ask(full_at.timestamp(), now.timestamp(), count)
    full_at = datetime.fromtimestamp(seconds, UTC)
    connection.execute(update(throttles).where(throttles.c.key == key).values(full_at=full_at))
    return allowance


def fill(connection: Connection, prefix: str, now: datetime) -> int:
    """Fill every bucket whose key begins so; return how many were not full."""
    begins_so = throttles.c.key.startswith(prefix, autoescape=True)
    return connection.execute(delete(throttles).where(begins_so, throttles.c.full_at > now)).rowcount


def drop_full(connection: Connection, now: datetime) -> int:
    """Delete rows of buckets that are full, but for those that another transaction is at; return how many."""
    query = select(throttles.c.key).where(throttles.c.full_at <= now).limit(_MOST_DROPPED)
    keys = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    if keys:
        connection.execute(delete(throttles).where(throttles.c.key.in_(keys)))
    return len(keys)
