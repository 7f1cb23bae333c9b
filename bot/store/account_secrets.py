"""The secret of an account that its platform changes; one process at a time may change it."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.store.tables import account_secrets
from bot.store.upserts import insert


def read(connection: Connection, channel: str) -> str:
    """Return the secret, encrypted, or "" where none was stored."""
    query = select(account_secrets.c.secret).where(account_secrets.c.channel == channel)
    return connection.execute(query).scalar() or ""


def claim(connection: Connection, channel: str, now: datetime, until: datetime) -> bool:
    """Take the right to change it; return False while another process has it."""
    is_free = account_secrets.c.claimed_until.is_(None) | (account_secrets.c.claimed_until < now)
    statement = insert(account_secrets).values(channel=channel, claimed_until=until)
    statement = statement.on_conflict_do_update(
        index_elements=["channel"], set_={"claimed_until": until}, where=is_free
    )
    return connection.execute(statement.returning(account_secrets.c.channel)).scalar() is not None


def put(connection: Connection, channel: str, secret: str, at: datetime) -> None:
    """Store another one."""
    values = {"secret": secret, "changed_at": at}
    statement = insert(account_secrets).values(channel=channel, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=values))


def release(connection: Connection, channel: str) -> None:
    """Give the right back."""
    connection.execute(update(account_secrets).where(account_secrets.c.channel == channel).values(claimed_until=None))
