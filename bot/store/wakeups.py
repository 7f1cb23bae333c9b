"""LISTEN and NOTIFY: another process has queued something. A wake-up that is lost costs a little time, nothing else."""

from collections.abc import AsyncGenerator

import psycopg
from sqlalchemy import Connection, text

from bot.store.databases import line_arguments

_CHANNEL = "ackbot"
_NOTIFY = text(f"NOTIFY {_CHANNEL}")


def notify(connection: Connection) -> None:
    """Once this transaction is committed, wake every process that listens; on SQLite there is no other."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


async def listen(url: str) -> AsyncGenerator[None]:
    """Yield at once, and again whenever somebody notifies. Raises psycopg.Error when the line is lost."""
    async with await psycopg.AsyncConnection.connect(autocommit=True, **line_arguments(url)) as line:
        await line.execute(f"LISTEN {_CHANNEL}")
        yield
        async for _ in line.notifies():
            yield
