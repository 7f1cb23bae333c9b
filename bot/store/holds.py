"""What is held until staff let it leave, what staff are told of it, and what has left."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from bot.core.deliveries import BY_ITSELF, HELD, TO_STAFF, WAITING, NewDelivery, Purpose, State
from bot.store import outbox, wakeups
from bot.store.conditions import HAS_NEXT_ATTEMPT, IS_HELD, IS_RECEIPT
from bot.store.tables import contacts, deliveries
from bot.store.upserts import insert

# What somebody of staff typed is let go by nobody who means a receipt.
_BY_OURSELVES = deliveries.c.purpose != Purpose.ANSWER
_RECEIPT_WAITS = (deliveries.c.purpose == Purpose.ACKNOWLEDGEMENT) & deliveries.c.state.in_(WAITING)


class Departure(NamedTuple):
    """A receipt that has left: of a contact by which channel, queued when, and if nothing proved the address."""

    channel: str
    at: datetime
    unproven: bool


def hold(connection: Connection) -> int:
    """Let no acknowledgement leave until `release`; returns how many were waiting."""
    change = update(deliveries).where(_RECEIPT_WAITS, HAS_NEXT_ATTEMPT).values(next_attempt_at=HELD)
    return connection.execute(change).rowcount


def hold_what_leaves_by_itself(connection: Connection) -> int:
    """Let nothing leave to people that waits and that nobody typed or asked for, until `release`; returns how much."""
    is_ours = deliveries.c.purpose.in_(sorted(BY_ITSELF)) & deliveries.c.state.in_(WAITING)
    change = update(deliveries).where(is_ours, HAS_NEXT_ATTEMPT).values(next_attempt_at=HELD)
    return connection.execute(change).rowcount


def hold_what_may_have_left(connection: Connection) -> int:
    """Let nothing that waits or was leaving leave until `release`, unless it is for staff; returns how much."""
    not_for_staff = deliveries.c.purpose.not_in(sorted(TO_STAFF))
    change = outbox.moving(State.CREATED, *WAITING, State.SENDING).where(not_for_staff)
    return connection.execute(change.values(next_attempt_at=HELD, holder=None)).rowcount


def release(connection: Connection, now: datetime, contact_id: int | None = None) -> int:
    """Let everything leave that was held, or what we send by ourselves in one contact; returns how much."""
    change = update(deliveries).where(IS_HELD)
    if contact_id is not None:
        change = change.where(deliveries.c.contact_id == contact_id, _BY_OURSELVES)
    if count := connection.execute(change.values(next_attempt_at=now)).rowcount:
        wakeups.notify(connection)
    return count


def count(connection: Connection) -> int:
    """Return the number of receipts that are held."""
    query = select(func.count()).where(IS_HELD, deliveries.c.purpose == Purpose.ACKNOWLEDGEMENT)
    return connection.execute(query).scalar_one()


def contact_ids(connection: Connection) -> list[int]:
    """Return the contacts for which something is held, the oldest first."""
    query = select(deliveries.c.contact_id).where(IS_HELD, deliveries.c.contact_id.is_not(None)).distinct()
    return list(connection.execute(query.order_by(deliveries.c.contact_id)).scalars())


def among(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Return those of these contacts for which something is held that we send by ourselves."""
    query = select(deliveries.c.contact_id).where(IS_HELD, deliveries.c.contact_id.in_(list(ids)), _BY_OURSELVES)
    return set(connection.execute(query).scalars())


def renew(connection: Connection, notices: Sequence[NewDelivery]) -> None:
    """Queue notices, or put newer words into those of the same key that have not left."""
    for notice in notices:
        new = insert(deliveries).values(**outbox.row_of(notice))
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["key"],
                set_={"details": new.excluded.details},
                where=deliveries.c.state == State.CREATED,
            )
        )
    wakeups.notify(connection)


def departures(connection: Connection, since: datetime) -> list[Departure]:
    """Return every receipt that was queued after `since` and has left, in order."""
    query = (
        select(contacts.c.channel, deliveries.c.created_at, deliveries.c.unproven)
        .join_from(deliveries, contacts)
        .where(IS_RECEIPT, deliveries.c.created_at > since, deliveries.c.sent_at.is_not(None))
    )
    return [Departure(*row) for row in connection.execute(query.order_by(deliveries.c.created_at))]
