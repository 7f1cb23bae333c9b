"""How people need us to write or speak (Equality Act 2010 section 20), and the saved views of staff."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.store.tables import needs, views


@dataclass(frozen=True, slots=True)
class Needs:
    """What one person needs, in words; who noted it, and when."""

    needs: str
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """A list that somebody keeps under a name: `query` is the end of its address."""

    id: int
    name: str
    query: str


def of(connection: Connection, address: str | None) -> Needs | None:
    """What the person of this address needs."""
    if not address:
        return None
    row = connection.execute(select(needs).where(needs.c.address == address.lower())).first()
    return Needs(row.needs, row.noted_by, row.noted_at) if row else None


def note(connection: Connection, address: str, noted: Needs) -> None:
    """Keep what a person needs; nothing at all takes the note away."""
    if not noted.needs:
        connection.execute(delete(needs).where(needs.c.address == address.lower()))
        return
    statement = insert(needs)
    values = {"needs": noted.needs, "noted_by": noted.noted_by, "noted_at": noted.noted_at}
    changed = {name: statement.excluded[name] for name in values}
    upsert = statement.on_conflict_do_update(index_elements=["address"], set_=changed)
    connection.execute(upsert, [values | {"address": address.lower()}])


def views_of(connection: Connection, owner: str) -> list[View]:
    """The saved views of somebody, by name."""
    rows = connection.execute(select(views).where(views.c.owner == owner).order_by(views.c.name))
    return [View(row.id, row.name, row.query) for row in rows]


def save_view(connection: Connection, owner: str, name: str, query: str) -> None:
    """Keep a view under a name; one of the same name is replaced."""
    statement = insert(views)
    upsert = statement.on_conflict_do_update(index_elements=["owner", "name"], set_={"query": statement.excluded.query})
    connection.execute(upsert, [{"owner": owner, "name": name, "query": query}])


def drop_view(connection: Connection, owner: str, view_id: int) -> bool:
    """Forget a view; False where it is not theirs."""
    wanted = (views.c.id == view_id) & (views.c.owner == owner)
    return connection.execute(delete(views).where(wanted)).rowcount == 1
