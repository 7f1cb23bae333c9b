"""A contact, and what staff and time do to its clocks."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.flows.changes.adjust import Adjusted, ClockChange, Word, adjust
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, claim, record
from bot.flows.rulebook import Rulebook
from bot.store import contacts
from bot.store.tables import deliveries
from tests.flows.conftest import NOW


def logged(connection: Connection, book: Rulebook, message: Inbound, *, acknowledged: bool = True) -> Contact:
    """One contact, received at NOW, its acknowledgement handed over at once."""
    received = receive(
        connection,
        Batch((message,)),
        Reading(message.channel),
        NOW,
        book,
        Capacity({"post": 5}, ClaimTerms(timedelta(minutes=5))),
    )
    if acknowledged:
        record(connection, [Attempt(receipt.delivery, NOW) for receipt in received.claimed], book)
    return again(connection, received.filed[0].reference)


def again(connection: Connection, reference: str | None) -> Contact:
    """The contact as it is stored now."""
    contact = contacts.find(connection, reference or "")
    assert contact
    return contact


def do(connection: Connection, book: Rulebook, contact: Contact, kind: Kind, at: datetime, **more: Any) -> Adjusted:
    """Let staff do it, at that very moment."""
    word = Word("staff:me", more.pop("reason", ""), more.pop("note", ""))
    change = ClockChange(kind, at, str(more.pop("extended_to", "")))
    return adjust(connection, contact.reference, change, word, at, book)


def respond_day(contact: Contact) -> str | None:
    """The local day by which the answer is due."""
    return contact.respond_by.date().isoformat() if contact.respond_by else None


def later_mails(connection: Connection) -> list[Any]:
    """What tells a new date."""
    return list(connection.execute(select(deliveries).where(deliveries.c.purpose == "new-date")))


def after(days: float) -> datetime:
    """So long after the receipt."""
    return NOW + timedelta(days=days)


def claim_all(connection: Connection, book: Rulebook, now: datetime) -> list[Delivery]:
    """Everything that would leave now."""
    claimed: list[Claimed] = claim(connection, "post", now, ClaimTerms(timedelta(days=365)), 50, book)
    return [letter.delivery for letter in claimed]
