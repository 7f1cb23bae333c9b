"""Staff stop what leaves by itself, as the breaker does: the words were wrong, or too much leaves."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing.release import BREAKER
from bot.store import contacts, cursors, holds

MOST_CHARACTERS = 200


def hold(connection: Connection, now: datetime, actor: str, reason: str) -> int:
    """Let no receipt leave from now on, and nothing of what waits to leave by itself; returns how much waited.

    Other messages that are queued later leave; done again, it also holds what was queued since. All of it leaves with
    `release`. Raises Refused.
    """
    reason = refusals.short_text(reason.strip(), "reason", MOST_CHARACTERS)
    if not reason:
        raise Refused("say why, in a few words for those who let it leave again", "reason")
    count = holds.hold_what_leaves_by_itself(connection)
    if cursors.read(connection, BREAKER) is None:
        cursors.put(connection, BREAKER, now.isoformat(), now)
    details = {"reason": reason, "count": count}
    contacts.note(connection, [Event(None, now, EventKind.RECEIPTS_STOPPED, actor, details)])
    return count
