"""What a person may ask for: all that is kept of them, and that it is erased (UK GDPR, articles 15 and 17)."""

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import phones
from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.store import contacts, needs, outbox, retention, suppressions

Values = dict[str, Any]
_SHORTEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class Erasure:
    """References whose words are gone, and those that are kept, each with the reason."""

    erased: tuple[str, ...]
    exceptions: tuple[tuple[str, str], ...]


def kept_of(connection: Connection, address: str, now: datetime) -> Values:
    """Everything that names this address: contacts with their messages, history and mail, and a suppression.

    Raw mail is in base64. In a contact that somebody else began only their own messages are given.
    """
    address = _key(connection, address)
    exports = [_contact(connection, contact, address) for contact in retention.of_person(connection, address)]
    in_force = suppressions.list_in_force(connection, now)
    suppression_rows = [asdict(suppression) for suppression in in_force if suppression.address == address]
    person_needs = needs.of(connection, [address])
    needs_export = {"needs": person_needs.needs, "noted_at": person_needs.noted_at} if person_needs else None
    return {"address": address, "contacts": exports, "suppressions": suppression_rows, "needs": needs_export}


def _key(connection: Connection, text: str) -> str:
    """By what a person is known, of whom somebody typed an address, a name on a platform or a telephone number."""
    plain = phones.key(text)
    is_number = "@" not in plain and len(phones.normal(plain)) >= _SHORTEST_NUMBER
    # Some platforms know people by numbers, too.
    return phones.address(plain) if is_number and not retention.of_person(connection, plain) else plain


def _contact(connection: Connection, contact: Contact, address: str) -> Values:
    messages = _messages(connection, contact)
    if contact.sender_key != address:
        own = [message for message in messages if (message["sender_address"] or "").lower() == address]
        return {"reference": contact.reference, "messages": own}
    facts = {k: v for k, v in asdict(contact).items() if k not in {"id", "next_look_at", "linked_to", "receipt_of"}}
    events = contacts.events_of(connection, contact.id)
    history = [{"at": event.at, "kind": event.kind, "details": event.details} for event in events]
    letters = [
        {"purpose": d.purpose, "to": d.recipient, "state": d.state, "created_at": d.created_at}
        for d in outbox.of_contact(connection, contact.id)
    ]
    return facts | {"messages": messages, "events": history, "deliveries": letters}


def _messages(connection: Connection, contact: Contact) -> list[Values]:
    raws = contacts.raw_by_message(connection, contact.id)
    internal_columns = {"id", "contact_id", "digest"}
    return [
        {name: value for name, value in asdict(message).items() if name not in internal_columns}
        | {"raw": base64.b64encode(raws.get(message.id, b"")).decode()}
        for message in contacts.messages_of(connection, contact.id)
    ]


def erase(connection: Connection, address: str, actor: str, now: datetime) -> Erasure:
    """Take the words and the person out of every contact of this address that is finished and under no legal hold.

    Where somebody else began the contact, only out of what this address wrote. Dates, decisions and history stay.
    """
    address = _key(connection, address)
    erased: list[Contact] = []
    exceptions: list[tuple[str, str]] = []
    for contact in retention.of_person(connection, address):
        if reason := _why_kept(contact):
            exceptions.append((contact.reference, reason))
            continue
        if contact.sender_key == address:
            outbox.cancel_waiting(connection, contact.id)
            retention.strip(connection, [contact.id])
        else:
            retention.strip_messages(connection, retention.within(contact.id) & retention.written_by(address))
        erased.append(contact)
    if not exceptions:
        needs.drop(connection, [address])
    contacts.note(connection, [Event(contact.id, now, EventKind.ERASED, actor) for contact in erased])
    return Erasure(tuple(c.reference for c in erased), tuple(exceptions))


def _why_kept(contact: Contact) -> str:
    if contact.legal_hold:
        return f"it is under a legal hold: {contact.legal_hold}"
    return "it is not answered yet" if contact.state == State.OPEN else ""
