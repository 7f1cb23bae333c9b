"""What the code could not handle, kept whole for a person."""

from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert  # SQLite speaks the same "on conflict"

from bot.core.messages import Inbound
from bot.store.tables import shunted


def keep(connection: Connection, message: Inbound, error: str, at: datetime) -> bool:
    """Keep the raw message; False if it is here already (the channel offered it again)."""
    values = {
        "channel": message.channel,
        "external_id": message.external_id.encode("utf-8", "replace").decode(),
        "at": at,
        "error": error,
        "raw": message.raw,
    }
    statement = insert(shunted).values(**values).on_conflict_do_nothing(index_elements=["channel", "external_id"])
    return connection.execute(statement.returning(shunted.c.id)).scalar() is not None


def known(connection: Connection, channel: str, ids: list[str]) -> set[str]:
    """Which of these external ids are kept here already."""
    query = select(shunted.c.external_id).where(shunted.c.channel == channel, shunted.c.external_id.in_(ids))
    return set(connection.execute(query).scalars())


def count(connection: Connection) -> int:
    """How many messages wait for a person."""
    return connection.execute(select(func.count()).select_from(shunted)).scalar_one()
