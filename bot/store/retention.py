"""Removes people's words and identities from the store; dates, decisions and history stay for the figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from bot.core.contacts import Contact
from bot.store import direct, links, needs, words
from bot.store.contacts import contact_of
from bot.store.tables import contacts, deliveries, messages, raw_messages

# The most contacts of one person that are read.
_MOST_LOOKED_AT = 500


def strip(connection: Connection, ids: Sequence[int]) -> None:
    """Remove words, raw messages and the person from these contacts; deliveries keep no recipient."""
    if not ids:
        return
    people = _with_needs(connection, ids)
    _pass_needs_on(connection, people)
    words.drop(connection, _strip_messages(connection, messages.c.contact_id.in_(ids)))
    connection.execute(
        update(contacts)
        .where(contacts.c.id.in_(ids))
        .values(sender_address=None, sender_key=None, sender_name="", subject="", conversation=None, forgotten=True)
    )
    connection.execute(update(deliveries).where(deliveries.c.contact_id.in_(ids)).values(recipient="", details="{}"))
    needs.drop(connection, {key for keys in people.values() for key in keys - _keys_in_use(connection, keys)})


def _with_needs(connection: Connection, ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the keys of these contacts' people, for those with noted needs."""
    people = {
        contact_id: keys | {needs.key_of_contact(contact_id)}
        for contact_id, keys in needs.keys_of(connection, ids).items()
    }
    keys_with_needs = needs.noted_among(connection, {key for keys in people.values() for key in keys})
    return {contact_id: keys for contact_id, keys in people.items() if keys & keys_with_needs}


def _pass_needs_on(connection: Connection, people: Mapping[int, set[str]]) -> None:
    """Store the needs of these contacts' people under the keys of contacts that are linked with them."""
    for contact_id, keys in people.items():
        linked_ids = links.group(connection, contact_id) - set(people)
        query = select(contacts.c.id).where(contacts.c.id.in_(sorted(linked_ids)), ~contacts.c.forgotten)
        needs_noted = needs.of(connection, keys)
        for other_id, other_keys in needs.keys_of(connection, connection.execute(query).scalars().all()).items():
            keep_under = other_keys or {needs.key_of_contact(other_id)}
            if needs_noted is not None and not needs.noted_among(connection, keep_under):
                needs.note(connection, keep_under, needs_noted)


def _keys_in_use(connection: Connection, keys: set[str]) -> set[str]:
    """Return those of these keys that belong to a person of a contact that is kept."""
    query = select(contacts.c.id).where(contacts.c.sender_key.in_(sorted(keys))).limit(_MOST_LOOKED_AT)
    keys_by_contact = needs.keys_of(connection, connection.execute(query).scalars().all())
    return {key for contact_keys in keys_by_contact.values() for key in contact_keys}


def strip_messages(connection: Connection, condition: Any) -> None:
    """Remove words, raw messages and the writer from the messages for which this condition holds.

    They can still be searched for by the properties of their contact.
    """
    words.renew(connection, _strip_messages(connection, condition))


def _strip_messages(connection: Connection, condition: Any) -> list[int]:
    direct.alone(connection, direct.WORDS)
    message_ids = select(messages.c.id).where(condition)
    ids = list(connection.execute(message_ids).scalars())
    connection.execute(delete(raw_messages).where(raw_messages.c.message_id.in_(message_ids)))
    connection.execute(update(messages).where(condition).values(text="", fields="{}", sender_address=None))
    return ids


def hold(connection: Connection, contact_id: int, reason: str | None) -> None:
    """Keep this contact whatever its age, for this reason; or (None) end that."""
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(legal_hold=reason))


def within(contact_id: int) -> Any:
    """Return the condition that a message belongs to this contact."""
    return messages.c.contact_id == contact_id


def written_by(address: str) -> Any:
    """Return the condition that a message was written from this address."""
    return func.lower(messages.c.sender_address) == address.lower()


def of_message(contact_id: int, message_id: str) -> Any:
    """Return the condition that a message has that name in this contact, or is an edit of it."""
    edits = messages.c.message_id.startswith(f"{message_id} ", autoescape=True)
    return (messages.c.contact_id == contact_id) & ((messages.c.message_id == message_id) | edits)


def of_person(connection: Connection, address: str) -> list[Contact]:
    """Return every contact that this address began or wrote in, the oldest first. It reads the complete store."""
    wrote_in = select(messages.c.contact_id).where(written_by(address))
    query = select(contacts).where(or_(contacts.c.sender_key == address.lower(), contacts.c.id.in_(wrote_in)))
    return [contact_of(row) for row in connection.execute(query.order_by(contacts.c.id))]
