"""Receipts that were held leave: staff have looked at what came in, or at a store that was put back."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.flows.outgoing.after_restore import RESTORED
from bot.store import contacts, cursors, holds, outbox

# The cursor that says that the breaker has stopped every receipt.
BREAKER = "breaker"
# Begins the cursor of each team that says since when receipts wait for it, each for a reason of its own.
KEPT_BACK = "kept back:"


def release(connection: Connection, now: datetime, actor: str = "ackbot") -> int:
    """Let every receipt leave that was stopped, whoever has its contact; returns how many."""
    for name in (BREAKER, RESTORED):
        cursors.drop(connection, name)
    cursors.drop_of_each(connection, KEPT_BACK)
    contact_ids = holds.contact_ids(connection)
    count = holds.release(connection, now)
    contacts.note(connection, [Event(contact_id, now, EventKind.RECEIPT_RELEASED, actor) for contact_id in contact_ids])
    if count:
        contacts.note(connection, [Event(None, now, EventKind.RECEIPTS_RELEASED, actor, {"count": count})])
    return count


def begin(connection: Connection, now: datetime, *, alone: bool) -> None:
    """At the start the one process that sends gives back what a dead one had claimed."""
    if alone:
        outbox.release_all(connection, now)
