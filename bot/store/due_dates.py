"""The dates of open contacts, when answers were given, and when somebody first looked: what the figures room needs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.core.roles import Scope
from bot.core.spells import instant, microseconds
from bot.store.conditions import IS_OPEN
from bot.store.figure_tables import spells
from bot.store.queue import within
from bot.store.tables import contacts, events


def of_open(connection: Connection, scope: Scope) -> Iterator[tuple[str, int, datetime | None]]:
    """Yield team ("" for none), id and date of every open contact in this scope; no date while its clock is paused."""
    query = select(contacts.c.team, contacts.c.id, contacts.c.respond_by).where(IS_OPEN, *within(scope))
    for row in connection.execute(query):
        yield row.team or "", row.id, row.respond_by


def answers_since(connection: Connection, scope: Scope, since: datetime) -> Iterator[tuple[str, int]]:
    """Yield team and instant, in microseconds since 1970, of each answer from then on."""
    first = microseconds(since)
    # No spell is over before it is answered: so the index finds where to begin.
    query = select(spells.c.team, spells.c.responded_at).where(
        spells.c.latest_at >= first, spells.c.responded_at >= first
    )
    for row in connection.execute(query):
        if scope.sees(row.team or None):
            yield row.team, row.responded_at


def first_receipt(connection: Connection) -> datetime | None:
    """Return when the first contact came of which there are figures."""
    received_at = connection.execute(select(spells.c.received_at).order_by(spells.c.contact_id).limit(1)).scalar()
    return None if received_at is None else instant(received_at)


def first_looks(connection: Connection, contact_ids: Sequence[int]) -> dict[int, int]:
    """Return when a member of staff first did anything with each of these contacts, in microseconds since 1970."""
    query = select(events.c.contact_id, func.min(events.c.at)).group_by(events.c.contact_id)
    query = query.where(events.c.contact_id.in_(contact_ids), events.c.actor.startswith("staff:"))
    return {contact_id: microseconds(at) for contact_id, at in connection.execute(query)}
