"""Urgent calls: for which contacts people are called until somebody takes them."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from bot.core.contacts import Contact
from bot.core.deliveries import OUT, State
from bot.core.roles import Scope
from bot.store.conditions import IS_CALL, IS_CALLING
from bot.store.contact_rows import contact_of
from bot.store.queue import within
from bot.store.tables import contacts, deliveries


def calling(connection: Connection, scope: Scope, up_to: int | None = None) -> list[Contact]:
    """Return the contacts in this scope, up to that number, for which people are called."""
    return _calling(connection, *within(scope), *([] if up_to is None else [contacts.c.id <= up_to]))


def count_calling(connection: Connection, scope: Scope) -> tuple[int, int]:
    """Return how many those are, and the highest number of them (0: none)."""
    query = select(func.count(), func.coalesce(func.max(contacts.c.id), 0)).where(IS_CALLING, *within(scope))
    count, newest = connection.execute(query).one()
    return count, newest


def of_recipient(connection: Connection, recipient: str, up_to: int | None = None) -> tuple[list[Contact], int]:
    """Return those of which this person was called, by deliveries up to that number; and the last of these."""
    calling_ids = select(contacts.c.id).where(IS_CALLING)
    query = select(deliveries.c.contact_id, deliveries.c.id).where(
        IS_CALL,
        deliveries.c.recipient == recipient,
        deliveries.c.contact_id.in_(calling_ids),
        deliveries.c.state.in_((State.SENDING, *OUT)),
    )
    rows = connection.execute(query if up_to is None else query.where(deliveries.c.id <= up_to)).all()
    if not rows:
        return [], 0
    return _calling(connection, contacts.c.id.in_({row[0] for row in rows})), max(row[1] for row in rows)


def of_person(connection: Connection, contact: Contact) -> list[Contact]:
    """Return the earlier ones of the same sender, with the same danger, for which people are called; the oldest first.

    Never a later one: of two that are logged together each would leave the call to the other.
    """
    is_same = (contacts.c.sender_key == contact.sender_key) & (contacts.c.urgent == contact.urgent)
    return _calling(connection, is_same, contacts.c.id < contact.id) if contact.sender_key else []


def bring_forward(connection: Connection, at: datetime) -> int:
    """Let the next call about no contact be later than `at`; return how many were."""
    look_at = case((contacts.c.next_look_at > at, at), else_=contacts.c.next_look_at)
    change = update(contacts).where(IS_CALLING, contacts.c.urgent_at > at).values(urgent_at=at, next_look_at=look_at)
    return connection.execute(change).rowcount


def _calling(connection: Connection, *conditions: ColumnElement[bool]) -> list[Contact]:
    query = select(contacts).where(IS_CALLING, *conditions).order_by(contacts.c.id)
    return [contact_of(row) for row in connection.execute(query)]
