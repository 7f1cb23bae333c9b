"""LISTEN and NOTIFY: another process has queued something. A wake-up that is lost costs a little time, nothing else."""

from sqlalchemy import Connection, text

CHANNEL = "ackbot"
_NOTIFY = text(f"NOTIFY {CHANNEL}")


def notify(connection: Connection) -> None:
    """Once this transaction is committed, wake every process that listens; on SQLite there is no other."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)
