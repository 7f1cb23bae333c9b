"""A new contact cannot wait: its team is called at once, unless it just was about the same person and danger."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core import autoreplies
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows import board
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import calls, clocks, contacts, outbox


def call(connection: Connection, contact_id: int, now: datetime, book: Rulebook, *, is_one_danger: bool) -> None:
    """Call the team, or add the contact to a call that goes on; its own next call is due then at the latest.

    `is_one_danger`: the message names no other than the one that is noted. In doubt it calls.
    """
    contact = contacts.with_id(connection, [contact_id])[contact_id]
    if contact.urgent_at is None:
        return
    board.refresh(connection, now, book)
    first = _called_already(connection, contact, now, book) if is_one_danger else None
    if first is None or first.urgent_at is None:
        outbox.queue(connection, alert.urgent_alerts(contact, 0, now, book))
        clocks.look_again(connection, [contact.id], contact.urgent_at)
        return
    next_call = min(first.urgent_at, now + book.clocks.timing.urgent_once_within)
    contacts.put(connection, contact.id, {"urgent_at": next_call, "urgent_step": first.urgent_step})
    clocks.look_again(connection, [contact.id], next_call)
    events = [
        Event(contact.id, now, EventKind.CALL_SHARED, details={"urgent": contact.urgent, "with": first.reference}),
        Event(first.id, now, EventKind.CALL_SHARED, details={"urgent": contact.urgent, "with": contact.reference}),
    ]
    contacts.note(connection, events)


def _called_already(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> Contact | None:
    """The contact about whose same danger of the same person the team is being called, since a short while."""
    if _writes_for_others(contact.sender_key or "", book):
        return None
    once_within = book.clocks.timing.urgent_once_within
    recent = (first for first in calls.of_person(connection, contact) if now - first.received_at < once_within)
    return next((first for first in recent if first.team == contact.team), None)


def _writes_for_others(address: str, book: Rulebook) -> bool:
    """Whether staff or a relay wrote: the same danger may be another person's each time."""
    triage = book.intake.triage
    domain = address.rpartition("@")[2]
    is_relay = any(domain == relay or domain.endswith(f".{relay}") for relay in triage.relays)
    return is_relay or autoreplies.is_staff_address(address, triage)
