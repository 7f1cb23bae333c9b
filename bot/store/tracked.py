"""What is asked of contacts for the pages of people; each question costs the same whether there is a contact or not."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, func, select

from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.store import needs
from bot.store.tables import contacts, deliveries, events, messages, suppressions

_ENDS = (EventKind.CLOSED, EventKind.RESPONDED)


def number_and_generation(connection: Connection, reference: str) -> tuple[int, int]:
    """Return what the key of this contact is made of; zeros where there is none. Nothing that is sealed is read."""
    columns = (contacts.c.id, contacts.c.tracking_generation)
    values = [select(column).where(contacts.c.reference == reference).scalar_subquery() for column in columns]
    row = connection.execute(select(*(func.coalesce(value, 0) for value in values))).one()
    return int(row[0]), int(row[1])


def finished_at(connection: Connection, contact_id: int) -> datetime | None:
    """Return when a finished contact was last answered or closed, by its history."""
    is_end = (events.c.contact_id == contact_id) & events.c.kind.in_(_ENDS)
    return connection.execute(select(func.max(events.c.at)).where(is_end)).scalar()


def number_of(connection: Connection, reference: str, sender_key: str) -> int:
    """Return the number of the contact that has both this reference and this sender; 0 where none has."""
    is_theirs = (contacts.c.reference == reference) & (contacts.c.sender_key == sender_key)
    number: Any = select(contacts.c.id).where(is_theirs).scalar_subquery()
    return int(connection.execute(select(func.coalesce(number, 0))).scalar_one())


def number_by_form(connection: Connection, reference: str, key: str) -> int:
    """Return the number of the contact with this reference whose form gave this address, too; 0 where none did.

    The fields of a message are sealed. Where there is no such contact those of another message are opened in their
    place, so that the time does not tell.
    """
    mine, any_of = messages.alias(), messages.alias()
    is_mine = (contacts.c.reference == reference) & (mine.c.written_by == "sender")
    own = select(func.min(mine.c.id)).select_from(mine).join(contacts, mine.c.contact_id == contacts.c.id)
    number = func.coalesce(
        own.where(is_mine).scalar_subquery(), select(func.max(any_of.c.id)).scalar_subquery(), type_=Integer
    )
    query = select(contacts.c.id, contacts.c.reference, messages.c.fields).join(
        messages, messages.c.contact_id == contacts.c.id
    )
    row = connection.execute(query.where(messages.c.id == number)).one_or_none()
    is_theirs = row is not None and key in needs.keys_in(json.loads(row.fields)) and row.reference == reference
    return row.id if row is not None and is_theirs else 0


def links_since(connection: Connection, contact_id: int, since: datetime) -> int:
    """Return how many links to its page were queued for a contact since then."""
    is_link = (deliveries.c.contact_id == contact_id) & (deliveries.c.purpose == Purpose.TRACK_LINK)
    query = select(func.count()).where(is_link, deliveries.c.created_at >= since)
    return connection.execute(query).scalar_one()


def is_suppressed(connection: Connection, address: str, now: datetime) -> bool:
    """Tell whether an address gets nothing automatic for a while."""
    in_force = (suppressions.c.address == address) & (suppressions.c.until > now)
    return connection.execute(select(func.count()).where(in_force)).scalar_one() > 0
