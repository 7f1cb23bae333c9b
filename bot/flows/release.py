"""Receipts that were stopped leave: the breaker lets go, or staff have looked at a store that was put back."""

from datetime import datetime

from sqlalchemy import Connection

from bot.flows.gather import BREAKER
from bot.flows.restored import RESTORED
from bot.flows.rulebook import Rulebook
from bot.store import cursors, outbox


def release(connection: Connection, now: datetime) -> int:
    """Let every receipt leave that was stopped; returns how many."""
    cursors.drop(connection, BREAKER)
    cursors.drop(connection, RESTORED)
    return outbox.release(connection, now)


def begin(connection: Connection, now: datetime, book: Rulebook, *, alone: bool) -> None:
    """At the start: the one process that sends gives back what a dead one held; without a breaker none is stopped."""
    if alone:
        outbox.release_all(connection, now)
    if not book.limits.a_minute and book.restored_at is None:
        release(connection, now)
