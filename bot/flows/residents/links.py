"""A fresh link to the page of a contact goes to an address on file, its sender's or one on its form, nowhere else."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core import acknowledgements, phones, threads
from bot.core.contacts import Contact
from bot.core.deliveries import NewDelivery, Purpose
from bot.core.throttles import Limit, slot
from bot.flows import promise_words
from bot.flows.residents import door
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, throttles, tracked, trials

LINKS_A_DAY, A_DAY = 3, timedelta(days=1)
# Of one network, for one reference, and for one address.
LIMITS = {"network": Limit(20, 3_600.0), "reference": Limit(10, 3_600.0), "address": Limit(10, 3_600.0)}


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks for a link: a reference, the key of an address, and the network that it is asked from ("": unknown)."""

    reference: str
    address: str
    network: str

    @classmethod
    def of(cls, reference: str, address: str, network: str, prefix: str) -> "Wish":
        """The same of what was typed; "" for what is no reference, or neither an email address nor a number."""
        matches = threads.references_in(reference, prefix) or threads.references_in(f"{prefix}-{reference}", prefix)
        text = address.strip()
        key = phones.key(text) if "@" in text else phones.address(text)
        return cls("".join(matches[:1]), key, network)


def send(connection: Connection, wish: Wish, now: datetime, wall: datetime, book: Rulebook) -> bool:
    """Queue a link where the contact has that address; False where somebody asks too often, whatever there is.

    Whoever asks learns neither from the answer nor from the work whether there is such a contact.
    """
    if not _is_allowed(connection, wish, wall, book.secret):
        return False
    by_form = tracked.number_by_form(connection, wish.reference, wish.address)
    number = tracked.number_of(connection, wish.reference, wish.address) or by_form
    links = tracked.links_since(connection, number, now - A_DAY)
    is_suppressed = tracked.is_suppressed(connection, wish.address, now)
    delivery = None
    if (contact := _with_page(connection, number, now, book)) and links < LINKS_A_DAY and not is_suppressed:
        delivery = link_to(contact, now, book, wish.address)
    if delivery is not None:
        outbox.queue(connection, [delivery])
        return True
    with trials.undone(connection):  # the same work as above
        outbox.queue(connection, [_delivery(None, wish.reference, wish.address, "", now, book)])
    return True


def _is_allowed(connection: Connection, wish: Wish, wall: datetime, secret: bytes) -> bool:
    """Use each bucket, if there is something in all of them: the store has no work with whoever keeps on."""
    names = {"network": wish.network, "reference": wish.reference, "address": wish.address}
    keys = {name: f"track {name} {slot(value, secret)}" for name, value in names.items() if value}
    if not all(throttles.look(connection, key, LIMITS[name], wall).is_allowed for name, key in keys.items()):
        return False
    return all(throttles.use(connection, key, LIMITS[name], wall).is_allowed for name, key in keys.items())


def _with_page(connection: Connection, number: int, now: datetime, book: Rulebook) -> Contact | None:
    """The contact of this number, or the same person's in which it goes on, where it has a page."""
    contact = contacts.with_id(connection, [number]).get(number)
    into = (contact.merged_into if contact else None) or 0
    survivor = contacts.with_id(connection, [into]).get(into)
    finished_at = tracked.finished_at(connection, survivor.id if survivor else number)
    if contact is None or (survivor is not None and survivor.sender_key != contact.sender_key):
        return None
    contact = survivor or contact
    return None if book.tracking.why_not(contact, door.end_of(contact, finished_at), now) else contact


def link_to(contact: Contact, now: datetime, book: Rulebook, other_address: str = "") -> NewDelivery | None:
    """The delivery of a link by mail or text message; None where neither reaches them, or the page is quiet.

    It goes to the address of the contact, or to another one that the person gave beside it.
    """
    address, way = contact.sender_address or "", book.ways.get(contact.channel)
    if other_address and other_address != contact.sender_key:
        address = other_address
    outlet = way.outlet_to(address) if way else None
    is_reached = "@" in address or address.startswith(phones.PREFIX)
    if outlet is None or outlet in book.outgoing.texts or not is_reached or not promise_words.track(contact, book):
        return None
    if acknowledgements.is_own(address, book.intake.own):
        return None
    return _delivery(contact, contact.reference, address, outlet, now, book)


def _delivery(
    contact: Contact | None, reference: str, address: str, outlet: str, now: datetime, book: Rulebook
) -> NewDelivery:
    name = f"{Purpose.TRACK_LINK}.{reference.lower()}.{secrets.token_hex(6)}@{book.outgoing.domain(outlet)}"
    return NewDelivery(
        key=f"{contact.id if contact else 0}:{Purpose.TRACK_LINK}:{now.isoformat()}",
        contact_id=contact.id if contact else None,
        purpose=Purpose.TRACK_LINK,
        channel=outlet,
        recipient=address,
        message_id=f"<{name}>",
        created_at=now,
        next_attempt_at=now,
        details={"reply_to": book.reply_address(contact.channel, reference)} if contact else {},
    )
