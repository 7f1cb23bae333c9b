"""The queue as staff look at it: what falls due next comes first; lists of other contacts begin with the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, union_all

from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.store import links, words
from bot.store.conditions import HAS_NO_RECEIPT, IS_CLOSED, IS_FINISHED, IS_HELD, IS_OPEN, IS_UNDELIVERED, IS_URGENT
from bot.store.contacts import contact_of
from bot.store.tables import contacts, deliveries

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
    """Some contacts, and whether there are more; `cut`: of so common words only the newest messages were looked at."""

    contacts: tuple[Contact, ...]
    more: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The next contacts for a program, and the cursor of those that follow; None at the end."""

    contacts: tuple[Contact, ...]
    following: int | None


def page(connection: Connection, wanted: Wanted, scope: Scope, now: Any, *, most: int, skip: int = 0) -> Page:
    """One page of a list. `now` is an aware instant."""
    conditions = [*_filters(wanted), *_which(wanted.which, now), *within(scope)]
    hits = words.hits(connection, wanted.words) if wanted.words else None
    if wanted.words:
        conditions.append(contacts.c.id.in_(select(hits.c.contact_id)) if hits is not None else false())
    state = wanted.state
    by_date = state == State.OPEN and not wanted.words
    conditions += _in_state(state)
    if teams := _teams(wanted, scope, state):
        conditions.append(_of_teams(teams, state, conditions, contacts.c.id.desc(), skip + most + 1))
    query = select(contacts).where(and_(*conditions)) if conditions else select(contacts)
    order: tuple[Any, ...] = (
        (contacts.c.due_at.asc().nulls_last(), contacts.c.id) if by_date else (contacts.c.id.desc(),)
    )
    if wanted.which == "suppressed" and not wanted.words:
        order = (contacts.c.received_at.desc(),)  # as their index has them
    if wanted.words and state == "any":
        order = (contacts.c.next_look_at.is_(None), *order)
    rows = connection.execute(query.order_by(*order).limit(most + 1).offset(skip)).all()
    more = len(rows) > most
    cut = hits is not None and not more and words.last_looked_at(connection, hits) is not None
    return Page(tuple(contact_of(row) for row in rows[:most]), more, cut)


def after(connection: Connection, wanted: Wanted, scope: Scope, now: Any, *, cursor: int, most: int) -> Part:
    """The next contacts in the order of their logging, for programs; with words in that of the messages that hold them.

    Then a part may hold few contacts or none though others follow, and a contact may come again with another message.
    """
    conditions: list[Any] = [*_filters(wanted), *_which(wanted.which, now), *within(scope), *_in_state(wanted.state)]
    if wanted.words:
        return _holding(connection, wanted.words, conditions, cursor, most)
    conditions.append(contacts.c.id > cursor)
    if teams := _teams(wanted, scope, wanted.state):
        conditions.append(_of_teams(teams, wanted.state, conditions, contacts.c.id.asc(), most + 1))
    query = select(contacts).where(*conditions).order_by(contacts.c.id)
    found = [contact_of(row) for row in connection.execute(query.limit(most + 1))]
    return Part(tuple(found[:most]), found[most - 1].id if len(found) > most else None)


def _holding(connection: Connection, wanted: str, conditions: list[Any], cursor: int, most: int) -> Part:
    hits = words.hits(connection, wanted, after=cursor)
    if hits is None:
        return Part((), None)
    first = func.min(hits.c.message_id).label("first_message")
    query = select(first, contacts).join_from(hits, contacts, contacts.c.id == hits.c.contact_id).where(*conditions)
    rows = connection.execute(query.group_by(contacts.c.id).order_by(first).limit(most + 1)).all()
    following = rows[most - 1].first_message if len(rows) > most else words.last_looked_at(connection, hits)
    return Part(tuple(contact_of(row) for row in rows[:most]), following)


def visible(connection: Connection, reference: str, scope: Scope) -> Contact | None:
    """The contact of that reference, if this scope sees it."""
    row = connection.execute(select(contacts).where(contacts.c.reference == reference)).first()
    found = contact_of(row) if row else None
    return found if found is not None and scope.sees(found.team) else None


def held(connection: Connection, scope: Scope) -> int:
    """How many contacts of this scope have something that is held back."""
    waiting = select(deliveries.c.contact_id).where(IS_HELD, deliveries.c.contact_id.is_not(None))
    query = select(func.count()).select_from(contacts).where(contacts.c.id.in_(waiting), *within(scope))
    return connection.execute(query).scalar_one()


def of_person(connection: Connection, contact: Contact, scope: Scope, most: int) -> list[Contact]:
    """Other contacts of the same address, and those that are linked with this one, the newest first."""
    linked = [contacts.c.linked_to == contact.id, contacts.c.id.in_(links.of(connection, contact.id))]
    linked += [contacts.c.id == contact.linked_to] if contact.linked_to else []
    found: dict[int, Contact] = {}
    of_address = [contacts.c.sender_key == contact.sender_key] if contact.sender_key else []
    for condition in (*linked, *of_address):
        query = select(contacts).where(condition, *within(scope)).order_by(contacts.c.id.desc()).limit(most)
        found |= {row.id: contact_of(row) for row in connection.execute(query)}
    found.pop(contact.id, None)
    return sorted(found.values(), key=lambda one: one.id, reverse=True)[:most]


def errors(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Why what was sent last to these contacts, and came back, was not delivered."""
    columns = (deliveries.c.contact_id, deliveries.c.last_error)
    query = select(*columns).where(deliveries.c.contact_id.in_(ids), IS_UNDELIVERED).order_by(deliveries.c.id)
    return {row.contact_id: row.last_error for row in connection.execute(query)} if ids else {}


def _in_state(state: str) -> list[Any]:
    match state:
        case "any":
            return []
        case State.OPEN:
            return [IS_OPEN]
        case State.CLOSED:
            return [IS_FINISHED, IS_CLOSED]
        case _:
            return [IS_FINISHED, contacts.c.state == state]


def _teams(wanted: Wanted, scope: Scope, state: str) -> list[str | None]:
    """The teams by which a list of finished contacts is found; none: it is found another way."""
    if state == State.OPEN or wanted.words or wanted.which in ("suppressed", "undeliverable", "urgent"):
        return []
    if wanted.team:
        return [wanted.team]
    return [] if scope.teams is None else [*sorted(scope.teams), *([None] if scope.unassigned else [])]


def _of_teams(teams: Sequence[str | None], state: str, conditions: Sequence[Any], order: Any, most: int) -> Any:
    """The condition that a contact is among the first of a team and state, each found in order by the index of both.

    Asked for together the database would read all of a large team, or everything to find the few of a small one.
    """
    states = [_in_state(one) for one in (State if state == "any" else (state,))]
    firsts = (
        select(contacts.c.id).where(contacts.c.team == team, *of_state, *conditions).order_by(order).limit(most)
        for team in teams
        for of_state in states
    )
    return contacts.c.id.in_(union_all(*(select(first.subquery("firsts").c.id) for first in firsts)))


def _filters(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    asked = {name: getattr(wanted, name) for name in ("team", "service", "area", "channel")}
    at = contacts.c.received_at
    found = [contacts.c[name] == value for name, value in asked.items() if value and (name, value) != ("team", NO_TEAM)]
    # An address is the same in capitals; it is kept in small letters, but was not always.
    found += [contacts.c.owner.in_(sorted({wanted.owner, wanted.owner.lower()}))] if wanted.owner else []
    found += [contacts.c.team.is_(None)] if wanted.team == NO_TEAM else []
    found += [at >= wanted.received_from] if wanted.received_from else []
    return [*found, at < wanted.received_before] if wanted.received_before else found


def _which(which: str, now: Any) -> Sequence[Any]:
    returned = select(deliveries.c.contact_id).where(IS_UNDELIVERED, deliveries.c.contact_id.is_not(None))
    conditions: dict[str, Any] = {
        "urgent": IS_URGENT,
        "late": contacts.c.due_at < now,
        "unassigned": contacts.c.assigned_at.is_(None),
        "paused": contacts.c.paused_at.is_not(None),
        "suppressed": HAS_NO_RECEIPT,
        "undeliverable": contacts.c.id.in_(returned),
    }
    return [conditions[which]] if which else []


def within(scope: Scope) -> Sequence[ColumnElement[bool]]:
    """The conditions that a contact is seen by this scope."""
    if scope.teams is None:
        return []
    mine: ColumnElement[bool] = contacts.c.team.in_(sorted(scope.teams))
    return [or_(mine, contacts.c.team.is_(None)) if scope.unassigned else mine]
