"""A refusal, and the rules that several verbs share: which contact, how long a text may be, when something happened.

A verb keeps its own rules and raises `Refused` before it changes anything. Command line, console, API and mailed link
only translate that.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.store import contacts

MOST_CHARACTERS = 5_000


class Kind(StrEnum):
    """Why something is refused: no such contact; not as things stand; a field is wrong."""

    UNKNOWN = "unknown"
    CONFLICT = "conflict"
    INVALID = "invalid"


class Refused(Exception):
    """Nothing was changed; `reason` says why, in words for whoever asked, `field` which field would put it right.

    What names a field is invalid and anything else a conflict, unless `kind` says otherwise.
    """

    def __init__(self, reason: str, field: str = "", kind: Kind | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field
        self.kind = kind or (Kind.INVALID if field else Kind.CONFLICT)

    @property
    def sentence(self) -> str:
        """The reason as a sentence of its own."""
        return f"{self.reason[:1].upper()}{self.reason[1:]}."


def contact_of(connection: Connection, reference: str) -> Contact:
    """The contact of that reference. Raises Refused where there is none."""
    contact = contacts.find(connection, reference)
    if contact is None:
        raise Refused(f"there is no contact {reference}", kind=Kind.UNKNOWN)
    return contact


def open_contact(connection: Connection, reference: str, consequence: str) -> Contact:
    """The open contact of that reference. Raises Refused, with the `consequence` of its state where that is another."""
    contact = contact_of(connection, reference)
    refuse_merged(connection, contact)
    if contact.state != State.OPEN:
        raise Refused(f"{reference} is {contact.state}, so {consequence}")
    return contact


def refuse_merged(connection: Connection, contact: Contact) -> None:
    """Raise Refused for a contact that goes on in another one: what is to be done is done there."""
    if contact.merged_into is not None:
        name = reference_of(connection, contact.merged_into)
        raise Refused(f"{contact.reference} goes on in {name}: do it there, or part them")


def reference_of(connection: Connection, contact_id: int) -> str:
    """The reference of the contact with this number."""
    return contacts.with_id(connection, [contact_id])[contact_id].reference


def short_text(text: str, field: str, most: int = MOST_CHARACTERS) -> str:
    """The text without spaces around it. Raises Refused for one that is too long: nothing is cut."""
    text = text.strip()
    if len(text) > most:
        raise Refused(f"use {most:,} characters or fewer; there are {len(text):,}", field)
    return text


def instant_of(at: datetime | None, contact: Contact, now: datetime) -> datetime:
    """When something happened to the contact: at `at`, or now. Raises Refused for an instant at which it cannot have.

    A clock that runs fast in a rehearsal may have the contact come a little after now: that is no future.
    """
    present = max(now, contact.received_at)
    if at is None:
        return present
    if at > present:
        raise Refused("that is in the future", "at")
    if at < contact.received_at:
        raise Refused("that is before the contact itself came", "at")
    return at


def collision(reference: str) -> Refused:
    """The refusal of whoever came second, at the same moment."""
    return Refused(f"somebody else changed {reference} at this moment; look again")
