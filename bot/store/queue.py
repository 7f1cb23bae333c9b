"""The queue as staff look at it: what falls due next comes first; lists of other contacts begin with the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, text

from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.store import links, words
from bot.store.tables import contacts, deliveries

# In the very words of the indexes.
_OPEN = text("next_look_at IS NOT NULL")
_SUPPRESSED = text("outcome IN ('log', 'ask')")
_URGENT = text("urgent != ''")
_RETURNED = text("state IN ('permanent-failure', 'technical-failure')")

NO_TEAM = "-"  # no team can be called so
WHICH = ("", "urgent", "late", "unassigned", "paused", "suppressed", "undeliverable")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; "" leaves a filter out. `which` is one of WHICH, `state` one of the states or "any".

    `team` may be NO_TEAM. The instants are aware: received at or after the one, before the other.
    """

    state: str = "open"
    which: str = ""
    team: str = ""
    owner: str = ""
    service: str = ""
    area: str = ""
    channel: str = ""
    words: str = ""
    received_from: datetime | None = None
    received_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some contacts, and whether there are more."""

    contacts: tuple[Contact, ...]
    more: bool


def page(connection: Connection, wanted: Wanted, scope: Scope, now: Any, *, most: int, skip: int = 0) -> Page:
    """One page of a list. `now` is an aware instant."""
    conditions = [*_filters(wanted), *_which(wanted.which, now), *_within(scope)]
    if wanted.words:
        conditions.append(contacts.c.id.in_(words.find(connection, wanted.words)))
    state = wanted.state
    by_date = state == State.OPEN and not wanted.words
    if state == State.OPEN:
        conditions.append(_OPEN)
    elif state != "any":
        conditions += [text("next_look_at IS NULL"), contacts.c.state == state]
    query = select(contacts).where(and_(*conditions)) if conditions else select(contacts)
    order: tuple[Any, ...] = (
        (contacts.c.due_at.asc().nulls_last(), contacts.c.id) if by_date else (contacts.c.id.desc(),)
    )
    if wanted.which == "suppressed" and not wanted.words:
        order = (contacts.c.received_at.desc(),)  # as their index has them
    if wanted.words and state == "any":
        order = (contacts.c.next_look_at.is_(None), *order)
    rows = connection.execute(query.order_by(*order).limit(most + 1).offset(skip)).all()
    return Page(tuple(Contact(**row._mapping) for row in rows[:most]), len(rows) > most)


def after(connection: Connection, wanted: Wanted, scope: Scope, now: Any, *, after_id: int, most: int) -> Page:
    """The next contacts in the order of their logging, for programs."""
    conditions: list[Any] = [contacts.c.id > after_id, *_filters(wanted), *_within(scope)]
    if wanted.state != "any":
        conditions.append(_OPEN if wanted.state == State.OPEN else contacts.c.state == wanted.state)
    conditions += _which(wanted.which, now)
    if wanted.words:
        conditions.append(contacts.c.id.in_(words.find(connection, wanted.words)))
    rows = connection.execute(select(contacts).where(*conditions).order_by(contacts.c.id).limit(most + 1)).all()
    return Page(tuple(Contact(**row._mapping) for row in rows[:most]), len(rows) > most)


def visible(connection: Connection, reference: str, scope: Scope) -> Contact | None:
    """The contact of that reference, if this scope sees it."""
    row = connection.execute(select(contacts).where(contacts.c.reference == reference)).first()
    found = Contact(**row._mapping) if row else None
    return found if found is not None and scope.sees(found.team) else None


def of_person(connection: Connection, contact: Contact, scope: Scope, most: int) -> list[Contact]:
    """Other contacts of the same address, and those that are linked with this one, the newest first."""
    linked = [contacts.c.linked_to == contact.id, contacts.c.id.in_(links.of(connection, contact.id))]
    linked += [contacts.c.id == contact.linked_to] if contact.linked_to else []
    found: dict[int, Contact] = {}
    of_address = contacts.c.sender_key == contact.sender_key
    by_receipt = text("outcome = 'acknowledge' AND receipt_of IS NULL")
    groups = [and_(of_address, by_receipt), and_(of_address, _OPEN)] if contact.sender_key else []
    for condition in (*linked, *groups):
        query = select(contacts).where(condition, *_within(scope)).order_by(contacts.c.received_at.desc()).limit(most)
        found |= {row.id: Contact(**row._mapping) for row in connection.execute(query)}
    found.pop(contact.id, None)
    return sorted(found.values(), key=lambda one: one.id, reverse=True)[:most]


def errors(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Why what was sent last to these contacts, and came back, was not delivered."""
    columns = (deliveries.c.contact_id, deliveries.c.last_error)
    query = select(*columns).where(deliveries.c.contact_id.in_(ids), _RETURNED).order_by(deliveries.c.id)
    return {row.contact_id: row.last_error for row in connection.execute(query)} if ids else {}


def _filters(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    asked = {name: getattr(wanted, name) for name in ("team", "owner", "service", "area", "channel")}
    at = contacts.c.received_at
    found = [contacts.c[name] == value for name, value in asked.items() if value and (name, value) != ("team", NO_TEAM)]
    found += [contacts.c.team.is_(None)] if wanted.team == NO_TEAM else []
    found += [at >= wanted.received_from] if wanted.received_from else []
    return [*found, at < wanted.received_before] if wanted.received_before else found


def _which(which: str, now: Any) -> Sequence[Any]:
    returned = select(deliveries.c.contact_id).where(_RETURNED, deliveries.c.contact_id.is_not(None))
    conditions: dict[str, Any] = {
        "urgent": _URGENT,
        "late": contacts.c.due_at < now,
        "unassigned": contacts.c.assigned_at.is_(None),
        "paused": contacts.c.paused_at.is_not(None),
        "suppressed": _SUPPRESSED,
        "undeliverable": contacts.c.id.in_(returned),
    }
    return [conditions[which]] if which else []


def _within(scope: Scope) -> Sequence[ColumnElement[bool]]:
    if scope.teams is None:
        return []
    mine: ColumnElement[bool] = contacts.c.team.in_(sorted(scope.teams))
    return [or_(mine, contacts.c.team.is_(None)) if scope.unassigned else mine]
