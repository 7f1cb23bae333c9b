"""Contacts of one person, as staff have linked them: any number, each pair once, visible from both sides."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, union_all

from bot.store.tables import contacts, links
from bot.store.upserts import insert

MOST = 50
_IDS: Any = bindparam("ids", expanding=True)
_LINKED = union_all(
    select(links.c.other_id.label("id")).where(links.c.contact_id.in_(_IDS)),
    select(links.c.contact_id).where(links.c.other_id.in_(_IDS)),
)
# A contact that continues an earlier one, or was merged with another, is the same person's, too.
_AROUND: Any = union_all(
    *_LINKED.selects,
    select(contacts.c.linked_to).where(contacts.c.id.in_(_IDS), contacts.c.linked_to.is_not(None)),
    select(contacts.c.id).where(contacts.c.linked_to.in_(_IDS)),
    select(contacts.c.merged_into).where(contacts.c.id.in_(_IDS), contacts.c.merged_into.is_not(None)),
    select(contacts.c.id).where(contacts.c.merged_into.in_(_IDS)),
)


def link(connection: Connection, first: int, second: int) -> bool:
    """Link two contacts; False if they are linked already."""
    statement = insert(links).on_conflict_do_nothing(index_elements=["contact_id", "other_id"])
    inserted_row = connection.execute(statement.values(_pair(first, second)).returning(links.c.contact_id))
    return inserted_row.first() is not None


def unlink(connection: Connection, first: int, second: int) -> bool:
    """Remove the link between two contacts; False if there is none."""
    pair = _pair(first, second)
    is_pair = (links.c.contact_id == pair["contact_id"]) & (links.c.other_id == pair["other_id"])
    return connection.execute(delete(links).where(is_pair)).rowcount == 1


def of(connection: Connection, contact_id: int) -> list[int]:
    """Return the contacts that staff have linked with this one."""
    return sorted(connection.execute(_LINKED, {"ids": [contact_id]}).scalars())


def group(connection: Connection, contact_id: int) -> set[int]:
    """Return this contact and all that are connected with it by links, at most about MOST."""
    ids, edge = {contact_id}, {contact_id}
    while edge and len(ids) < MOST:
        edge = around(connection, edge) - ids
        ids |= edge
    return ids


def around(connection: Connection, ids: Collection[int]) -> set[int]:
    """Return the contacts that are tied to these by one step."""
    return set(connection.execute(_AROUND, {"ids": sorted(ids)}).scalars())


def _pair(first: int, second: int) -> dict[str, int]:
    return {"contact_id": min(first, second), "other_id": max(first, second)}
