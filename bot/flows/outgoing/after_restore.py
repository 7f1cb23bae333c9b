"""A copy of the store was put back: it is older than what really happened. Nobody hears twice, nobody is forgotten."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import NewDelivery
from bot.core.events import Event, EventKind
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, cursors, holds, staff
from bot.store.backups import COPY_OF

RESTORED = "restored"
# More than can have been logged since the copy was made: a reference that somebody was given must not name another's.
NUMBERS_LEFT_OUT = 100_000


def begin(connection: Connection, now: datetime, *, restored: bool = False) -> datetime | None:
    """At the start: see whether the store is a copy that was put back (or is said to be), and hold what may have left.

    Everybody signs in anew: some of its sessions were ended since it was made.
    Returns since when it is in use again: what was received before then may have had its receipt from the lost store.
    """
    copy_made_at = cursors.read(connection, COPY_OF)
    if restored or copy_made_at is not None:
        cursors.drop(connection, COPY_OF)
        cursors.put(connection, RESTORED, now.isoformat(), now)
        holds.hold_what_may_have_left(connection)
        contacts.leave_out_numbers(connection, NUMBERS_LEFT_OUT)
        session_count = staff.end_all_sessions(connection)
        details = {"copy_made_at": copy_made_at or ""}
        contacts.note(connection, [Event(None, now, EventKind.STORE_RESTORED, "operators", details)])
        contacts.note(connection, [Event(None, now, EventKind.SESSIONS_ENDED, details={"sessions": session_count})])
    since = cursors.read(connection, RESTORED)
    return datetime.fromisoformat(since) if since else None


def notices(since: datetime, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """What staff must know, once."""
    return alert.notices(
        None,
        f"restored:{since.isoformat()}",
        now,
        book,
        subject="A copy of the store was put back",
        happened="Ackbot works on a copy that is older than what really happened. Receipts and answers that waited in "
        "it, and receipts for mail from before now that is read again, may have left already. They are held, and none "
        "is lost.",
        action="The page Backlog has a button that lets all of them leave; Acknowledge now, on the page of a contact, "
        "lets its receipt leave. What came by LMTP or form after the copy was made is not in it. "
        "Accounts and tokens that were ended since then let people in again: an administrator must end them once more.",
        page="backlog",
    )
