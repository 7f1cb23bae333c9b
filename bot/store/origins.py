"""What contacts of an older program did not keep of their first moment: which lack it, what happened to their dates."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.store.contact_rows import contact_of
from bot.store.direct import run_many
from bot.store.tables import contacts, events

Values = dict[str, Any]
# The events of an older program that may say which date there was before, or after which it is another one.
_MOVE_DATES = (
    *(EventKind.ACKNOWLEDGED, EventKind.HOLDING_REPLY, EventKind.PAUSED, EventKind.RESUMED, EventKind.RESTARTED),
    *(EventKind.EXTENDED, EventKind.REOPENED, EventKind.CLASSIFIED, EventKind.RECOMPUTED),
)
_FILL = (
    update(contacts)
    .where(contacts.c.id == bindparam("filled"))
    .values(
        medium=bindparam("to_medium"),
        channel_kind=bindparam("to_channel_kind"),
        first_acknowledge_by=bindparam("to_acknowledge_by"),
        first_respond_by=bindparam("to_respond_by"),
    )
)


def lacking(connection: Connection, after_id: int, most: int) -> list[Contact]:
    """Return the next contacts that do not say how they came, in the order of logging."""
    is_lacking = or_(contacts.c.medium == "", contacts.c.channel_kind == "")
    query = select(contacts).where(contacts.c.id > after_id, is_lacking).order_by(contacts.c.id).limit(most)
    return [contact_of(row) for row in connection.execute(query)]


def newest(connection: Connection) -> int:
    """Return the number of the newest contact, 0 where there is none."""
    return connection.execute(select(func.max(contacts.c.id))).scalar() or 0


def moves(connection: Connection, ids: Collection[int]) -> dict[int, list[tuple[str, Mapping[str, Any]]]]:
    """Return what may have moved the dates of these contacts: kind and details of each event, in their order."""
    by_contact: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}
    query = select(events.c.contact_id, events.c.kind, events.c.details)
    query = query.where(events.c.contact_id.in_(sorted(ids)), events.c.kind.in_(_MOVE_DATES)).order_by(events.c.id)
    for row in connection.execute(query):
        by_contact.setdefault(row.contact_id, []).append((row.kind, json.loads(row.details)))
    return by_contact


def fill(connection: Connection, rows: Sequence[Values]) -> None:
    """Store how contacts came: `filled` (which), `to_medium`, `to_channel_kind`, and their first dates."""
    run_many(connection, _FILL, rows)
