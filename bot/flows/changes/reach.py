"""Whether a message of ours reaches the person of a contact now, and how."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import acknowledgements
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, NewDelivery, Purpose, State
from bot.flows.changes.first_message import first_message
from bot.flows.outgoing import compose
from bot.flows.rulebook import Rulebook
from bot.store import holds, outbox

_FAILED = (State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE)


@dataclass(frozen=True, slots=True)
class Reach:
    """The delivery on whose way another one goes; None, with the reason in words for staff, where none arrives."""

    receipt: Delivery | NewDelivery | None
    why_not: str = ""


def reach(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> Reach:
    """How the person is reached: as by their acknowledgement, or where they left an address and saw it themselves."""
    if reason := _why_nobody(connection, contact, now, book):
        return Reach(None, reason)
    receipt = _receipt(connection, contact)
    if receipt is not None:
        return Reach(None, "our acknowledgement did not arrive") if receipt.state in _FAILED else Reach(receipt)
    address = contact.sender_address or ""
    if not address:
        return Reach(None, "no address of the person is known")
    if contact.outcome != "acknowledge":
        return Reach(None, "no acknowledgement of ours went to them")
    way = book.ways.get(contact.channel)
    if way is None or way.outlet_to(address) is None or acknowledgements.is_own(address, book.intake.own):
        return Reach(None, "nothing can be sent to their address from here")
    return Reach(compose.receipt(first_message(connection, contact, book), address, contact, now, book))


def _why_nobody(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> str:
    """Why no message is sent, whatever address there is; "" where one may be."""
    if contact.forgotten:
        return "who wrote is not known any more"
    if contact.visibility == "public":
        return "what they wrote is public, and nothing about it may be said there"
    if contact.muted:
        return "a program answers for the person"
    if holds.among(connection, [contact.id]):
        return "their acknowledgement is held back"
    until = contact.platform_reply_by
    if until is not None and now >= book.window(contact).automatic_until(until):
        return "the platform takes automatic answers for a short time only, and it is over"
    return ""


def _receipt(connection: Connection, contact: Contact) -> Delivery | None:
    """The newest acknowledgement of the contact, or the one that stands for it, too."""
    ids = [contact.id, *([contact.receipt_of] if contact.receipt_of else [])]
    receipts = [
        delivery
        for contact_id in ids
        for delivery in reversed(outbox.of_contact(connection, contact_id))
        if delivery.purpose is Purpose.ACKNOWLEDGEMENT
    ]
    return receipts[0] if receipts else None
