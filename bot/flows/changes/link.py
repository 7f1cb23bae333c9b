"""Staff know that two contacts are of the same person, or that they are not after all."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes import needs
from bot.flows.changes.refusals import Kind, Refused
from bot.store import contacts, links

FIELD = "with"


def link(connection: Connection, contact: Contact, partner: Contact | None, actor: str, now: datetime) -> Contact:
    """Link it with another contact, and return that. Raises Refused."""
    partner = _partner(contact, partner)
    if not same_person(connection, contact, partner, actor, now):
        raise Refused(f"it is linked with {partner.reference} already", FIELD, Kind.CONFLICT)
    return partner


def unlink(connection: Connection, contact: Contact, partner: Contact | None, actor: str, now: datetime) -> Contact:
    """Take away the link with another contact, and return that. Raises Refused."""
    partner = _partner(contact, partner)
    if not links.unlink(connection, contact.id, partner.id):
        raise Refused(f"staff have not linked it with {partner.reference}", FIELD, Kind.CONFLICT)
    _note(connection, contact, partner, EventKind.LINK_TAKEN_AWAY, actor, now)
    needs.obey_together(connection, contact.id, partner.id)
    return partner


def same_person(connection: Connection, contact: Contact, partner: Contact, actor: str, now: datetime) -> bool:
    """Link two contacts of one person; False, and nothing is changed, where they are linked already."""
    is_new = links.link(connection, contact.id, partner.id)
    if is_new:
        _note(connection, contact, partner, EventKind.LINKED, actor, now)
        needs.obey_together(connection, contact.id)
    return is_new


def _partner(contact: Contact, partner: Contact | None) -> Contact:
    if partner is None or partner.id == contact.id:
        raise Refused("enter the reference of another contact", FIELD)
    return partner


def _note(
    connection: Connection, contact: Contact, partner: Contact, kind: EventKind, actor: str, now: datetime
) -> None:
    contacts.note(connection, [Event(contact.id, now, kind, actor, {"with": partner.reference})])
