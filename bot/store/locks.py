"""What one process at a time may do, where several work on one store."""

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ackbot ' || :what))")
RECEIVING, RECOMPUTING, WORDS = "receiving", "recomputing", "words"


def alone(connection: Connection, what: str) -> None:
    """Until the end of the transaction nobody else does this; SQLite's write lock says so already.

    Whether a person has had a receipt, or a mail is here already, is asked and then written: two processes that do so
    at once would both say yes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": what})
