"""Receipts that were stopped leave: the breaker lets go, or staff have looked at a store that was put back."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.flows.outgoing.after_restore import RESTORED
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, outbox

# The cursor that says that the breaker has stopped every receipt.
BREAKER = "breaker"


def release(connection: Connection, now: datetime, actor: str = "ackbot") -> int:
    """Let every receipt leave that was stopped, whoever has its contact; returns how many."""
    cursors.drop(connection, BREAKER)
    cursors.drop(connection, RESTORED)
    contact_ids = outbox.contacts_held(connection)
    count = outbox.release(connection, now)
    contacts.note(connection, [Event(contact_id, now, EventKind.RECEIPT_RELEASED, actor) for contact_id in contact_ids])
    if count:
        contacts.note(connection, [Event(None, now, EventKind.RECEIPTS_RELEASED, actor, {"count": count})])
    return count


def begin(connection: Connection, now: datetime, book: Rulebook, *, alone: bool) -> None:
    """At the start: the one process that sends gives back what a dead one held; without a breaker none is stopped."""
    if alone:
        outbox.release_all(connection, now)
    if not book.intake.limits.a_minute and book.restored_at is None:
        release(connection, now)
