"""The links to the page of a contact that were sent before open nothing any more."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes.refusals import Refused
from bot.store import contacts


def make_void(connection: Connection, contact: Contact, actor: str, now: datetime) -> None:
    """Let every link to its page that was ever sent open nothing any more. Raises Refused."""
    if contact.forgotten:
        raise Refused("its words are gone already, and it has no page any more")
    if contact.merged_into is not None:
        raise Refused("it goes on in another contact, and has no page of its own")
    contacts.put(connection, contact.id, {"tracking_generation": contact.tracking_generation + 1})
    contacts.note(connection, [Event(contact.id, now, EventKind.LINKS_MADE_VOID, actor)])
