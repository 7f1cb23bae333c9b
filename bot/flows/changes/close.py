"""Staff close a contact, or open it again. The person hears of the closing where the standard says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.core.histories import Happened, Kind
from bot.flows.changes.adjust import columns
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """It is done; `told` says whether the person is sent a message about it."""

    told: bool


@dataclass(frozen=True, slots=True)
class NotChanged:
    """Nothing was changed, and why."""

    reason: str


def close(
    connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, reason: str = ""
) -> Changed | NotChanged:
    """Nothing more is to be done. `reason`, in words for the person, is needed where they have had no answer."""
    contact = contacts.find(connection, reference)
    if contact is None:
        return NotChanged(f"there is no contact {reference}")
    if contact.state not in (State.OPEN, State.ANSWERED):
        return NotChanged(f"{reference} is {contact.state}")
    if contact.state == State.OPEN and not reason:
        return NotChanged(f"{reference} is not answered: say why it is closed all the same")
    if not contacts.close(connection, contact):
        return NotChanged(f"somebody else changed {reference} at this moment; look again")
    outbox.cancel_waiting(connection, contact.id)
    details = {"reason": reason, "was": contact.state}
    _note(connection, contact, EventKind.CLOSED, details, actor, now)
    given = outbox.acknowledgements_of(connection, [contact.id]).get(contact.id)
    told = given is not None and book.standard_of(contact).closing == "message" and not contact.muted
    if given is not None and told:
        outbox.queue(connection, [tell.closing(contact, given, reason, now, book)])
    return Changed(told)


def reopen(
    connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, note: str = ""
) -> Changed | NotChanged:
    """It is to be answered after all: the clock runs on with the date that it had."""
    contact = contacts.find(connection, reference)
    if contact is None:
        return NotChanged(f"there is no contact {reference}")
    if contact.state not in (State.ANSWERED, State.CLOSED) or contact.standard is None:
        return NotChanged(f"{reference} is {contact.state}")
    happened = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    kind = EventKind.REOPENED if contact.responded_at is not None else EventKind.OPENED_AGAIN
    again = [Happened(Kind.REOPENED, now)] if contact.responded_at is not None else []
    values = columns(contact, book.clocks(contact, [*happened, *again]), now, book) | {"responded_at": None}
    if not contacts.reopen(connection, contact, values):
        return NotChanged(f"somebody else changed {reference} at this moment; look again")
    _note(connection, contact, kind, {"note": note}, actor, now)
    return Changed(told=False)


def _note(
    connection: Connection, contact: Contact, kind: EventKind, details: Values, actor: str, now: datetime
) -> None:
    filled = {key: value for key, value in details.items() if value}
    contacts.note(connection, [Event(contact.id, now, kind, actor, filled)])
