"""Staff have answered: the clocks stop, and what has not left yet stays here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import State
from bot.core.events import Event, EventKind
from bot.store import contacts, outbox


@dataclass(frozen=True, slots=True)
class Responded:
    """The answer is recorded; `in_time` is None when nothing was promised."""

    in_time: bool | None


@dataclass(frozen=True, slots=True)
class NotResponded:
    """Nothing was changed, and why."""

    reason: str


def respond(
    connection: Connection,
    reference: str,
    at: datetime,
    *,
    actor: str,
    note: str = "",
    recorded_at: datetime | None = None,
) -> Responded | NotResponded:
    """Record a full response that was given at `at`; `recorded_at` is the present, where that is another instant."""
    contact = contacts.find(connection, reference)
    if contact is None:
        return NotResponded(f"there is no contact {reference}")
    if contact.state != State.OPEN:
        return NotResponded(f"{reference} is {contact.state}, so nothing was waiting for an answer")
    if at < contact.received_at:
        return NotResponded(f"the answer would be earlier than the contact itself ({contact.received_at.isoformat()})")

    if not contacts.answer(connection, contact, at):
        return NotResponded(f"somebody else recorded an answer to {reference} at this moment")
    cancelled = outbox.cancel_waiting(connection, contact.id)
    details = {"note": note, "cancelled_deliveries": cancelled, **contacts.recorded(at, recorded_at)}
    contacts.note(connection, [Event(contact.id, at, EventKind.RESPONDED, actor, details)])
    # Due is the last permitted second, so an answer within that second is in time.
    if contact.respond_by is None:
        # While its clock is paused nothing can be late.
        return Responded(True if contact.paused_at is not None else None)
    return Responded((at - contact.respond_by).total_seconds() < 1)
