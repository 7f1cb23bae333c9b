"""What one process at a time may do, and what others must know is under way, where several work on one store."""

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ackbot ' || :what))")
# Its keys are far above those of the first lock, which are hashes of 32 bits. Before the first number was given out
# PostgreSQL reports it as the last one already.
_EVENTS = text(
    "SELECT pg_advisory_xact_lock_shared(4611686018427387904 + last_value - CASE WHEN is_called THEN 0 ELSE 1 END) "
    "FROM events_id_seq"
)
RECEIVING, RECOMPUTING, WORDS = "receiving", "recomputing", "words"


def alone(connection: Connection, what: str) -> None:
    """Until the end of the transaction nobody else does this; SQLite's write lock says so already.

    Whether a person has had a receipt, or a mail is here already, is asked and then written: two processes that do so
    at once would both say yes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": what})


def writing_events(connection: Connection) -> None:
    """Announce, until the end of the transaction, that events are written in it; before the first of them is.

    `settled.up_to` reads the announcements.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_EVENTS)
