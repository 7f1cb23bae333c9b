"""How people need us to write or speak (Equality Act 2010 section 20)."""

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
    """What one person needs, in words; who noted it, and when."""

    needs: str
    noted_by: str
    noted_at: datetime


def keys_of(connection: Connection, ids: Collection[int]) -> dict[int, set[str]]:
    """By what the person of each contact is known: each address from which they wrote or that they gave."""
    found: dict[int, set[str]] = {contact_id: set() for contact_id in ids}
    senders = select(contacts.c.id, contacts.c.sender_key).where(contacts.c.id.in_(sorted(ids)))
    for row in connection.execute(senders):
        found[row.id].add(phones.key(row.sender_key or ""))
    written = (messages.c.contact_id.in_(sorted(ids))) & (messages.c.written_by == "sender")
    for row in connection.execute(select(messages.c.contact_id, messages.c.fields).where(written)):
        fields = json.loads(row.fields)
        given = (str(fields.get("email") or "").lower(), phones.address(str(fields.get("phone") or "")))
        found[row.contact_id].update(given)
    return {contact_id: keys - {""} for contact_id, keys in found.items()}


def key_of_contact(contact_id: int) -> str:
    """Under what the needs of somebody without any address are kept: with the contact."""
    return f"contact:{contact_id}"


def of(connection: Connection, keys: Collection[str]) -> Needs | None:
    """What the person needs who is known by one of these keys, as it was noted last."""
    wanted = select(needs).where(needs.c.address.in_(sorted(keys))).order_by(needs.c.noted_at.desc()).limit(1)
    row = connection.execute(wanted).first()
    return Needs(row.needs, row.noted_by, row.noted_at) if row else None


def note(connection: Connection, keys: Collection[str], noted: Needs) -> None:
    """Keep what a person needs under each of these keys."""
    statement = insert(needs)
    values = {"needs": noted.needs, "noted_by": noted.noted_by, "noted_at": noted.noted_at}
    changed = {name: statement.excluded[name] for name in values}
    upsert = statement.on_conflict_do_update(index_elements=["address"], set_=changed)
    connection.execute(upsert, [values | {"address": key} for key in sorted(keys)])


def drop(connection: Connection, keys: Collection[str]) -> None:
    """Take away what was noted under these keys."""
    connection.execute(delete(needs).where(needs.c.address.in_(sorted(keys))))


def noted_among(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of these keys under which something is noted."""
    return set(connection.execute(select(needs.c.address).where(needs.c.address.in_(sorted(keys)))).scalars())
