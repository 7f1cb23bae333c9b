"""Staff know that two contacts are of the same person, or that they are not after all."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes.refused import Kind, Refused
from bot.store import contacts, links

FIELD = "with"


def link(connection: Connection, contact: Contact, another: Contact | None, actor: str, now: datetime) -> Contact:
    """Link it with another contact, and return that. Raises Refused."""
    another = _another(contact, another)
    if not same_person(connection, contact, another, actor, now):
        raise Refused(f"it is linked with {another.reference} already", FIELD, Kind.CONFLICT)
    return another


def unlink(connection: Connection, contact: Contact, another: Contact | None, actor: str, now: datetime) -> Contact:
    """Take away the link with another contact, and return that. Raises Refused."""
    another = _another(contact, another)
    if not links.unlink(connection, contact.id, another.id):
        raise Refused(f"staff have not linked it with {another.reference}", FIELD, Kind.CONFLICT)
    _note(connection, contact, another, EventKind.LINK_TAKEN_AWAY, actor, now)
    return another


def same_person(connection: Connection, contact: Contact, another: Contact, actor: str, now: datetime) -> bool:
    """Link two contacts of one person; False, and nothing is changed, where they are linked already."""
    is_new = links.link(connection, contact.id, another.id)
    if is_new:
        _note(connection, contact, another, EventKind.LINKED, actor, now)
    return is_new


def _another(contact: Contact, another: Contact | None) -> Contact:
    if another is None or another.id == contact.id:
        raise Refused("enter the reference of another contact", FIELD)
    return another


def _note(
    connection: Connection, contact: Contact, another: Contact, kind: EventKind, actor: str, now: datetime
) -> None:
    contacts.note(connection, [Event(contact.id, now, kind, actor, {"with": another.reference})])
