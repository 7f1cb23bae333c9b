"""Lines of the audit trail about what a command shows: nothing is shown that leaves none."""

import getpass
from typing import TYPE_CHECKING, Any

from bot.cli.configuration import refuse

if TYPE_CHECKING:
    from datetime import datetime

    from bot.core.events import EventKind
    from bot.store.engine import Store

# Whoever reads more contacts than this at once reads in bulk.
MOST_AT_ONCE = 200


def actor() -> str:
    """Who gives the command, as events name them."""
    return f"staff:{getpass.getuser()}"


def note(store: "Store", now: "datetime", kind: "EventKind", **details: Any) -> None:
    """Write a line about what is about to be shown; ends the command where that cannot be written."""
    from bot.core.events import Event
    from bot.store import contacts
    from bot.store.engine import StoreUnavailable

    event = Event(None, now, kind, actor(), details)
    try:
        store.write_now(lambda c: contacts.note(c, [event]))
    except StoreUnavailable as error:
        refuse(f"Nothing is shown, for the audit trail cannot be written now: {error}")
