"""The position of each channel's reading, moved only together with what was read."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.tables import cursors
from bot.store.upserts import insert

# Built once: building a statement for every call takes longer than SQLite needs to run it.
_READ = select(cursors.c.value).where(cursors.c.name == bindparam("wanted"))


class CursorMoved(Exception):
    """Another process has moved this cursor in the meantime, and logs what we read."""


def read(connection: Connection, name: str) -> str | None:
    """Return the committed cursor, or None if nothing was ever read."""
    value: str | None = connection.execute(_READ, {"wanted": name}).scalar()
    return value


def moments(connection: Connection, names: Collection[str]) -> dict[str, datetime]:
    """Return when each of these values was last put, by its name."""
    query = select(cursors.c.name, cursors.c.moved_at).where(cursors.c.name.in_(sorted(names)))
    return {row.name: row.moved_at for row in connection.execute(query)}


def move(connection: Connection, name: str, before: str | None, after: str, at: datetime) -> None:
    """Compare-and-set from `before` to `after`; raises CursorMoved if it is no longer at `before`."""
    if before is None:
        try:
            connection.execute(insert(cursors).values(name=name, value=after, moved_at=at))
        except IntegrityError as error:
            raise CursorMoved(name) from error
        return
    here = (cursors.c.name == name) & (cursors.c.value == before)
    if connection.execute(update(cursors).where(here).values(value=after, moved_at=at)).rowcount != 1:
        raise CursorMoved(name)


def put(connection: Connection, name: str, value: str, at: datetime) -> None:
    """Set a value of our own that no other process competes for."""
    values = {"value": value, "moved_at": at}
    statement = insert(cursors).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def drop(connection: Connection, name: str) -> None:
    """Delete a value of our own."""
    connection.execute(delete(cursors).where(cursors.c.name == name))


def drop_of_each(connection: Connection, prefix: str) -> None:
    """Delete all values of our own whose names begin so."""
    connection.execute(delete(cursors).where(cursors.c.name.startswith(prefix, autoescape=True)))
