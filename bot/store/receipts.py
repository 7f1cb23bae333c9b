"""Receipts that wait until staff's answers are read: put off to an instant, and let go before it."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.core.deliveries import WAITING, Purpose
from bot.store import wakeups
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
