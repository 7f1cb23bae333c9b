"""Staff close a contact, or open it again.

Whoever is owed an answer hears of the closing; who has had one hears of it where the standard says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import threads
from bot.core.closings import Outcome, outcome_of
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery, NewDelivery
from bot.core.events import Event, EventKind
from bot.core.histories import Clocks, Happened
from bot.core.histories import Kind as Clock
from bot.core.suggestions import choose_one
from bot.flows.changes import refusals
from bot.flows.changes.adjust import columns, stand
from bot.flows.changes.reach import reach
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, staff_answers

Values = dict[str, Any]
PERSON_WROTE = "the person wrote again"
# The cause was that of the answer before.
_NOT_ANSWERED: Values = {"responded_at": None, "cause": ""}


@dataclass(frozen=True, slots=True)
class Closing:
    """How it ends: `reason` in words for the person, `note` for the history."""

    outcome: Outcome = Outcome.FINISHED
    reason: str = ""
    note: str = ""

    @classmethod
    def of(cls, outcome: str, reason: str, note: str) -> "Closing":
        """The same of what was typed. Raises Refused."""
        choice = outcome_of(outcome.strip())
        if choice is None:
            raise Refused(choose_one(outcome, Outcome), "outcome")
        return cls(choice, refusals.short_text(reason, "reason"), refusals.short_text(note, "note"))


def close(connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, closing: Closing) -> bool:
    """Nothing more is to be done; whether the person is sent a message about it. Raises Refused.

    Who is owed an answer is never left without a word: they are sent the reason, or staff say how they were told, or
    that nobody is owed one.
    """
    contact = refusals.contact_of(connection, reference)
    refusals.refuse_merged(connection, contact)
    if contact.state not in (State.OPEN, State.ANSWERED):
        raise Refused(f"{reference} is {contact.state}")
    _refuse(connection, contact, closing, book)
    way = _way(connection, contact, closing, now, book)
    if not contacts.close(connection, contact):
        raise refusals.collision(reference)
    outbox.cancel_waiting(connection, contact.id)
    outcome = "" if closing.outcome is Outcome.FINISHED else closing.outcome
    details = {"outcome": outcome, "reason": closing.reason, "note": closing.note, "was": contact.state}
    details["needs"] = contact.need_codes
    _note(connection, contact, EventKind.CLOSED, details, actor, now)
    if way is None:
        return False
    outbox.queue(connection, [tell.closing(contact, way, closing.reason, now, book)])
    return True


def _refuse(connection: Connection, contact: Contact, closing: Closing, book: Rulebook) -> None:
    """Raise Refused where what the outcome needs is missing."""
    match closing.outcome:
        case Outcome.WITHDRAWN | Outcome.SPAM | Outcome.TEST if staff_answers.under_way(connection, contact.id):
            raise Refused("an answer has not left yet: take it back first, so that nothing is sent")
        case Outcome.FINISHED if contact.state == State.OPEN and not closing.reason:
            raise Refused("it is not answered: say why it is closed all the same", "reason", Kind.CONFLICT)
        case Outcome.TOLD if not closing.note:
            raise Refused("say how they were told, and when", "note")
        case Outcome.DUPLICATE if not _names_another(connection, contact, closing, book):
            raise Refused("name the contact with which it goes on, by its reference: one that is not closed", "note")


def _names_another(connection: Connection, contact: Contact, closing: Closing, book: Rulebook) -> bool:
    """Whether the note names a contact that can go on in its place."""
    names = threads.references_in(closing.note, book.prefix)
    others = (contacts.find(connection, name) for name in names if name != contact.reference)
    return any(other is not None and other.state in (State.OPEN, State.ANSWERED) for other in others)


def _way(
    connection: Connection, contact: Contact, closing: Closing, now: datetime, book: Rulebook
) -> Delivery | NewDelivery | None:
    """The way by which the person is told; None where nothing is sent. Raises Refused where it must be, and cannot."""
    if closing.outcome is not Outcome.FINISHED:
        return None
    is_owed = contact.state == State.OPEN
    if not is_owed and book.clocks.standard_of(contact).closing != "message":
        return None
    route = reach(connection, contact, now, book)
    if route.receipt is None and is_owed:
        words = "no message reaches the person: choose how they were told, or why nobody is owed an answer"
        raise Refused(f"{route.why_not}, so {words}", "outcome", Kind.CONFLICT)
    return route.receipt


def reopen(connection: Connection, reference: str, actor: str, now: datetime, book: Rulebook, note: str = "") -> None:
    """It is to be answered after all: the clock runs on with the date that it had. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    refusals.refuse_merged(connection, contact)
    if contact.state not in (State.ANSWERED, State.CLOSED) or contact.standard is None:
        raise Refused(f"{reference} is {contact.state}")
    note = refusals.short_text(note, "note")
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    kind = EventKind.REOPENED if contact.responded_at is not None else EventKind.OPENED_AGAIN
    again = [Happened(Clock.REOPENED, now)] if contact.responded_at is not None else []
    after = book.clocks.of(contact, [*history, *again])
    values = columns(contact, after, now, book) | _NOT_ANSWERED
    if not contacts.reopen(connection, contact, values):
        raise refusals.collision(reference)
    _note(connection, contact, kind, {"note": note, **_dates(contact, after)}, actor, now)


def reopen_for_person(connection: Connection, reference: str, at: datetime, now: datetime, book: Rulebook) -> None:
    """The person wrote again at `at`: the time to answer starts anew with that. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    if contact.state not in (State.ANSWERED, State.CLOSED):
        raise Refused(f"{reference} is {contact.state}")
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])
    after = book.clocks.of(contact, [*history, Happened(Clock.REOPENED, at)])
    values = columns(contact, after, now, book) | _NOT_ANSWERED
    if not contacts.reopen(connection, contact, values):
        raise refusals.collision(reference)
    details = {"note": PERSON_WROTE, **_dates(contact, after), **contacts.recording_details(at, now)}
    contacts.note(connection, [Event(contact.id, at, EventKind.REOPENED, details=details)])


def _dates(contact: Contact, after: Clocks) -> Values:
    """When it was answered, the date that it had, and how its time stands now that it is open again."""
    before = {"answered_at": contact.responded_at, "respond_by_before": contact.respond_by}
    return {name: at.isoformat() for name, at in before.items() if at} | stand(after)


def _note(
    connection: Connection, contact: Contact, kind: EventKind, details: Values, actor: str, now: datetime
) -> None:
    values = {key: value for key, value in details.items() if value}
    contacts.note(connection, [Event(contact.id, now, kind, actor, values)])
