"""What is asked of contacts for the pages of people; each question costs the same whether there is a contact or not."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.store.tables import contacts, deliveries, events, suppressions

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


def links_since(connection: Connection, contact_id: int, since: datetime) -> int:
    """Return how many links to its page were queued for a contact since then."""
    is_link = (deliveries.c.contact_id == contact_id) & (deliveries.c.purpose == Purpose.TRACK_LINK)
    query = select(func.count()).where(is_link, deliveries.c.created_at >= since)
    return connection.execute(query).scalar_one()


def is_suppressed(connection: Connection, address: str, now: datetime) -> bool:
    """Tell whether an address gets nothing automatic for a while."""
    in_force = (suppressions.c.address == address) & (suppressions.c.until > now)
    return connection.execute(select(func.count()).where(in_force)).scalar_one() > 0
