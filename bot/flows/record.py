"""What staff or another program took down becomes a contact, as every message does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.store import contacts


@dataclass(frozen=True, slots=True)
class Recorded:
    """The contact, and whether it was new."""

    contact: Contact
    new: bool


def taken_down(connection: Connection, reference: str, actor: str, now: datetime, *, new: bool) -> Recorded:
    """The contact of that reference, with a note of who took it down."""
    contact = contacts.find(connection, reference)
    if contact is None:
        raise LookupError(f"{reference} is not stored")
    if new:
        row: dict[str, Any] = {"contact_id": contact.id, "at": now, "kind": "taken down", "actor": actor}
        contacts.note(connection, [row])
    return Recorded(contact, new)
