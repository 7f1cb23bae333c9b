"""One contact of several matters becomes two: the new one has a reference, a date and a history of its own.

Its clock runs from when the first of those messages came, so that no promise is given up. The receipt of the contact
that it was in stands for it, where the same person wrote it; they are sent another one only where staff say so.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import threads
from bot.core.books import Matter
from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.core.messages import StoredMessage
from bot.core.phones import key
from bot.core.phrases import words_of
from bot.core.urgencies import urgency_in
from bot.flows.changes import forget, needs, refusals
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import Rulebook
from bot.store import clocks, contacts, merging

Values = dict[str, Any]
FIELD = "messages"
_NUMBERS = re.compile(r"[0-9]{1,18}")
_RULE, _REASON = "split", "staff split it from"
# What the new contact has of the one that it was in, until staff classify it.
_SAME = (
    *("sender_address", "sender_name", "sender_key", "subject", "team", "service", "kind", "area"),
    *("visibility", "conversation", "language", "platform_reply_by", "muted", "assigned_at", "owner"),
    *("wished_language", "need_codes"),
)


def split(connection: Connection, contact: Contact, numbers: str, actor: str, now: datetime, book: Rulebook) -> Contact:
    """Give these messages of a contact one of their own, and return it. Raises Refused.

    `numbers` are those of the messages, with anything between them.
    """
    refusals.refuse_merged(connection, contact)
    if contact.forgotten:
        raise Refused("its words are gone already", FIELD, Kind.CONFLICT)
    merging.lock(connection, [contact.id])
    selection = _selection(contacts.messages_of(connection, contact.id), numbers)
    first = next(message for message in selection if message.written_by == "sender")
    fresh_numbers = contacts.numbers(connection, 1)
    number = next(fresh_numbers.contacts)
    reference = threads.reference_of(number, book.prefix, fresh_numbers.reference_key)
    row = _row(contact, first, book) | {"id": number, "reference": reference}
    contacts.add(connection, [row], [], [])
    merging.move(connection, [message.id for message in selection], number)
    if row["sender_key"] != contact.sender_key:
        needs.obey_own(connection, number)
    _carry_danger(connection, contact, selection, number, now, book)
    if contact.legal_hold:
        forget.hold(connection, reference, contact.legal_hold, actor, now)
    pair = ((contact.id, reference), (number, contact.reference))
    details = {"messages": len(selection)}
    contacts.note(
        connection, [Event(own, now, EventKind.SPLIT, actor, {"with": partner, **details}) for own, partner in pair]
    )
    return contacts.with_id(connection, [number])[number]


def _carry_danger(
    connection: Connection,
    contact: Contact,
    selection: Sequence[StoredMessage],
    number: int,
    now: datetime,
    book: Rulebook,
) -> None:
    """Where the danger is in what is split off, people are called for the new contact, unless somebody has taken it."""
    if not contact.urgent:
        return
    text = "\n".join(message.text for message in selection if message.written_by == "sender")
    urgency = urgency_in(words_of(text), book.intake.urgent)
    if urgency is None:
        return
    values: Values = {"urgent": urgency.rule.name, "urgent_words": urgency.phrase}
    if contact.urgent_at is None:
        contacts.put(connection, number, values | {"taken_by": contact.taken_by, "taken_at": contact.taken_at})
    else:
        contacts.put(connection, number, values | {"urgent_at": now})
        clocks.look_again(connection, [number], now)


def _selection(messages: Sequence[StoredMessage], numbers: str) -> list[StoredMessage]:
    """The messages with these numbers. Raises Refused where one is none of the contact's, or nothing would be left."""
    ids = {int(number) for number in _NUMBERS.findall(numbers)}
    selection = [message for message in messages if message.id in ids]
    if not ids or len(selection) != len(ids):
        raise Refused("choose messages of this contact", FIELD)
    if selection[0].id == messages[0].id:
        raise Refused("its first message stays: choose those that came later", FIELD)
    if not any(message.written_by == "sender" for message in selection):
        raise Refused("choose at least one message of the person's", FIELD)
    return selection


def _row(contact: Contact, first: StoredMessage, book: Rulebook) -> Values:
    """The new contact, as if the first of its messages had opened it."""
    way = book.ways.get(first.channel)
    medium = book.medium_by(first.channel, first.external_id) if way else book.medium_of(contact)
    matter = Matter(medium, contact.service or "", contact.kind, contact.area, contact.visibility)
    received_at = first.received_at
    promise = book.clocks.opening(received_at, matter)
    row = {name: getattr(contact, name) for name in _SAME} | promise
    return row | {
        "medium": medium,
        "channel_kind": way.channel_kind if way else contact.channel_kind,
        "first_acknowledge_by": promise["acknowledge_by"],
        "first_respond_by": promise["respond_by"],
        "channel": first.channel,
        "external_id": first.external_id,
        "state": State.OPEN,
        "outcome": "acknowledge",
        "rule": _RULE,
        "reason": f"{_REASON} {contact.reference}",
        "received_at": received_at,
        "linked_to": contact.id,
        **_of_writer(contact, first, str(promise["acknowledged_by"])),
    }


def _of_writer(contact: Contact, first: StoredMessage, acknowledged_by: str) -> Values:
    """Who wrote it, and since when they know that we have it.

    Somebody else than the person of `contact` has had no receipt: nothing for them may go to where that one went.
    """
    if first.sender_address is not None and key(first.sender_address) != contact.sender_key:
        return {"sender_address": first.sender_address, "sender_key": key(first.sender_address), "sender_name": ""}
    receipt_at = contact.receipt_sent_at
    known_at = max(receipt_at, first.received_at) if receipt_at else None
    return {
        # Where that of yet another contact stands for this one, it stands for both.
        "receipt_of": contact.receipt_of or contact.id,
        "receipt_sent_at": known_at,
        "acknowledged_at": known_at if acknowledged_by == "receipt" else None,
    }
