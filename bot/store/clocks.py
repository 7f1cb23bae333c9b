"""Which contacts must be looked at now, and when next. The cost depends on what is due, not on what is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from bot.core.contacts import Contact, State
from bot.core.escalations import Decision
from bot.store.conditions import IS_OPEN, IS_OWNED
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of an open contact, and what they are computed from."""

    id: int
    reference: str
    standard: str
    standard_version: str
    promise: str
    received_at: datetime
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    respond_by: datetime | None
    receipt_sent_at: datetime | None
    told_respond_by: datetime | None
    respond_step: int
    clock_changed: bool


_DATES = (
    select(*[contacts.c[name] for name in Dates.__slots__])
    .where(contacts.c.id > bindparam("after_id"), IS_OPEN)
    .where(contacts.c.standard.is_not(None))
    .order_by(contacts.c.id)
    .limit(bindparam("most"))
)
_MOVE = (
    update(contacts)
    .where(contacts.c.id == bindparam("chosen"), contacts.c.state == State.OPEN)
    .values(
        acknowledge_by=bindparam("to_acknowledge_by"),
        respond_by=bindparam("to_respond_by"),
        respond_step=bindparam("to_respond_step"),
        promise=bindparam("to_promise"),
    )
)
_LOOK_AT = (
    update(contacts)
    .where(contacts.c.id == bindparam("chosen"), contacts.c.state == State.OPEN)
    .values(next_look_at=bindparam("look_at"))
)


def dates(connection: Connection, after_id: int, most: int) -> list[Dates]:
    """Return the dates of the next open contacts, in the order of logging."""
    return [Dates(*row) for row in connection.execute(_DATES, {"after_id": after_id, "most": most})]


def dates_count(connection: Connection) -> int:
    """Return how many contacts `dates` gives in all."""
    query = select(func.count()).select_from(contacts).where(IS_OPEN, contacts.c.standard.is_not(None))
    return connection.execute(query).scalar_one()


def move(connection: Connection, rows: list[dict[str, Any]], earlier: list[int], look_at: datetime) -> None:
    """Give open contacts new dates: `chosen`, `to_acknowledge_by`, `to_respond_by`, `to_respond_step`, `to_promise`.

    Contacts for which something is `earlier` now are looked at at `look_at`; the others at the time already set.
    """
    connection.execute(_MOVE, rows)
    if earlier:
        connection.execute(_LOOK_AT, [{"chosen": contact_id, "look_at": look_at} for contact_id in earlier])


def due(connection: Connection, now: datetime, most: int) -> list[Contact]:
    """Return open contacts that are due for a look, the longest waiting first."""
    query = select(contacts).where(contacts.c.state == State.OPEN, contacts.c.next_look_at <= now)
    query = query.order_by(contacts.c.next_look_at).limit(most).with_for_update(skip_locked=True)
    rows = connection.execute(query)
    return [contact_of(row) for row in rows]


def next_look(connection: Connection) -> datetime | None:
    """Return the earliest instant at which any contact must be looked at."""
    query = select(func.min(contacts.c.next_look_at)).where(IS_OPEN)
    earliest: datetime | None = connection.execute(query).scalar()
    return earliest


def record_look(connection: Connection, contact: Contact, decision: Decision) -> bool:
    """Set the next look by compare-and-set; False if another look came first or the contact is no longer open."""
    is_unchanged = (contacts.c.id == contact.id) & (contacts.c.state == State.OPEN)
    is_unchanged &= contacts.c.next_look_at == contact.next_look_at
    change = update(contacts).where(is_unchanged)
    change = change.values(
        respond_step=decision.respond_step,
        acknowledge_step=decision.acknowledge_step,
        next_look_at=decision.next_look_at,
    )
    if decision.window_closed:
        change = change.values(window_closed=True)
    if decision.urgent:
        change = change.values(urgent_at=decision.urgent_at, urgent_step=contact.urgent_step + 1)
    return connection.execute(change).rowcount == 1


def owners(connection: Connection) -> list[tuple[str, str]]:
    """Return the owners of open contacts, each as (team, address)."""
    query = select(contacts.c.team, contacts.c.owner).where(IS_OWNED, contacts.c.team.is_not(None)).distinct()
    return [(row.team, row.owner) for row in connection.execute(query)]


def look_again(connection: Connection, ids: Iterable[int], at: datetime) -> None:
    """Have open contacts looked at no later than `at`."""
    condition = contacts.c.id.in_(list(ids)) & (contacts.c.state == State.OPEN) & (contacts.c.next_look_at > at)
    connection.execute(update(contacts).where(condition).values(next_look_at=at))


def open_of_team(
    connection: Connection, team: str | None, respond_by: datetime, acknowledge_by: datetime, since: datetime
) -> list[Contact]:
    """Return open contacts of a team that are due at or before the given instants and not yet done.

    Contacts that have passed a step of their ladder, those without an owner and those that came after `since` are
    included.
    """
    has_date = contacts.c.respond_by.is_not(None)
    is_listed = (contacts.c.respond_by <= respond_by) | (contacts.c.respond_step > 0) & has_date
    is_listed |= contacts.c.acknowledged_at.is_(None) & (contacts.c.acknowledge_by <= acknowledge_by)
    is_listed |= contacts.c.assigned_at.is_(None) | (contacts.c.received_at > since)
    query = select(contacts).where(IS_OPEN, contacts.c.team.is_not_distinct_from(team), is_listed)
    return [contact_of(row) for row in connection.execute(query.order_by(contacts.c.respond_by).limit(500))]
