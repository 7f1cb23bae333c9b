"""Contacts, their messages and their events."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, text, update

from bot.core.contacts import Contact, State
from bot.core.messages import Inbound
from bot.store.tables import contacts, deliveries, events, messages, raw_messages

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows about the messages of one batch.

    `digests`: (channel, message id) -> {digest -> contact id} of what is logged already. `threads`: one of our own
    message ids -> the contact that it belongs to. `by_reference`: reference -> contact.
    """

    digests: dict[tuple[str, str], dict[str, int]]
    threads: dict[str, Contact]
    by_reference: dict[str, Contact]


def facts_about(connection: Connection, batch: Sequence[Inbound], references: Iterable[str]) -> Facts:
    """Ask once for the whole batch; `references` are those that its subjects name."""
    digests: dict[tuple[str, str], dict[str, int]] = {}
    seen = select(messages.c.channel, messages.c.message_id, messages.c.digest, messages.c.contact_id)
    ids = [message.external_id for message in batch]
    for row in connection.execute(seen.where(messages.c.message_id.in_(ids))):
        digests.setdefault((row.channel, row.message_id), {})[row.digest] = row.contact_id
    answered = {i for m in batch if m.mail for i in (*m.mail.in_reply_to, *m.mail.references)}
    threads: dict[str, Contact] = {}
    if answered:
        ours = select(deliveries.c.message_id.label("answered_id"), contacts).join_from(deliveries, contacts)
        ours = ours.where(deliveries.c.message_id.in_(sorted(answered)[:500]), deliveries.c.purpose != "alert")
        for row in connection.execute(ours):
            values = dict(row._mapping)
            threads[values.pop("answered_id")] = Contact(**values)
    named = sorted(set(references))[:500]
    by_reference = {c.reference: c for c in _rows(connection, contacts.c.reference.in_(named))} if named else {}
    return Facts(digests, threads, by_reference)


def next_id(connection: Connection) -> int:
    """The next contact's running number; never one that was used before, even if its contact is gone.

    Safe because the caller holds the write lock until it has committed.
    """
    used = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'")).scalar()
    return int(used or 0) + 1


def next_message_id(connection: Connection) -> int:
    """The same for messages."""
    used = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'messages'")).scalar()
    return int(used or 0) + 1


def add(connection: Connection, new: list[Values], arrived: list[Values], raws: list[Values]) -> None:
    """Store contacts, messages and raw messages, each list in one statement."""
    for table, rows in ((contacts, new), (messages, arrived), (raw_messages, raws)):
        if rows:
            connection.execute(insert(table), rows)


def note(connection: Connection, rows: list[Values]) -> None:
    """Append events: `contact_id`, `at`, `kind`, `details` (a mapping), `actor`."""
    if rows:
        full = [
            {"actor": "ackbot", **row, "details": json.dumps(row.get("details", {}), ensure_ascii=False)} for row in rows
        ]
        connection.execute(insert(events), full)


def find(connection: Connection, reference: str) -> Contact | None:
    """The contact with this reference."""
    return next(iter(_rows(connection, contacts.c.reference == reference)), None)


def with_id(connection: Connection, ids: Iterable[int]) -> dict[int, Contact]:
    """Several contacts by their running numbers."""
    return {contact.id: contact for contact in _rows(connection, contacts.c.id.in_(list(ids)))}


def listed(
    connection: Connection, *, state: str | None = None, after_id: int = 0, limit: int | None = None
) -> list[Contact]:
    """Contacts in the order of their logging."""
    query: Select[Any] = select(contacts).where(contacts.c.id > after_id).order_by(contacts.c.id)
    if state:
        query = query.where(contacts.c.state == state)
    return [Contact(**row._mapping) for row in connection.execute(query.limit(limit))]


def messages_of(connection: Connection, contact_id: int) -> list[Values]:
    """The messages of one contact, oldest first."""
    query = select(messages).where(messages.c.contact_id == contact_id).order_by(messages.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def events_of(connection: Connection, contact_id: int) -> list[Values]:
    """The history of one contact, oldest first; `details` as a mapping."""
    query = select(events).where(events.c.contact_id == contact_id).order_by(events.c.at, events.c.id)
    return [{**row._mapping, "details": json.loads(row.details)} for row in connection.execute(query)]


def acknowledged(connection: Connection, ids: Iterable[int], at: datetime) -> None:
    """Note the first successful acknowledgement of each; a later one changes nothing."""
    chosen = [{"chosen": i} for i in ids]
    if chosen:
        change = update(contacts).where(contacts.c.id == bindparam("chosen"), contacts.c.acknowledged_at.is_(None))
        connection.execute(change.values(acknowledged_at=at), chosen)


def answer(connection: Connection, contact: Contact, at: datetime) -> bool:
    """Stop the clocks of an open contact; False if somebody else was first.

    An answer that comes before the acknowledgement keeps both promises.
    """
    values: Values = {"state": State.ANSWERED, "responded_at": at, "next_look_at": None}
    if contact.acknowledged_at is None:
        values["acknowledged_at"] = at
    change = update(contacts).where(contacts.c.id == contact.id, contacts.c.state == State.OPEN).values(**values)
    return connection.execute(change).rowcount == 1


def counts(connection: Connection) -> dict[str, int]:
    """How many open contacts there are, for the metrics."""
    query = select(func.count()).select_from(contacts).where(contacts.c.state == State.OPEN)
    return {"open": connection.execute(query).scalar_one()}


def _rows(connection: Connection, condition: Any) -> list[Contact]:
    return [Contact(**row._mapping) for row in connection.execute(select(contacts).where(condition))]
