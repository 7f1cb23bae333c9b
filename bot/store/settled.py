"""Up to which event nothing can be added any more, so that whoever reads them in pieces passes none by.

On PostgreSQL a lower number may be committed after a higher one. So whoever is about to write events first takes a
lock, shared and until the end of the transaction, whose key says which number was the last one then: theirs will be
higher. What is older than every such lock is decided.
"""

from sqlalchemy import Connection, func, select, text

from bot.store.tables import events

# Keys far above those of `locks`, which are hashes of 32 bits. Before the first number was given out PostgreSQL says
# that it is the last one already.
_BEGIN = text(
    "SELECT pg_advisory_xact_lock_shared(4611686018427387904 + last_value - CASE WHEN is_called THEN 0 ELSE 1 END) "
    "FROM events_id_seq"
)
_LAST = text("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM events_id_seq")
_BEGUN = text(
    "SELECT min(((classid::bigint << 32) | objid::bigint) - 4611686018427387904) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint BETWEEN 1073741824 AND 2147483647 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def begin(connection: Connection) -> None:
    """Say, until the end of the transaction, that events are written in it; before the first of them is."""
    if connection.dialect.name == "postgresql":
        connection.execute(_BEGIN)


def up_to(connection: Connection) -> int:
    """The number up to which every event is committed or never will be; 0 where there is none.

    What is read by it must be read afterwards: a later statement, or where a transaction sees one state, a later one.
    """
    if connection.dialect.name != "postgresql":
        return connection.execute(select(func.max(events.c.id))).scalar() or 0
    # In this order: whoever takes a lock only now gets a number above this one.
    last: int = connection.execute(_LAST).scalar_one()
    begun = connection.execute(_BEGUN).scalar()
    return last if begun is None else min(last, begun)
