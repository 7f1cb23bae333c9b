"""The highest event number below which nothing can still be committed, so that a reader with a cursor misses none.

On PostgreSQL a lower number may be committed after a higher one. A transaction that writes events therefore takes a
lock first (`locks.writing_events`), shared and until its end, whose key is the last number given out at that moment:
its own numbers will be higher. Every number below the lowest such key is settled.
"""

from sqlalchemy import Connection, func, select, text

from bot.store.tables import events

_LAST = text("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM events_id_seq")
_BEGUN = text(
    "SELECT min(((classid::bigint << 32) | objid::bigint) - 4611686018427387904) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint BETWEEN 1073741824 AND 2147483647 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def up_to(connection: Connection) -> int:
    """Return the number up to which every event is committed or never will be; 0 where there is none.

    Events up to it must be read afterwards: in a later statement, or, where a transaction sees one state, a later one.
    """
    if connection.dialect.name != "postgresql":
        return connection.execute(select(func.max(events.c.id))).scalar() or 0
    # In this order: a transaction that takes a lock after this gets a number above this one.
    last: int = connection.execute(_LAST).scalar_one()
    lowest_announced = connection.execute(_BEGUN).scalar()
    return last if lowest_announced is None else min(last, lowest_announced)
