"""When messages came in by each channel, and how many. An index answers: the cost follows what is counted."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.store import cursors
from bot.store.tables import messages

_LOOK = "look:"


def ends(connection: Connection, channel: str) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the last message came in by a channel."""
    is_of_it = messages.c.channel == channel
    first, last = (
        connection.execute(select(end(messages.c.received_at)).where(is_of_it)).scalar() for end in (func.min, func.max)
    )
    return first, last


def count(connection: Connection, channel: str, since: datetime, before: datetime) -> int:
    """Return how many messages came in by a channel from `since` on and before `before`."""
    at = messages.c.received_at
    query = select(func.count()).where(messages.c.channel == channel, at >= since, at < before)
    return connection.execute(query).scalar_one()


def note_looks(connection: Connection, channels: Collection[str], now: datetime) -> None:
    """Remember that these channels can be read now."""
    for channel in channels:
        cursors.put(connection, f"{_LOOK}{channel}", "", now)


def last_looks(connection: Connection, channels: Collection[str]) -> dict[str, datetime]:
    """Return when each of these channels could last be read."""
    moments = cursors.moments(connection, [f"{_LOOK}{channel}" for channel in channels])
    return {name.removeprefix(_LOOK): at for name, at in moments.items()}
