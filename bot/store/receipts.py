"""Receipts that wait until staff's answers are read: put off to an instant, let go before it. Who has had none."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select, update

from bot.core.contacts import Contact
from bot.core.deliveries import OUT, WAITING, Purpose, State
from bot.store import wakeups
from bot.store.conditions import HAS_NO_RECEIPT, IS_RECEIPT, SHARES_RECEIPT
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts, deliveries

# What tells people that we have what they wrote: after an answer it is worse than nothing.
_RECEIPTS = (
    deliveries.c.purpose.in_((Purpose.ACKNOWLEDGEMENT, Purpose.ADDED))
    & deliveries.c.state.in_(WAITING)
    & (deliveries.c.channel == bindparam("outlet"))
    & deliveries.c.sent_at.is_(None)
    & deliveries.c.contact_id.in_(select(contacts.c.id).where(contacts.c.channel == bindparam("inbox")))
)
_PUT_OFF = update(deliveries).where(_RECEIPTS, deliveries.c.next_attempt_at < bindparam("until"))
_LET_GO = update(deliveries).where(_RECEIPTS, deliveries.c.next_attempt_at == bindparam("until"))


def put_off(connection: Connection, inbox: str, outlet: str, until: datetime) -> int:
    """Let no receipt of this inbox leave by this outlet before `until`; returns how many wait; the held stay held."""
    change = _PUT_OFF.values(next_attempt_at=bindparam("to_next"))
    return connection.execute(change, {"inbox": inbox, "outlet": outlet, "until": until, "to_next": until}).rowcount


def let_go(connection: Connection, inbox: str, outlet: str, until: datetime, now: datetime) -> int:
    """Let leave now what was put off to exactly that instant; returns how many that are."""
    change = _LET_GO.values(next_attempt_at=bindparam("to_next"))
    count = connection.execute(change, {"inbox": inbox, "outlet": outlet, "until": until, "to_next": now}).rowcount
    if count:
        wakeups.notify(connection)
    return count


def shared_by(connection: Connection, contact_id: int) -> list[tuple[int, datetime]]:
    """Return the contacts for which the receipt of this one stands, each with when it had it; what has none is out."""
    is_for = (contacts.c.receipt_of == contact_id) & contacts.c.receipt_sent_at.is_not(None)
    query = select(contacts.c.id, contacts.c.receipt_sent_at).where(is_for, SHARES_RECEIPT).order_by(contacts.c.id)
    return [(row.id, row.receipt_sent_at) for row in connection.execute(query)]


def keys_in_use(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return those of these keys under which something was queued, for staff to know."""
    return set(connection.execute(select(deliveries.c.key).where(deliveries.c.key.in_(keys))).scalars())


def not_acknowledged(connection: Connection, since: datetime) -> list[tuple[Contact, str]]:
    """Return contacts received since then that had no receipt, the newest first, each with why.

    They were logged only or left to staff; or theirs has not left, or did not arrive.
    """
    without = select(contacts).where(
        HAS_NO_RECEIPT, contacts.c.received_at >= since, contacts.c.receipt_sent_at.is_(None)
    )
    by_id = {(contact := contact_of(row)).id: (contact, contact.reason) for row in connection.execute(without)}
    # One receipt may stand for several contacts.
    is_for = or_(contacts.c.id == deliveries.c.contact_id, contacts.c.receipt_of == deliveries.c.contact_id)
    not_had = deliveries.c.state.not_in([*OUT, State.CANCELLED])
    waiting = select(deliveries.c.state, deliveries.c.next_attempt_at, contacts).join_from(deliveries, contacts, is_for)
    waiting = waiting.where(IS_RECEIPT, deliveries.c.created_at >= since, not_had)
    waiting = waiting.where(contacts.c.acknowledged_at.is_(None), contacts.c.receipt_sent_at.is_(None))
    for row in connection.execute(waiting):
        contact = contact_of(row)
        by_id[contact.id] = (contact, _why(State(row.state), row.next_attempt_at))
    return sorted(by_id.values(), key=lambda pair: (pair[0].received_at, pair[0].id), reverse=True)


def _why(state: State, next_attempt_at: datetime | None) -> str:
    if state in (State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE):
        return "the receipt could not be delivered"
    return "the receipt is held back" if next_attempt_at is None else "the receipt has not left yet"
