"""Staff close a contact, or open it again. The person hears of the closing where the standard says so."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.core.histories import Happened
from bot.core.histories import Kind as Clock
from bot.flows.changes import refusals
from bot.flows.changes.adjust import columns
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import contacts, holds, outbox

Values = dict[str, Any]
PERSON_WROTE = "the person wrote again"


def close(connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, reason: str = "") -> bool:
    """Nothing more is to be done; whether the person is sent a message about it. Raises Refused.

    `reason`, in words for the person, is needed where they have had no answer.
    """
    contact = refusals.contact_of(connection, reference)
    if contact.state not in (State.OPEN, State.ANSWERED):
        raise Refused(f"{reference} is {contact.state}")
    reason = refusals.short_text(reason, "reason")
    if contact.state == State.OPEN and not reason:
        raise Refused("it is not answered: say why it is closed all the same", "reason", Kind.CONFLICT)
    if not contacts.close(connection, contact):
        raise refusals.collision(reference)
    # What is held may never have been theirs to have: closing it tells nobody anything.
    is_held = bool(holds.among(connection, [contact.id]))
    outbox.cancel_waiting(connection, contact.id)
    details = {"reason": reason, "was": contact.state}
    _note(connection, contact, EventKind.CLOSED, details, actor, now)
    receipt = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    if receipt is None or is_held or book.clocks.standard_of(contact).closing != "message" or contact.muted:
        return False
    outbox.queue(connection, [tell.closing(contact, receipt, reason, now, book)])
    return True


def reopen(connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, note: str = "") -> None:
    """It is to be answered after all: the clock runs on with the date that it had. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    if contact.state not in (State.ANSWERED, State.CLOSED) or contact.standard is None:
        raise Refused(f"{reference} is {contact.state}")
    note = refusals.short_text(note, "note")
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    kind = EventKind.REOPENED if contact.responded_at is not None else EventKind.OPENED_AGAIN
    again = [Happened(Clock.REOPENED, now)] if contact.responded_at is not None else []
    values = columns(contact, book.clocks.of(contact, [*history, *again]), now, book) | {"responded_at": None}
    if not contacts.reopen(connection, contact, values):
        raise refusals.collision(reference)
    _note(connection, contact, kind, {"note": note}, actor, now)


def reopen_for_person(connection: Connection, reference: str, at: datetime, now: datetime, book: Rulebook) -> None:
    """The person wrote again at `at`: the time to answer starts anew with that. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    if contact.state not in (State.ANSWERED, State.CLOSED):
        raise Refused(f"{reference} is {contact.state}")
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    after = book.clocks.of(contact, [*history, Happened(Clock.REOPENED, at)])
    values = columns(contact, after, now, book) | {"responded_at": None}
    if not contacts.reopen(connection, contact, values):
        raise refusals.collision(reference)
    details = {"note": PERSON_WROTE, "answered_at": contact.responded_at and contact.responded_at.isoformat()}
    contacts.note(connection, [Event(contact.id, at, EventKind.REOPENED, details=details)])


def _note(
    connection: Connection, contact: Contact, kind: EventKind, details: Values, actor: str, now: datetime
) -> None:
    values = {key: value for key, value in details.items() if value}
    contacts.note(connection, [Event(contact.id, now, kind, actor, values)])
