"""The chain over the events, as it is stored: made a little after them, in batches, and gone through from its start."""

import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, case, exists, false, func, insert, or_, select

from bot.core import chain
from bot.core.chain import Fault, Link, Record, Secret, Verification
from bot.core.events import EventKind
from bot.store import direct, settled
from bot.store.tables import event_links, events

AT_ONCE = 500
_READ_AT_ONCE = 2_000
_MOST_NAMED = 20
_FORGETTINGS = (EventKind.FORGOTTEN, EventKind.ERASED)
_ADD = insert(event_links)
_RECORD = tuple(events.c[name] for name in Record.__slots__)
_LINK = tuple(event_links.c[name] for name in Link.__slots__)
_HEAD = select(event_links.c.event_id, event_links.c.link).order_by(event_links.c.event_id.desc()).limit(1)

Progress = Callable[[int], None]


def head(connection: Connection) -> tuple[int, bytes]:
    """Return the last event that has a link, and its link; 0 where there is none."""
    row = connection.execute(_HEAD).first()
    return (row.event_id, row.link) if row else (0, chain.ORIGIN)


def lacks(connection: Connection, event_id: int, link: bytes) -> bool:
    """Tell whether this event does not have this link any more."""
    query = select(event_links.c.link).where(event_links.c.event_id == event_id)
    return connection.execute(query).scalar() != link


def extend(connection: Connection, secret: Secret) -> int:
    """Make the links of the next events that are settled; return how many."""
    # An event that is forgotten between reading and linking would be linked with what it said.
    direct.alone(connection, direct.LINKING)
    up_to, (last, digest) = settled.up_to(connection), head(connection)
    new = select(*_RECORD).where(events.c.id > last, events.c.id <= up_to).order_by(events.c.id).limit(AT_ONCE)
    records, rows, name = connection.execute(new).all(), [], secret.name
    salts = os.urandom(chain.SALT_BYTES * len(records))
    for number, record in enumerate(records):
        salt = salts[number * chain.SALT_BYTES : (number + 1) * chain.SALT_BYTES]
        link = chain.link(digest, Record(*record), salt, secret, name)
        digest = link.link
        row = {"event_id": record.id, "words": link.words, "link": digest, "mac": link.mac, "secret": name}
        rows.append(row | {"salt": salt})
    direct.run_many(connection, _ADD, rows)
    return len(rows)


def verify(connection: Connection, verification: Verification, progress: Progress) -> Verification:
    """Go through the complete chain; `progress` gets the number of the last event that is judged."""
    query = select(*_LINK, event_links.c.event_id, _forgetting_follows(), *_RECORD)
    query = query.outerjoin_from(event_links, events, events.c.id == event_links.c.event_id)
    rows = connection.execution_options(yield_per=_READ_AT_ONCE).execute(query.order_by(event_links.c.event_id))
    width = len(_LINK)
    for page in rows.partitions():
        for row in page:
            event_id, follows, *record = row[width:]
            event = None if record[0] is None else Record(*record)
            verification.take(event_id, event, Link(*row[:width]), forgetting_follows=follows)
        progress(verification.event)
    _add_events_put_in(connection, verification)
    return verification


def waiting_count(connection: Connection) -> int:
    """Return how many events have no link yet."""
    return connection.execute(select(func.count()).where(events.c.id > head(connection)[0])).scalar_one()


def _forgetting_follows() -> Any:
    """Whether a later event says that this one was forgotten; asked of those that are."""
    later: Any = events.alias()
    of_contact = exists().where(
        later.c.contact_id == events.c.contact_id, later.c.id > events.c.id, later.c.kind.in_(_FORGETTINGS)
    )
    last: Any = select(func.max(later.c.id)).where(later.c.contact_id.is_(None), later.c.kind.in_(_FORGETTINGS))
    of_none = and_(events.c.contact_id.is_(None), last.scalar_subquery() > events.c.id)
    return case((event_links.c.salt.is_(None), or_(of_contact, of_none)), else_=false())


def _add_events_put_in(connection: Connection, verification: Verification) -> None:
    """Add the events that have no link although later ones have."""
    query = select(events.c.id).outerjoin_from(events, event_links, events.c.id == event_links.c.event_id)
    query = query.where(event_links.c.event_id.is_(None), events.c.id <= verification.event)
    for event_id in connection.execute(query.order_by(events.c.id)).scalars():
        verification.add(Fault(event_id, "it was put in afterwards"))
