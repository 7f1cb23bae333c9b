"""What people did, the newest first; events for programs, the oldest first; alerts and what became of them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, text

from bot.core.roles import Scope
from bot.store.tables import contacts, deliveries, events

_ALERTS = text("purpose IN ('alert', 'urgent')")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `reference` is None where it is about no contact."""

    id: int
    at: datetime
    kind: str
    actor: str
    details: Values
    reference: str | None


def trail(connection: Connection, before_id: int | None, most: int, scope: Scope) -> list[Event]:
    """What people did, before that number: to contacts that this scope sees, and to none."""
    query = _with_reference().where(text("events.actor != 'ackbot'")).order_by(events.c.id.desc()).limit(most)
    if before_id is not None:
        query = query.where(events.c.id < before_id)
    if scope.teams is not None:
        query = query.where(or_(events.c.contact_id.is_(None), contacts.c.team.in_(sorted(scope.teams))))
    return [_event(row) for row in connection.execute(query)]


def stream(connection: Connection, after_id: int, up_to: int, scope: Scope, most: int) -> list[Event]:
    """Everything that happened to contacts that this scope sees, after that number; `up_to` is of `settled`."""
    query = _with_reference().where(events.c.id > after_id, events.c.id <= up_to, events.c.contact_id.is_not(None))
    if scope.teams is not None:
        mine = contacts.c.team.in_(sorted(scope.teams))
        query = query.where(or_(mine, contacts.c.team.is_(None)) if scope.unassigned else mine)
    return [_event(row) for row in connection.execute(query.order_by(events.c.id).limit(most))]


def last_by_others(connection: Connection, contact_id: int) -> Event | None:
    """The last thing that a person did to a contact."""
    query = _with_reference().where(events.c.contact_id == contact_id)
    wanted = or_(text("events.actor != 'ackbot'"), events.c.kind == "follow-up")
    row = connection.execute(query.where(wanted).order_by(events.c.id.desc()).limit(1)).first()
    return _event(row) if row else None


def alerts(connection: Connection, since: datetime, most: int) -> list[Values]:
    """The alerts queued since then, the newest first: what, to whom, about which contact, and how they stand."""
    columns = [
        deliveries.c[n] for n in ("created_at", "purpose", "step", "recipient", "state", "sent_at", "last_error")
    ]
    query = select(*columns, contacts.c.reference, contacts.c.team, contacts.c.state.label("contact_state"))
    query = query.join_from(deliveries, contacts, deliveries.c.contact_id == contacts.c.id)
    wanted = (_ALERTS, deliveries.c.created_at >= since)
    rows = connection.execute(query.where(*wanted).order_by(deliveries.c.created_at.desc()).limit(most))
    return [dict(row._mapping) for row in rows]


def open_by_team(connection: Connection, scope: Scope) -> list[tuple[str | None, datetime, datetime | None]]:
    """Team, receipt and next date of every open contact that this scope sees."""
    query = select(contacts.c.team, contacts.c.received_at, contacts.c.due_at).where(text("next_look_at IS NOT NULL"))
    return [(row.team, row.received_at, row.due_at) for row in connection.execute(query) if scope.sees(row.team)]


def _with_reference() -> Any:
    columns = (events.c.id, events.c.at, events.c.kind, events.c.actor, events.c.details, contacts.c.reference)
    return select(*columns).select_from(events.outerjoin(contacts, events.c.contact_id == contacts.c.id))


def _event(row: Any) -> Event:
    return Event(row.id, row.at, row.kind, row.actor, json.loads(row.details), row.reference)
