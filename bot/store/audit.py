"""The audit trail of people's actions, the event feed for programs, and alerts with their results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from bot.core.deliveries import Purpose, State
from bot.core.events import EventKind, StoredEvent
from bot.core.roles import Scope
from bot.store import queue
from bot.store.conditions import IS_BY_SOMEBODY, IS_FOR_STAFF, IS_OPEN
from bot.store.queue import within
from bot.store.tables import contacts, deliveries, events

# The most events that one call reads, however few of them the caller may see: as many as fit in the time of a page.
LOOKED_AT = 5_000
# The details of these events name another contact.
_OF_TWO = (
    *(EventKind.LINKED, EventKind.LINK_TAKEN_AWAY),
    *(EventKind.MERGED, EventKind.MERGE_UNDONE, EventKind.SPLIT),
)


@dataclass(frozen=True, slots=True)
class Looking:
    """A reader of the audit trail and the part to read: before a number, of one actor, of one contact.

    A person who sees some teams only gets the actions on their contacts, and their own actions.
    """

    actor: str
    scope: Scope
    before_id: int | None = None
    by: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """One alert: its content, recipient and state, and the state of its contact, if it concerns one."""

    created_at: datetime
    purpose: Purpose
    step: str
    recipient: str
    state: State
    sent_at: datetime | None
    details: Mapping[str, Any]
    reference: str | None
    standard: str | None
    taken_by: str | None
    taken_at: datetime | None
    responded_at: datetime | None
    contact_state: str | None


def trail(connection: Connection, looking: Looking, most: int) -> list[StoredEvent]:
    """Return the actions of people and programs, the newest first."""
    query = _with_reference().where(IS_BY_SOMEBODY).order_by(events.c.id.desc()).limit(most)
    if looking.before_id is not None:
        query = query.where(events.c.id < looking.before_id)
    if looking.by:
        query = query.where(events.c.actor == looking.by)
    if looking.reference:
        contact_id = select(contacts.c.id).where(contacts.c.reference == looking.reference).scalar_subquery()
        query = query.where(events.c.contact_id == contact_id)
    if looking.scope.teams is not None:
        # A refusal belongs to its actor, whether or not the contact exists, which the trail must not reveal either.
        refusals = or_(events.c.contact_id.is_(None), events.c.kind == EventKind.REFUSED)
        own = refusals & (events.c.actor == looking.actor)
        query = query.where(or_(own, events.c.contact_id.is_not(None) & and_(*within(looking.scope))))
    return _visible_events(connection, query, looking.scope)


def stream(connection: Connection, after_id: int, up_to: int, scope: Scope, most: int) -> tuple[list[StoredEvent], int]:
    """Return the events of visible contacts after a number, and the number from which to continue.

    `up_to` comes from `settled`. A limited number of events is read, so a caller who sees few continues like the
    others.
    """
    last = max(after_id, min(up_to, after_id + LOOKED_AT))
    query = _with_reference().where(events.c.id > after_id, events.c.id <= last, events.c.contact_id.is_not(None))
    # A refusal is no event of the contact.
    query = query.where(events.c.kind != EventKind.REFUSED, *within(scope)).order_by(events.c.id).limit(most)
    page_events = _visible_events(connection, query, scope)
    return page_events, page_events[-1].id if len(page_events) == most else last


def _visible_events(connection: Connection, query: Any, scope: Scope) -> list[StoredEvent]:
    rows = connection.execute(query).all()
    visible = [_event(row) if scope.sees(row.team) else replace(_event(row), reference=None) for row in rows]
    return as_seen(connection, visible, scope)


def as_seen(connection: Connection, trail_events: list[StoredEvent], scope: Scope) -> list[StoredEvent]:
    """Return these events without the references of contacts outside this scope."""
    return [_as_seen(connection, event, scope) for event in trail_events]


def _as_seen(connection: Connection, event: StoredEvent, scope: Scope) -> StoredEvent:
    other_reference = event.details.get("with") if event.kind in _OF_TWO else None
    if other_reference is None or scope.teams is None or queue.visible(connection, other_reference, scope) is not None:
        return event
    return replace(event, details={name: value for name, value in event.details.items() if name != "with"})


def last_by_others(connection: Connection, contact_id: int) -> StoredEvent | None:
    """Return the last action of a person on a contact."""
    query = _with_reference().where(events.c.contact_id == contact_id)
    by_others = or_(IS_BY_SOMEBODY, events.c.kind == EventKind.FOLLOW_UP)
    query = query.where(by_others, events.c.kind != EventKind.REFUSED)
    row = connection.execute(query.order_by(events.c.id.desc()).limit(1)).first()
    return _event(row) if row else None


def alerts(connection: Connection, since: datetime, scope: Scope, most: int) -> list[QueuedAlert]:
    """Return the alerts queued since then, the newest first.

    Notices to operators concern no contact: they are visible only to those who see every contact.
    """
    columns = [deliveries.c[n] for n in ("created_at", "purpose", "step", "recipient", "state", "sent_at", "details")]
    columns += [contacts.c[n] for n in ("reference", "standard", "taken_by", "taken_at", "responded_at")]
    query = select(*columns, contacts.c.state.label("contact_state"))
    query = query.join_from(deliveries, contacts, deliveries.c.contact_id == contacts.c.id, isouter=True)
    query = query.where(IS_FOR_STAFF, deliveries.c.created_at >= since)
    if scope.teams is not None:
        query = query.where(deliveries.c.contact_id.is_not(None), *within(scope))
    rows = connection.execute(query.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(most))
    return [_alert(row) for row in rows]


def open_by_team(connection: Connection, scope: Scope) -> list[tuple[str | None, datetime, datetime | None]]:
    """Return team, receipt and next date of every open contact in this scope."""
    query = select(contacts.c.team, contacts.c.received_at, contacts.c.due_at).where(IS_OPEN)
    return [(row.team, row.received_at, row.due_at) for row in connection.execute(query) if scope.sees(row.team)]


def _with_reference() -> Any:
    columns = (*events.c["id", "at", "kind", "actor", "details"], contacts.c.reference, contacts.c.team)
    return select(*columns).select_from(events.outerjoin(contacts, events.c.contact_id == contacts.c.id))


def _alert(row: Any) -> QueuedAlert:
    facts = {"purpose": Purpose(row.purpose), "state": State(row.state), "details": json.loads(row.details)}
    return QueuedAlert(**{**row._mapping, **facts})


def _event(row: Any) -> StoredEvent:
    return StoredEvent(row.id, row.at, row.kind, row.actor, json.loads(row.details), row.reference)
