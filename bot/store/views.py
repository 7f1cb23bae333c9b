"""The lists that staff keep under a name; what they searched for may name people."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.store.tables import views


@dataclass(frozen=True, slots=True)
class View:
    """A list that somebody keeps under a name: `query` is the end of its address."""

    id: int
    name: str
    query: str


def of(connection: Connection, owner: str) -> list[View]:
    """The views of somebody, by name."""
    rows = connection.execute(select(views).where(views.c.owner == owner).order_by(views.c.name))
    return [View(row.id, row.name, row.query) for row in rows]


def save(connection: Connection, owner: str, name: str, query: str) -> None:
    """Keep a view under a name; one of the same name is replaced."""
    statement = insert(views)
    upsert = statement.on_conflict_do_update(index_elements=["owner", "name"], set_={"query": statement.excluded.query})
    connection.execute(upsert, [{"owner": owner, "name": name, "query": query}])


def drop(connection: Connection, owner: str, view_id: int) -> bool:
    """Forget a view; False where it is not theirs."""
    wanted = (views.c.id == view_id) & (views.c.owner == owner)
    return connection.execute(delete(views).where(wanted)).rowcount == 1
