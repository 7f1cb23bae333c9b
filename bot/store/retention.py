"""What holds people's words and persons, and taking them out: dates, decisions and history stay for the figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from bot.core.contacts import Contact, State
from bot.store import direct, links, needs, words
from bot.store.contacts import contact_of
from bot.store.tables import contacts, deliveries, messages, raw_messages

# Of the contacts that one person has had.
_MOST_LOOKED_AT = 500


def forgettable(
    connection: Connection, before: datetime, before_of_kind: Mapping[str, datetime], most: int
) -> list[int]:
    """Finished contacts under no legal hold, received before their kind's instant, that still hold words."""
    usual = (contacts.c.received_at < before) & contacts.c.kind.not_in(list(before_of_kind))
    of_kind = [(contacts.c.kind == kind) & (contacts.c.received_at < at) for kind, at in before_of_kind.items()]
    query = select(contacts.c.id).where(
        ~contacts.c.forgotten,
        contacts.c.received_at < max([before, *before_of_kind.values()]),  # what the index is searched by
        or_(usual, *of_kind),
        contacts.c.state != State.OPEN,
        contacts.c.legal_hold.is_(None),
    )
    return list(connection.execute(query.order_by(contacts.c.received_at).limit(most)).scalars())


def strip(connection: Connection, ids: Sequence[int]) -> None:
    """Remove words, raw messages and the person from these contacts; deliveries keep no recipient."""
    if not ids:
        return
    people = _with_needs(connection, ids)
    _hand_on(connection, people)
    words.drop(connection, _strip_messages(connection, messages.c.contact_id.in_(ids)))
    connection.execute(
        update(contacts)
        .where(contacts.c.id.in_(ids))
        .values(sender_address=None, sender_key=None, sender_name="", subject="", conversation=None, forgotten=True)
    )
    connection.execute(update(deliveries).where(deliveries.c.contact_id.in_(ids)).values(recipient="", details="{}"))
    needs.drop(connection, {key for keys in people.values() for key in keys - _still_known(connection, keys)})


def _with_needs(connection: Connection, ids: Sequence[int]) -> dict[int, set[str]]:
    """By what the people of these contacts are known, each for whom a need is noted."""
    people = {one: keys | {needs.key_of_contact(one)} for one, keys in needs.keys_of(connection, ids).items()}
    noted = needs.noted_among(connection, {key for keys in people.values() for key in keys})
    return {one: keys for one, keys in people.items() if keys & noted}


def _hand_on(connection: Connection, people: Mapping[int, set[str]]) -> None:
    """Contacts that are linked with these share their needs, and keep them."""
    for contact_id, keys in people.items():
        linked = links.group(connection, contact_id) - set(people)
        query = select(contacts.c.id).where(contacts.c.id.in_(sorted(linked)), ~contacts.c.forgotten)
        noted = needs.of(connection, keys)
        for other, theirs in needs.keys_of(connection, connection.execute(query).scalars().all()).items():
            keep_under = theirs or {needs.key_of_contact(other)}
            if noted is not None and not needs.noted_among(connection, keep_under):
                needs.note(connection, keep_under, noted)


def _still_known(connection: Connection, keys: set[str]) -> set[str]:
    """Those of these keys by which somebody is known whose contact is kept, whatever became of it."""
    query = select(contacts.c.id).where(contacts.c.sender_key.in_(sorted(keys))).limit(_MOST_LOOKED_AT)
    kept = needs.keys_of(connection, connection.execute(query).scalars().all())
    return {key for known in kept.values() for key in known}


def strip_messages(connection: Connection, which: Any) -> None:
    """Remove words, raw messages and the writer from the messages for which this condition holds.

    They are found by what their contact says still.
    """
    words.renew(connection, _strip_messages(connection, which))


def _strip_messages(connection: Connection, which: Any) -> list[int]:
    direct.alone(connection, direct.WORDS)
    found = select(messages.c.id).where(which)
    ids = list(connection.execute(found).scalars())
    connection.execute(delete(raw_messages).where(raw_messages.c.message_id.in_(found)))
    connection.execute(update(messages).where(which).values(text="", fields="{}", sender_address=None))
    return ids


def hold(connection: Connection, contact_id: int, reason: str | None) -> None:
    """Keep this contact whatever its age, for this reason; or (None) no longer."""
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(legal_hold=reason))


def within(contact_id: int) -> Any:
    """The condition that a message belongs to this contact."""
    return messages.c.contact_id == contact_id


def written_by(address: str) -> Any:
    """The condition that a message was written from this address."""
    return func.lower(messages.c.sender_address) == address.lower()


def named(contact_id: int, message_id: str) -> Any:
    """The condition that it is the message of that name in this contact, or an edit of it."""
    edits = messages.c.message_id.startswith(f"{message_id} ", autoescape=True)
    return (messages.c.contact_id == contact_id) & ((messages.c.message_id == message_id) | edits)


def of_person(connection: Connection, address: str) -> list[Contact]:
    """Every contact that this address began or wrote in, the oldest first. It reads the whole store."""
    wrote_in = select(messages.c.contact_id).where(written_by(address))
    query = select(contacts).where(or_(contacts.c.sender_key == address.lower(), contacts.c.id.in_(wrote_in)))
    return [contact_of(row) for row in connection.execute(query.order_by(contacts.c.id))]
