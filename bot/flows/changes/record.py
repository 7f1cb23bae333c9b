"""What staff or another program took down becomes a contact, as every message does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.store import contacts, links


@dataclass(frozen=True, slots=True)
class Recorded:
    """The contact, and whether it was noted only now that it was taken down."""

    contact: Contact
    new: bool


def taken_down(connection: Connection, reference: str, actor: str, now: datetime) -> Recorded:
    """The contact of that reference, with a note of who took it down.

    It is noted once: now, where this is said again after something ended between the logging and the note.
    """
    contact = contacts.find(connection, reference)
    if contact is None:
        raise LookupError(f"{reference} is not stored")
    new = not any(event["kind"] == EventKind.TAKEN_DOWN for event in contacts.events_of(connection, contact.id))
    if new:
        contacts.note(connection, [Event(contact.id, now, EventKind.TAKEN_DOWN, actor)])
    return Recorded(contact, new)


def same_person(connection: Connection, contact: Contact, before: Contact, actor: str, now: datetime) -> None:
    """Link what was taken down with the contact from whose page staff began: they know who it is."""
    if links.link(connection, contact.id, before.id):
        event = Event(contact.id, now, EventKind.LINKED, actor, {"with": before.reference})
        contacts.note(connection, [event])
