"""What staff or another program took down becomes a contact, as every message does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes import classify
from bot.flows.changes.refusals import Refused, refuse_merged
from bot.flows.rulebook import Rulebook
from bot.store import contacts

OLDEST = timedelta(days=366)
# The clock of another system may be ahead of ours.
CLOCKS_DIFFER = timedelta(minutes=5)


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
    new = not any(event.kind == EventKind.TAKEN_DOWN for event in contacts.events_of(connection, contact.id))
    if new:
        contacts.note(connection, [Event(contact.id, now, EventKind.TAKEN_DOWN, actor)])
    return Recorded(contact, new)


def refuse_addition(connection: Connection, contact: Contact, at: datetime, book: Rulebook) -> None:
    """Raise Refused where nothing that the person said at `at` may be added to a contact any more."""
    refuse_merged(connection, contact)
    today = book.clocks.today
    answered_on = contact.responded_at and today(contact.responded_at)
    if not threads.goes_on(contact.state, today(at), answered_on, book.intake.reopen_days):
        raise Refused(f"{contact.reference} is {contact.state}. Open it again first, or record a new contact")


def note_addition(connection: Connection, reference: str, actor: str, now: datetime) -> None:
    """Note who took down what was added to the contact of that reference."""
    (contact,) = contacts.with_references(connection, [reference]).values()
    contacts.note(connection, [Event(contact.id, now, EventKind.TAKEN_DOWN, actor)])


def refusals(service: str, received_at: datetime | None, now: datetime, book: Rulebook) -> list[Refused]:
    """Why nothing may be taken down about this service, as come at this instant (None: now); none where it may."""
    reasons = {
        "service": classify.why_unknown("service", service, book),
        "received_at": _why_not_received(received_at, now) if received_at else "",
    }
    return [Refused(reason, field) for field, reason in reasons.items() if reason]


def _why_not_received(at: datetime, now: datetime) -> str:
    if at > now + CLOCKS_DIFFER:
        return "it cannot have come in the future"
    return "it must have come within the last year" if now - at > OLDEST else ""
