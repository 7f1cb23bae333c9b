"""Staff have answered: the clocks stop, and what has not left yet stays here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.flows.changes import ask, refusals
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox


@dataclass(frozen=True, slots=True)
class Responded:
    """The answer is recorded; `in_time` is None when nothing was promised."""

    in_time: bool | None


@dataclass(frozen=True, slots=True)
class Response:
    """A full response that was given at `at` (None: now), by whom, and a `note` for the history.

    `how` is the route by which it left from here, and `formats` in what it did; None where it did not leave from here.
    """

    actor: str
    at: datetime | None = None
    note: str = ""
    how: str = ""
    formats: str | None = None


def respond(
    connection: Connection,
    reference: str,
    now: datetime,
    book: Rulebook,
    *,
    actor: str,
    at: datetime | None = None,
    note: str = "",
) -> Responded:
    """Record a full response that staff gave elsewhere, as `record` does. Raises Refused."""
    return record(connection, reference, Response(actor, at, note), now, book)


def record(connection: Connection, reference: str, response: Response, now: datetime, book: Rulebook) -> Responded:
    """Stop the clocks of an open contact, and cancel what has not left yet; the person is asked later if it helped.

    Raises Refused.
    """
    contact = refusals.open_contact(connection, reference, "nothing was waiting for an answer")
    at, note = refusals.instant_of(response.at, contact, now), refusals.short_text(response.note, "note")

    if not contacts.answer(connection, contact, at):
        raise refusals.collision(reference)
    cancelled = outbox.cancel_waiting(connection, contact.id)
    details: dict[str, Any] = {"note": note, "cancelled_deliveries": len(cancelled)}
    details |= contacts.recording_details(at, now) | _needs(contact, response)
    events = [Event(contact.id, at, EventKind.RESPONDED, response.actor, details)]
    if Purpose.ACKNOWLEDGEMENT in cancelled:
        events.append(Event(contact.id, now, EventKind.RECEIPT_NOT_NEEDED))
    contacts.note(connection, events)
    ask.ask(connection, contact, at, now, book)
    # Due is the last permitted second, so an answer within that second is in time.
    if contact.respond_by is None:
        # While its clock is paused nothing can be late.
        return Responded(True if contact.paused_at is not None else None)
    return Responded((at - contact.respond_by).total_seconds() < 1)


def _needs(contact: Contact, response: Response) -> dict[str, str]:
    """What the person needed when they were answered, and how they were; nothing where they need nothing."""
    if not contact.need_codes and not contact.wished_language:
        return {}
    details = {"needs": contact.need_codes, "how": response.how}
    left_in = {} if response.formats is None else {"format": response.formats}
    return {name: text for name, text in details.items() if text} | left_in
