"""The ways in which people need us to write or speak (Equality Act 2010 section 20)."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.core import phones
from bot.store.tables import contacts, messages, needs


@dataclass(frozen=True, slots=True)
class Needs:
    """The needs of one person, in words; who noted them, and when."""

    needs: str
    noted_by: str
    noted_at: datetime


def keys_of(connection: Connection, ids: Collection[int]) -> dict[int, set[str]]:
    """Return the keys of each contact's person: every address from which they wrote or that they gave."""
    keys_by_contact: dict[int, set[str]] = {contact_id: set() for contact_id in ids}
    senders = select(contacts.c.id, contacts.c.sender_key).where(contacts.c.id.in_(sorted(ids)))
    for row in connection.execute(senders):
        keys_by_contact[row.id].add(phones.key(row.sender_key or ""))
    condition = (messages.c.contact_id.in_(sorted(ids))) & (messages.c.written_by == "sender")
    for row in connection.execute(select(messages.c.contact_id, messages.c.fields).where(condition)):
        fields = json.loads(row.fields)
        addresses = (str(fields.get("email") or "").lower(), phones.address(str(fields.get("phone") or "")))
        keys_by_contact[row.contact_id].update(addresses)
    return {contact_id: keys - {""} for contact_id, keys in keys_by_contact.items()}


def key_of_contact(contact_id: int) -> str:
    """Return the key under which the needs of a person without any address are stored: the contact."""
    return f"contact:{contact_id}"


def of(connection: Connection, keys: Collection[str]) -> Needs | None:
    """Return the needs of the person with one of these keys, as last noted."""
    query = select(needs).where(needs.c.address.in_(sorted(keys))).order_by(needs.c.noted_at.desc()).limit(1)
    row = connection.execute(query).first()
    return Needs(row.needs, row.noted_by, row.noted_at) if row else None


def note(connection: Connection, keys: Collection[str], need: Needs) -> None:
    """Store what a person needs under each of these keys."""
    statement = insert(needs)
    values = {"needs": need.needs, "noted_by": need.noted_by, "noted_at": need.noted_at}
    new_values = {name: statement.excluded[name] for name in values}
    upsert = statement.on_conflict_do_update(index_elements=["address"], set_=new_values)
    connection.execute(upsert, [values | {"address": key} for key in sorted(keys)])


def drop(connection: Connection, keys: Collection[str]) -> None:
    """Delete the needs under these keys."""
    connection.execute(delete(needs).where(needs.c.address.in_(sorted(keys))))


def noted_among(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return those of these keys under which needs are stored."""
    return set(connection.execute(select(needs.c.address).where(needs.c.address.in_(sorted(keys)))).scalars())
