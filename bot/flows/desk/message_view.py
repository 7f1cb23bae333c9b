"""One thing of a contact by itself: a message in full, as it was laid out or as it came, what we sent, an event."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Fate
from bot.core.roles import Scope
from bot.flows.desk import event_words
from bot.flows.outgoing import as_sent
from bot.flows.outgoing.as_sent import AsSent
from bot.flows.rulebook import ClockRules, Rulebook
from bot.store import audit, contacts, merging, outbox, queue, scans, sent_messages
from bot.wire.bundles import is_bundle
from bot.wire.mail import mime, safe_markup
from bot.wire.mail.mime import File

# In place of the words of one message about several contacts.
OF_OTHERS_TOO = "(It told of contacts of other teams, too, and is not shown.)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it came over the wire, and whether it is a mail."""

    raw: bytes
    is_mail: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """A delivery, what became of it, and each message of it that has left or may have, as it was handed over."""

    delivery: Delivery
    fate: Fate
    messages: tuple[AsSent, ...]


def page_of(connection: Connection, reference: str, number: int, scope: Scope) -> str | None:
    """The safe page of one message of a contact; None where there is no such message."""
    original = _raw(connection, queue.visible(connection, reference, scope), number)
    return None if original is None else safe_markup.cleaned(mime.page(original))


def words_of(connection: Connection, reference: str, number: int, scope: Scope) -> str | None:
    """All the words of one message of a contact; None where there is no such message."""
    contact = queue.visible(connection, reference, scope)
    arrived = contacts.messages_of(connection, *merging.together(connection, contact.id)) if contact else []
    return next((m.text for m in arrived if m.id == number), None)


def kept_of(connection: Connection, reference: str, number: int, scope: Scope, book: Rulebook) -> Kept | None:
    """One message as it came; None where there is none, or not any more, or its files wait for the scanner."""
    contact = queue.visible(connection, reference, scope)
    raw = _raw(connection, contact, number)
    if contact is None or not raw or scans.waiting_among(connection, [number]):
        return None
    arrived = contacts.messages_of(connection, *merging.together(connection, contact.id))
    channel = next(message.channel for message in arrived if message.id == number)
    return Kept(raw, is_bundle(raw) or (channel in book.ways and book.ways[channel].medium == "email"))


def file_of(
    connection: Connection, reference: str, message: int, number: int, scope: Scope, book: Rulebook
) -> File | None:
    """One file that came with a mail, counted from 1; None where there is none, or it is not kept any more."""
    original = kept_of(connection, reference, message, scope, book)
    return mime.file(original.raw, number) if original and original.is_mail else None


def event_of(connection: Connection, reference: str, number: int, scope: Scope, rules: ClockRules) -> str | None:
    """All that is known of one event of a contact, in words; None where there is none."""
    contact = queue.visible(connection, reference, scope)
    events = audit.as_seen(connection, contacts.events_of(connection, contact.id), scope) if contact else []
    details = next((event.details for event in events if event.id == number), None)
    if details is None:
        return None
    zone = rules.default_calendar.zone
    return "\n".join(f"{label}: {value}" for label, value in event_words.lines(details, zone))


def departure_of(connection: Connection, reference: str, number: int, scope: Scope) -> Departure | None:
    """What we sent, by the number of its delivery; None where there is none, or it is forgotten."""
    contact = queue.visible(connection, reference, scope)
    delivery = outbox.with_id(connection, number) if contact else None
    if contact is None or delivery is None or delivery.contact_id != contact.id or not delivery.recipient:
        return None
    fate = outbox.fates(connection, contact.id)[number]
    return Departure(delivery, fate, _messages_of(connection, delivery, scope))


def departures_of(connection: Connection, reference: str, scope: Scope) -> list[Departure] | None:
    """Everything that we sent about a contact, the oldest first; None where there is no such contact."""
    contact = queue.visible(connection, reference, scope)
    if contact is None:
        return None
    fates = outbox.fates(connection, contact.id)
    return [
        Departure(delivery, fates[delivery.id], _messages_of(connection, delivery, scope))
        for delivery in outbox.of_contact(connection, contact.id)
        if delivery.recipient
    ]


def _messages_of(connection: Connection, delivery: Delivery, scope: Scope) -> tuple[AsSent, ...]:
    """Each message of a delivery; without its words where it also told of a contact that this reader may not see."""
    messages = as_sent.of(connection, delivery)
    if all(map(scope.sees, sent_messages.teams_of(connection, delivery.id))):
        return tuple(messages)
    return tuple(
        replace(message, subject="", headers=(), words=OF_OTHERS_TOO, page="", content=b"") for message in messages
    )


def _raw(connection: Connection, contact: Contact | None, number: int) -> bytes | None:
    """What came over the wire, also in a contact that goes on in this one."""
    if contact is None:
        return None
    return contacts.raw_by_message(connection, *merging.together(connection, contact.id)).get(number)
