"""Contacts of one matter that staff go on with in one of them; the messages of each stay its own, and can be parted."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bot.core.contacts import Contact
from bot.store import words
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts, messages

_MERGED = (
    select(contacts)
    .where(contacts.c.merged_into.in_(bindparam("ids", expanding=True)), contacts.c.merged_into.is_not(None))
    .order_by(contacts.c.id)
)


def merged_into(connection: Connection, contact_id: int) -> list[Contact]:
    """Return the contacts that go on in this one, the oldest first."""
    return [contact_of(row) for row in connection.execute(_MERGED, {"ids": [contact_id]})]


def together(connection: Connection, contact_id: int) -> list[int]:
    """Return the number of this contact, and of those that go on in it."""
    return [contact_id, *(contact.id for contact in merged_into(connection, contact_id))]


def lock(connection: Connection, ids: Collection[int]) -> Mapping[int, Contact]:
    """Return these contacts as they stand, and let nobody else change them before the transaction ends."""
    query = select(contacts).where(contacts.c.id.in_(sorted(ids))).order_by(contacts.c.id).with_for_update()
    return {row.id: contact_of(row) for row in connection.execute(query)}


def move(connection: Connection, message_ids: Iterable[int], contact_id: int) -> None:
    """Let these messages belong to another contact."""
    ids = sorted(message_ids)
    change = update(messages).where(messages.c.id.in_(ids)).values(contact_id=contact_id)
    connection.execute(change)
    words.renew(connection, ids)


def survivors(connection: Connection, around: Iterable[Contact]) -> dict[int, Contact]:
    """Return the contact that goes on for each of these that goes on in another, by the number of that one."""
    into: dict[int, int] = {c.id: c.merged_into for c in around if c.merged_into is not None}
    if not into:
        return {}
    query: Any = select(contacts).where(contacts.c.id.in_(sorted(set(into.values()))))
    by_id = {row.id: contact_of(row) for row in connection.execute(query)}
    return {number: by_id[survivor] for number, survivor in into.items() if survivor in by_id}
