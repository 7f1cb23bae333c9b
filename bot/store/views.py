"""Lists that staff save under a name; their search words may name people."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.store.tables import views


@dataclass(frozen=True, slots=True)
class View:
    """A saved list: `query` is the query string of its address."""

    id: int
    name: str
    query: str


def of(connection: Connection, owner: str) -> list[View]:
    """Return the views of a person, by name."""
    rows = connection.execute(select(views).where(views.c.owner == owner).order_by(views.c.name))
    return [View(row.id, row.name, row.query) for row in rows]


def save(connection: Connection, owner: str, name: str, query: str) -> None:
    """Save a view under a name; replace one of the same name."""
    statement = insert(views)
    upsert = statement.on_conflict_do_update(index_elements=["owner", "name"], set_={"query": statement.excluded.query})
    connection.execute(upsert, [{"owner": owner, "name": name, "query": query}])


def drop(connection: Connection, owner: str, view_id: int) -> bool:
    """Delete a view; False if it is not theirs."""
    condition = (views.c.id == view_id) & (views.c.owner == owner)
    return connection.execute(delete(views).where(condition)).rowcount == 1
