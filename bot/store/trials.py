"""A trial: what would follow from a change is read, and then the change is undone."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from bot.core.deliveries import WAITING
from bot.store.conditions import HAS_NEXT_ATTEMPT
from bot.store.databases import UNAVAILABLE
from bot.store.direct import mark
from bot.store.tables import deliveries


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Undo at the end whatever was written within, whether it ends well or not; the transaction goes on.

    On PostgreSQL locks and wake-ups of the trial go with it, too.
    """
    mark(connection, "SAVEPOINT trial")
    try:
        yield
    except UNAVAILABLE:
        raise  # nothing more can be said on this connection
    except BaseException:
        _undo(connection)
        raise
    _undo(connection)


def _undo(connection: Connection) -> None:
    mark(connection, "ROLLBACK TO trial")
    mark(connection, "RELEASE trial")


def leaving(connection: Connection, contact_id: int) -> set[int]:
    """Return the numbers of what waits to leave about one contact, and is not held."""
    of_contact = (deliveries.c.contact_id == contact_id) & deliveries.c.state.in_(WAITING)
    return set(connection.execute(select(deliveries.c.id).where(of_contact, HAS_NEXT_ATTEMPT)).scalars())
