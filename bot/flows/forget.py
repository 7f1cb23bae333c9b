"""When the time of keeping is over, the words and the person go; the dates stay, so that the figures stay right."""

from datetime import datetime

from sqlalchemy import Connection

from bot.store import contacts, suppressions


def forget(connection: Connection, before: datetime, now: datetime, most: int) -> int:
    """Strip up to `most` finished contacts that were received before `before`; returns how many.

    Suppressions that have run out go, too.

    An open contact is never touched. Kept: reference, channel, dates, decisions and events.
    """
    suppressions.forget(connection, now)
    ids = contacts.forgettable(connection, before, most)
    contacts.strip(connection, ids)
    contacts.note(connection, [{"contact_id": i, "at": now, "kind": "forgotten"} for i in ids])
    return len(ids)
