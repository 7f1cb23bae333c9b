"""Events are only added to: the database refuses to change or delete one, but for the forgetting of what it says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.core import chain
from bot.store import direct
from bot.store.tables import event_links, events, trail_gate

_FORGET = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(actor=bindparam("new_actor"), details=bindparam("new_details"))
)
_UNLINK = (
    update(event_links)
    .where(event_links.c.event_id == bindparam("event"))
    .values(salt=None, remainder=bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of an event: who it was, or "" where that is forgotten, too, and its details as JSON."""

    event_id: int
    actor: str
    details: str = "{}"


@contextmanager
def gate(connection: Connection) -> Iterator[None]:
    """Allow this transaction to change `actor` and `details` of events, and nothing else of them."""
    connection.execute(insert(trail_gate), [{}])
    yield
    connection.execute(delete(trail_gate))


def forget(connection: Connection, remainders: Sequence[Remainder], key: bytes) -> None:
    """Leave no more than this of these events. Their links hold; what is left is proved with `key`.

    An event that says that it was forgotten or erased must follow in the same transaction, of the same contact or of
    none: without one `ackbot audit verify` takes it for a change by hand.
    """
    if not remainders:
        return
    direct.alone(connection, direct.LINKING)
    with gate(connection):
        rows = [{"event": r.event_id, "new_actor": r.actor, "new_details": r.details} for r in remainders]
        direct.run_many(connection, _FORGET, rows)
    links = _links(connection, [r.event_id for r in remainders])
    digests = [
        {"event": r.event_id, "digest": chain.remainder_proof(links[r.event_id], r.actor, r.details, key)}
        for r in remainders
        if r.event_id in links
    ]
    direct.run_many(connection, _UNLINK, digests)


def _links(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    query = select(event_links.c.event_id, event_links.c.link).where(event_links.c.event_id.in_(ids))
    return {row.event_id: row.link for row in connection.execute(query)}
