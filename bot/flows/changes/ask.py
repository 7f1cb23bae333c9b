"""Whoever has had a full answer is asked once, a while after it, whether it answered their question."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core import feedback
from bot.core.contacts import Contact
from bot.flows.changes.reach import reach
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import feedback as stored
from bot.store import outbox, suppressions


def ask(connection: Connection, contact: Contact, answered_at: datetime, now: datetime, book: Rulebook) -> None:
    """Queue the question about the answer of `answered_at`; it leaves later, if the contact is answered still.

    Not where it is delicate, by a way that is no mail, or to somebody who was asked of late.
    """
    rules = book.outgoing.feedback
    since = now - feedback.ASKED_AGAIN_AFTER
    if not feedback.may_be_asked(contact, rules) or stored.was_asked(connection, contact, since):
        return
    way = reach(connection, contact, now, book).receipt
    if way is None or "@" not in way.recipient or way.channel in book.outgoing.texts:
        return
    if suppressions.is_suppressed(connection, way.recipient, now):
        return
    at = feedback.asked_at(rules, answered_at, now, book.clocks.default_calendar)
    outbox.queue(connection, [tell.question(contact, way, answered_at, at, now, book)])
