"""LISTEN and NOTIFY: another process has queued something. A lost wake-up costs a little time, nothing else."""

from sqlalchemy import Connection, text

CHANNEL = "ackbot"
_NOTIFY = text(f"NOTIFY {CHANNEL}")


def notify(connection: Connection) -> None:
    """Wake every listening process once this transaction is committed; on SQLite there is no other process."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


def notify_of(connection: Connection, count: int) -> int:
    """Do so where so many rows have changed and there are any; return how many."""
    if count:
        notify(connection)
    return count
