"""What one process at a time may do, where several work on one store."""

from sqlalchemy import Connection, text

_RECEIVING = text("SELECT pg_advisory_xact_lock(hashtext('ackbot receiving'))")


def one_receives(connection: Connection) -> None:
    """Until the end of the transaction nobody else logs messages; SQLite's write lock says so already.

    Whether a person has had a receipt, or a mail is here already, is asked and then written: two processes that do so
    at once would both say yes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_RECEIVING)
