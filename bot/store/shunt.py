"""Messages that the code could not handle, stored complete for a person."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from bot.core.messages import Inbound
from bot.store.tables import shunted
from bot.store.upserts import insert

_WAITS = shunted.c.dropped_at.is_(None)


@dataclass(frozen=True, slots=True)
class Shunted:
    """A message that could not be logged: when that was, and why."""

    id: int
    channel: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class ShuntedMessage(Shunted):
    """The same with what came over the wire."""

    external_id: str
    raw: bytes


def keep(connection: Connection, message: Inbound, error: str, at: datetime) -> bool:
    """Store the raw message; False if it is stored already (the channel offered it again)."""
    values = {
        "channel": message.channel,
        "external_id": message.external_id.encode("utf-8", "replace").decode(),
        "at": at,
        "error": error,
        "raw": message.raw,
    }
    statement = insert(shunted).values(**values).on_conflict_do_nothing(index_elements=["channel", "external_id"])
    return connection.execute(statement.returning(shunted.c.id)).scalar() is not None


def is_waiting(connection: Connection, channel: str, error: str) -> bool:
    """Tell whether a message of this channel waits for a person because of the same error."""
    query = select(shunted.c.id).where(shunted.c.channel == channel, shunted.c.error == error, _WAITS).limit(1)
    return connection.execute(query).first() is not None


def existing(connection: Connection, channel: str, ids: list[str]) -> set[str]:
    """Return those of these external ids that are stored already."""
    query = select(shunted.c.external_id).where(shunted.c.channel == channel, shunted.c.external_id.in_(ids))
    return set(connection.execute(query).scalars())


def list_all(connection: Connection) -> list[Shunted]:
    """Return each message without its content, the oldest first."""
    columns = shunted.c.id, shunted.c.channel, shunted.c.at, shunted.c.error
    query = select(*columns).where(_WAITS).order_by(shunted.c.id)
    return [Shunted(**row._mapping) for row in connection.execute(query)]


def find(connection: Connection, number: int) -> ShuntedMessage | None:
    """Return one message with its raw content."""
    row = connection.execute(select(shunted).where(shunted.c.id == number, _WAITS)).first()
    return ShuntedMessage(row.id, row.channel, row.at, row.error, row.external_id, row.raw) if row else None


def naming(connection: Connection, words: str) -> list[int]:
    """Return the numbers of the messages that hold these words as they are, in small or capital letters."""
    needle = words.lower().encode()
    rows = connection.execute(select(shunted.c.id, shunted.c.raw).order_by(shunted.c.id))
    return [row.id for row in rows if needle in row.raw.lower()]


def forget(connection: Connection, before: datetime) -> int:
    """Delete messages that nobody has dealt with since then; return their number."""
    return connection.execute(delete(shunted).where(shunted.c.at < before)).rowcount


def drop(connection: Connection, number: int) -> bool:
    """Delete one; False if it does not exist."""
    return connection.execute(delete(shunted).where(shunted.c.id == number)).rowcount == 1


def put_away(connection: Connection, number: int, now: datetime) -> bool:
    """Keep the name alone of one that was dealt with, so that it does not come again; False if there is none."""
    statement = update(shunted).where(shunted.c.id == number, _WAITS)
    return connection.execute(statement.values(error="", raw=b"", dropped_at=now)).rowcount == 1


def by_channel(connection: Connection) -> dict[str, int]:
    """Return the number of messages that wait for a person, by channel."""
    query = select(shunted.c.channel, func.count()).where(_WAITS).group_by(shunted.c.channel)
    return {row[0]: row[1] for row in connection.execute(query)}


def count(connection: Connection) -> int:
    """Return the number of messages that wait for a person."""
    return connection.execute(select(func.count()).select_from(shunted).where(_WAITS)).scalar_one()
