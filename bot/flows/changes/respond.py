"""Staff have answered: the clocks stop, and what has not left yet stays here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.flows.changes import ask, refusals
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox


@dataclass(frozen=True, slots=True)
class Responded:
    """The answer is recorded; `in_time` is None when nothing was promised."""

    in_time: bool | None


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
    """Record a full response that was given at `at` (None: now); the person is asked later if it helped.

    Raises Refused.
    """
    contact = refusals.open_contact(connection, reference, "nothing was waiting for an answer")
    at, note = refusals.instant_of(at, contact, now), refusals.short_text(note, "note")

    if not contacts.answer(connection, contact, at):
        raise refusals.collision(reference)
    cancelled = outbox.cancel_waiting(connection, contact.id)
    details = {"note": note, "cancelled_deliveries": len(cancelled), **contacts.recording_details(at, now)}
    events = [Event(contact.id, at, EventKind.RESPONDED, actor, details)]
    if Purpose.ACKNOWLEDGEMENT in cancelled:
        events.append(Event(contact.id, now, EventKind.RECEIPT_NOT_NEEDED))
    contacts.note(connection, events)
    ask.ask(connection, contact, at, now, book)
    # Due is the last permitted second, so an answer within that second is in time.
    if contact.respond_by is None:
        # While its clock is paused nothing can be late.
        return Responded(True if contact.paused_at is not None else None)
    return Responded((at - contact.respond_by).total_seconds() < 1)
