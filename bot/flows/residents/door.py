"""Who may open the page of a contact: whoever has its key, for as long as the contact has a page."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core import threads, tracking
from bot.core.contacts import Contact, State
from bot.flows.rulebook import Rulebook
from bot.store import contacts, tracked


def contact_behind(connection: Connection, reference: str, key: str, now: datetime, book: Rulebook) -> Contact | None:
    """The contact whose page has this address; None for every other address.

    The work is the same whether there is such a contact or not: whoever has no key learns nothing from the time.
    """
    name = next(iter(threads.references_in(reference, book.prefix)), "")
    number, generation = tracked.number_and_generation(connection, name)
    if not tracking.is_key(key, number, name, generation, book.secret) or not number:
        return None
    contact = contacts.with_id(connection, [number])[number]
    return None if why_no_page(connection, contact, now, book) else contact


def why_no_page(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> str:
    """Why a contact has no page, in words for staff; "" where it has."""
    return book.tracking.why_not(contact, end_of(contact, tracked.finished_at(connection, contact.id)), now)


def end_of(contact: Contact, finished_at: datetime | None) -> datetime | None:
    """When the contact ended, whose history has its last end at `finished_at`; None while it is open."""
    return None if contact.state == State.OPEN else finished_at or contact.responded_at or contact.received_at


def path_of(contact: Contact, book: Rulebook) -> str:
    """The address of its page, from the root of ours."""
    return f"/track/{tracking.path(contact.id, contact.reference, contact.tracking_generation, book.secret)}"
