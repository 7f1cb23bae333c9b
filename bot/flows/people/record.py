"""Everything that is kept of a person (UK GDPR, article 15)."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.core.events import EventKind, StoredEvent
from bot.flows.outgoing import as_sent
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.people import shunted
from bot.flows.people.identities import key_of
from bot.store import (
    contacts,
    drafts,
    feedback,
    format_tasks,
    needs,
    notes,
    outbox,
    remote_files,
    retention,
    suppressions,
)
from bot.store.needs import Needs

Values = dict[str, Any]


def of_person(
    connection: Connection, address: str, now: datetime, progress: Callable[[int, int], None] = lambda *_: None
) -> Values:
    """Everything that names this address: contacts with their messages, history and mail, needs, and a suppression.

    Messages that could not be logged are given where the person wrote them. Raw mail is in base64. In a contact that
    somebody else began only their own messages are given. `progress` gets how many contacts are read, and of how many.
    Raises Refused.
    """
    address = key_of(connection, address)
    rows, exports = retention.of_person(connection, address), list[Values]()
    for count, contact in enumerate(rows, 1):
        exports.append(_contact(connection, contact, address))
        progress(count, len(rows))
    in_force = suppressions.list_in_force(connection, now)
    suppression_rows = [asdict(suppression) for suppression in in_force if suppression.address == address]
    person_needs = needs.of(connection, [address])
    needs_export = _needs(person_needs) if person_needs else None
    own, _ = shunted.of_person(connection, address)
    return {
        "address": address,
        "contacts": exports,
        "suppressions": suppression_rows,
        "needs": needs_export,
        "not_logged": [{"channel": m.channel, "received_at": m.at, "raw": _base64(m.raw)} for m in own],
    }


def _needs(entry: Needs) -> Values:
    """What is noted of how to write to them; who of staff noted it is not theirs."""
    return {name: getattr(entry, name) for name in ("needs", "noted_at", "language", "language_at")}


def _contact(connection: Connection, contact: Contact, address: str) -> Values:
    messages = _messages(connection, contact)
    letters = _letters(connection, contact)
    if contact.sender_key != address:
        own = [message for message in messages if (message["sender_address"] or "").lower() == address]
        own_letters = [letter for letter in letters if letter["to"].lower() == address]
        return {"reference": contact.reference, "messages": own, "deliveries": own_letters}
    facts = {
        k: v
        for k, v in asdict(contact).items()
        if k not in {"id", "next_look_at", "linked_to", "receipt_of", "merged_into"}
    }
    events = contacts.events_of(connection, contact.id)
    history = [_event(event) for event in events]
    return facts | {
        "messages": messages,
        "events": history,
        "deliveries": letters,
        "drafts": _drafts(connection, contact),
        "feedback": _feedback(connection, contact),
        "formats": _formats(connection, contact),
    }


def _formats(connection: Connection, contact: Contact) -> list[Values]:
    """Into which formats and which language staff have made, or are to make, what left."""
    names = ("need_codes", "language", "created_at", "made_at")
    tasks = format_tasks.of_contacts(connection, [contact.id])
    return [{name: getattr(task, name) for name in names} for task in tasks]


def _drafts(connection: Connection, contact: Contact) -> list[Values]:
    """What staff are writing to them just now, and the names of the files that are to go with it."""
    return [
        {
            "typed_at": draft.typed_at,
            "subject": draft.subject,
            "words": draft.words,
            "files": [
                {"name": name, "content": _base64(content)}
                for name, content in drafts.contents_of(connection, contact.id, draft.owner)
            ],
        }
        for draft in drafts.of_contact(connection, contact.id)
    ]


def _feedback(connection: Connection, contact: Contact) -> Values | None:
    """What they said of our answer; None where they were neither asked nor said anything."""
    row = feedback.of(connection, contact.id)
    if row is None:
        return None
    return {name: getattr(row, name) for name in ("asked_at", "answered_at", "answer", "satisfaction", "words")}


def _event(event: StoredEvent) -> Values:
    """An event; a note is personal data of whom it is about, and says that staff wrote it, for staff."""
    facts = {"at": event.at, "kind": event.kind, "details": event.details}
    if event.kind != EventKind.NOTE:
        return facts
    return facts | {"details": {notes.WORDS: event.details.get(notes.WORDS, "")}, "written_by": "staff, for staff"}


def _letters(connection: Connection, contact: Contact) -> list[Values]:
    """What went to people; what goes to staff names them and holds links by which they act."""
    deliveries = outbox.of_contact(connection, contact.id)
    return [_letter(connection, delivery) for delivery in deliveries if delivery.purpose in TO_SENDERS]


def _letter(connection: Connection, delivery: Delivery) -> Values:
    """A delivery, and each message of it as it left; of an answer also the words, which may not have left yet."""
    messages = [
        {name: getattr(message, name) for name in ("at", "subject", "words", "english", "template", "external_id")}
        | {"raw": _base64(message.content)}
        for message in as_sent.of(connection, delivery)
    ]
    return {
        "purpose": delivery.purpose,
        "typed": delivery.details.get("words", "") if delivery.purpose is Purpose.ANSWER else "",
        "to": delivery.recipient,
        "state": delivery.state,
        "created_at": delivery.created_at,
        "messages": messages,
    }


def _messages(connection: Connection, contact: Contact) -> list[Values]:
    raws = contacts.raw_by_message(connection, contact.id)
    arrived = contacts.messages_of(connection, contact.id)
    files = remote_files.of_messages(connection, [message.id for message in arrived])
    internal_columns = {"id", "contact_id", "digest"}
    return [
        {name: value for name, value in asdict(message).items() if name not in internal_columns}
        | {"raw": _base64(raws.get(message.id, b"")), "of_platform": [asdict(f) for f in files.get(message.id, ())]}
        for message in arrived
    ]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
