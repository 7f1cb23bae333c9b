"""Removes people's words and identities from the store; dates, decisions and history stay for the figures."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table, Text, bindparam, delete, func, or_, select, update

from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.threads import forgotten_name
from bot.store import (
    direct,
    drafts,
    feedback,
    format_tasks,
    history,
    links,
    needs,
    sent_messages,
    staff_answers,
    words,
)
from bot.store.conditions import IS_NOTICE, MAY_BE_FORGOTTEN
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts, deliveries, messages, raw_messages, remote_files, unscanned_files

# The most contacts of one person that are read.
_MOST_LOOKED_AT = 500
_EMPTY_DELIVERY: Mapping[str, Any] = MappingProxyType(
    {"recipient": "", "details": "{}", "last_error": "", "external_id": None, "mailbox": None}
)
_FORGOTTEN: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(("sender_address", "sender_key", "conversation"))
    | dict.fromkeys(("sender_name", "subject", "urgent_words", "wished_language", "need_codes"), "")
    | {"forgotten": True}
)


def strip(connection: Connection, ids: Sequence[int], key: bytes) -> None:
    """Remove words, raw messages and the person from these contacts, and from their history what is no fact of it.

    Names of messages become what `key` makes of them, so that the same message is recognised; it also proves what is
    left of the history. An event of each contact that says that it was forgotten must follow in the same transaction.
    """
    if not ids:
        return
    people = _with_needs(connection, ids)
    _pass_needs_on(connection, people)
    of_these = messages.c.contact_id.in_(ids)
    _hash_names(connection, contacts, ("external_id",), contacts.c.id.in_(ids), key)
    _hash_names(connection, messages, ("external_id", "message_id"), of_these, key)
    words.drop(connection, _strip_messages(connection, of_these))
    drafts.drop_of_contacts(connection, ids)
    feedback.forget_words(connection, ids)
    history.forget_words(connection, ids, key)
    connection.execute(update(contacts).where(contacts.c.id.in_(ids)).values(**_FORGOTTEN))
    of_contacts = deliveries.c.contact_id.in_(ids)
    connection.execute(update(deliveries).where(of_contacts).values(**_EMPTY_DELIVERY))
    # Afterwards: what is recorded as sent meanwhile waits for these rows, and then finds no recipient.
    sent_messages.forget(connection, of_contacts)
    staff_answers.forget_files(connection, of_contacts)
    format_tasks.forget(connection, ids)
    needs.drop(connection, {person for keys in people.values() for person in keys - _keys_in_use(connection, keys)})


def strip_notices(connection: Connection, before: datetime, most: int) -> int:
    """Remove words and recipient of up to `most` messages about no contact that were queued before then; count them."""
    is_over = (deliveries.c.created_at < before) & deliveries.c.next_attempt_at.is_(None)
    ids = select(deliveries.c.id).where(IS_NOTICE, is_over).order_by(deliveries.c.created_at).limit(most)
    change = update(deliveries).where(deliveries.c.id.in_(ids)).values(**_EMPTY_DELIVERY)
    return connection.execute(change).rowcount


def strip_notices_naming(connection: Connection, address: str) -> None:
    """Take an address out of the words of messages to staff about no contact: they may quote a server's answer."""
    quoted = re.compile(re.escape(address.removeprefix("tel:")), re.IGNORECASE)
    # Not what followers were told, which names nobody: that is a row for each event.
    query = select(deliveries.c.id, deliveries.c.details).where(IS_NOTICE, deliveries.c.purpose == Purpose.NOTICE)
    changes = []
    for row in connection.execute(query):
        details = json.loads(row.details)
        if (new_details := _without(quoted, details)) != details:
            changes.append({"row": row.id, "new_details": json.dumps(new_details)})
    if changes:
        change = update(deliveries).where(deliveries.c.id == bindparam("row"))
        connection.execute(change.values(details=bindparam("new_details")), changes)
        sent_messages.forget(connection, deliveries.c.id.in_([values["row"] for values in changes]))


def _without(quoted: re.Pattern[str], details: Any) -> Any:
    """Return details without what is quoted. Their keys and numbers stay, for a name on a platform may be the same."""
    match details:
        case str():
            return quoted.sub("(address)", details)
        case list():
            return [_without(quoted, value) for value in details]
        case dict():
            return {name: _without(quoted, value) for name, value in details.items()}
    return details


def lock_finished(connection: Connection, ids: Collection[int]) -> list[int]:
    """Return those of these contacts that may be forgotten, and let nobody open them before the transaction ends."""
    query = select(contacts.c.id).where(contacts.c.id.in_(ids), MAY_BE_FORGOTTEN).order_by(contacts.c.id)
    return list(connection.execute(query.with_for_update()).scalars())


def people_of(connection: Connection, ids: Sequence[int]) -> dict[str, set[str]]:
    """Return the address of everybody who began one of these contacts, with the names that they gave."""
    people: dict[str, set[str]] = {}
    query = select(contacts.c.sender_key, contacts.c.sender_name).where(contacts.c.id.in_(ids))
    for row in connection.execute(query.where(contacts.c.sender_key.is_not(None))):
        people.setdefault(row.sender_key, set()).add(row.sender_name)
    return people


def known_among(connection: Connection, addresses: Collection[str]) -> set[str]:
    """Return those of these addresses that a contact still has."""
    query = select(contacts.c.sender_key).where(contacts.c.sender_key.in_(sorted(addresses))).distinct()
    return set(connection.execute(query).scalars())


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


def _hash_names(connection: Connection, table: Table, columns: Sequence[str], condition: Any, key: bytes) -> None:
    """Put in place of the names in these columns what the key makes of them."""
    rows = connection.execute(select(table.c.id, *table.c[*columns]).where(condition)).all()
    values = [{"row": row.id} | {f"new_{c}": forgotten_name(row._mapping[c], key) for c in columns} for row in rows]
    new_names: dict[str, Any] = {column: bindparam(f"new_{column}") for column in columns}
    if values:
        connection.execute(update(table).where(table.c.id == bindparam("row")).values(**new_names), values)


def strip_written_by(connection: Connection, contact_id: int, address: str, key: bytes) -> None:
    """Remove from a contact that somebody else began what was written from this address, and what we sent to it."""
    condition = within(contact_id) & written_by(address)
    _hash_names(connection, messages, ("external_id", "message_id"), condition, key)
    strip_messages(connection, condition)
    drafts.drop_of_contacts(connection, [contact_id])
    to_person = sent_messages.sent_to(contact_id, address)
    sent_messages.forget(connection, to_person)
    staff_answers.forget_files(connection, to_person)
    connection.execute(update(deliveries).where(to_person).values(**_EMPTY_DELIVERY))


def strip_messages(connection: Connection, condition: Any) -> None:
    """Remove words, raw messages and the writer from the messages for which this condition holds.

    They can still be searched for by the properties of their contact.
    """
    words.renew(connection, _strip_messages(connection, condition))


def _strip_messages(connection: Connection, condition: Any) -> list[int]:
    direct.alone(connection, direct.WORDS)
    message_ids = select(messages.c.id).where(condition)
    ids = list(connection.execute(message_ids).scalars())
    # In this order, as whoever has just fetched a file locks its row before the message.
    for table in (remote_files, unscanned_files, raw_messages):
        connection.execute(delete(table).where(table.c.message_id.in_(message_ids)))
    connection.execute(update(messages).where(condition).values(text="", fields="{}", sender_address=None))
    return ids


def hold(connection: Connection, contact_id: int, reason: str | None) -> None:
    """Keep this contact whatever its age, for this reason; or (None) end that."""
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(legal_hold=reason))


def within(contact_id: int) -> Any:
    """Return the condition that a message belongs to this contact."""
    return messages.c.contact_id == contact_id


def written_by(address: str) -> Any:
    """Return the condition that a message was written from this address; in capitals only unsealed ones are."""
    in_clear: Any = func.lower(messages.c.sender_address, type_=Text())
    return or_(messages.c.sender_address == address, in_clear == address.lower())


def of_message(connection: Connection, contact_id: int, message_id: str) -> Any:
    """Return the condition that a message has that name in this contact, or is an edit of it."""
    query = select(messages.c.id, messages.c.message_id).where(messages.c.contact_id == contact_id)
    names = {row.id: row.message_id for row in connection.execute(query)}
    return messages.c.id.in_(
        [n for n, name in names.items() if name == message_id or name.startswith(f"{message_id} ")]
    )


def of_person(connection: Connection, address: str, *, is_locked: bool = False) -> list[Contact]:
    """Return every contact that this address began or wrote in, the oldest first. It reads the complete store.

    `is_locked`: nobody else changes any of them before the transaction ends.
    """
    wrote_in = select(messages.c.contact_id).where(written_by(address))
    query = select(contacts).where(or_(contacts.c.sender_key == address.lower(), contacts.c.id.in_(wrote_in)))
    query = query.order_by(contacts.c.id)
    return [contact_of(row) for row in connection.execute(query.with_for_update() if is_locked else query)]
