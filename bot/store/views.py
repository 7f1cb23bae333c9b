"""Lists that staff save under a name; their search words may name people."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl

from sqlalchemy import Connection, delete, select

from bot.store import words
from bot.store.tables import views
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class View:
    """A saved list: `query` is the query string of its address."""

    id: int
    name: str
    query: str


def of(connection: Connection, owner: str) -> list[View]:
    """Return the views of a person, by name."""
    rows = connection.execute(select(views).where(views.c.owner == owner))
    return sorted((View(row.id, row.name, row.query) for row in rows), key=lambda view: view.name)


def save(connection: Connection, owner: str, name: str, query: str) -> None:
    """Save a view under a name; replace one of the same name."""
    statement = insert(views)
    upsert = statement.on_conflict_do_update(index_elements=["owner", "name"], set_={"query": statement.excluded.query})
    connection.execute(upsert, [{"owner": owner, "name": name, "query": query}])


def drop(connection: Connection, owner: str, view_id: int) -> bool:
    """Delete a view; False if it is not theirs."""
    condition = (views.c.id == view_id) & (views.c.owner == owner)
    return connection.execute(delete(views).where(condition)).rowcount == 1


def drop_naming(connection: Connection, addresses: Collection[str], names: Collection[str] = ()) -> int:
    """Delete every view whose name or search words hold one of these addresses or full names; return how many.

    An address may be a telephone number or a name on a platform. A person's name of a single word counts for nothing:
    it may be anybody's, or a thing's.
    """
    full_names = [terms for name in names if " " in (terms := " ".join(words.terms_of(name)))]
    needles = [f" {terms} " for terms in (*map(_terms_of_address, addresses), *full_names) if terms]
    rows = connection.execute(select(views.c.id, views.c.name, views.c.query)) if needles else ()
    ids = [row.id for row in rows if _holds(row.name, row.query, needles)]
    if ids:
        connection.execute(delete(views).where(views.c.id.in_(ids)))
    return len(ids)


def _terms_of_address(address: str) -> str:
    """Return the terms of an address; of a telephone number the one term by which it is found however it is typed."""
    if address.startswith("tel:"):
        return words.searchable(address.removeprefix("tel:")).split()[-1]
    return " ".join(words.terms_of(address))


def _holds(name: str, query: str, needles: Collection[str]) -> bool:
    content = " ".join((name, *(value for _, value in parse_qsl(query))))
    terms = f" {' '.join(words.searchable(content).split())} "
    return any(part in terms for part in needles)
