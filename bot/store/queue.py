"""The queue of contacts: those that fall due next come first; lists of other contacts begin with the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, tuple_, union_all

from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.store import format_tasks, words
from bot.store.conditions import (
    HAS_NEEDS,
    HAS_NO_RECEIPT,
    IS_FINISHED,
    IS_HELD,
    IS_OPEN,
    IS_UNDELIVERED,
    IS_URGENT,
)
from bot.store.contact_rows import contact_of
from bot.store.listing import in_state
from bot.store.tables import contacts, deliveries

NO_TEAM = "-"  # no team can be called so
WHICH = ("", "urgent", "late", "unassigned", "paused", "suppressed", "undeliverable", "needs", "formats")
# Lists with an index of their own.
_OF_FEW = ("suppressed", "undeliverable", "urgent", "needs", "formats")


@dataclass(frozen=True, slots=True)
class Criteria:
    """Criteria of a search; "" leaves a filter out. `which` is one of WHICH, `state` one of the states or "any".

    `team` may be NO_TEAM, `language` is that of a wish. The instants are aware: received at or after the first, before
    the second.
    """

    state: str = "open"
    which: str = ""
    team: str = ""
    owner: str = ""
    service: str = ""
    area: str = ""
    channel: str = ""
    words: str = ""
    language: str = ""
    received_from: datetime | None = None
    received_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some contacts, and whether there are more; `cut`: for common words only the newest messages were searched."""

    contacts: tuple[Contact, ...]
    more: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands, or stood, in a list: by what the lists are sorted."""

    id: int
    received_at: datetime
    due_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The next contacts for a program, and the cursor of those that follow; None at the end."""

    contacts: tuple[Contact, ...]
    next_cursor: int | None


def page(connection: Connection, criteria: Criteria, scope: Scope, now: Any, *, most: int, skip: int = 0) -> Page:
    """Return one page of a list. `now` is an aware instant."""
    conditions: list[Any] = [*_conditions(criteria), *_list_conditions(criteria.which, now), *within(scope)]
    hits = words.hits(connection, criteria.words) if criteria.words else None
    if criteria.words:
        conditions.append(contacts.c.id.in_(select(hits.c.contact_id)) if hits is not None else false())
    conditions += in_state(criteria.state)
    if teams := _teams(criteria, scope, criteria.state):
        conditions.append(_of_teams(teams, criteria.state, conditions, contacts.c.id.desc(), skip + most + 1))
    query = select(contacts).where(*conditions).order_by(*_page_order(criteria))
    rows = connection.execute(query.limit(most + 1).offset(skip)).all()
    more = len(rows) > most
    cut = hits is not None and not more and words.last_looked_at(connection, hits) is not None
    return Page(tuple(contact_of(row) for row in rows[:most]), more, cut)


def next_of(connection: Connection, criteria: Criteria, scope: Scope, now: Any, place: Place) -> str | None:
    """Return the reference of the contact that comes next after that place in the list as it stands now."""
    conditions: list[Any] = [*_conditions(criteria), *_list_conditions(criteria.which, now), *within(scope)]
    conditions += in_state(criteria.state)
    if criteria.words:
        hits = words.hits(connection, criteria.words)
        conditions.append(contacts.c.id.in_(select(hits.c.contact_id)) if hits is not None else false())
    teams = _teams(criteria, scope, criteria.state)
    for behind in _behind(criteria, place):
        further = [*conditions, behind, contacts.c.id != place.id]
        if teams:
            further.append(_of_teams(teams, criteria.state, further, contacts.c.id.desc(), 1))
        query = select(contacts.c.reference).where(*further).order_by(*_page_order(criteria)).limit(1)
        if reference := connection.execute(query).scalar():
            return str(reference)
    return None


def _behind(criteria: Criteria, place: Place) -> Sequence[Any]:
    """Return the conditions that a contact comes after that place, each for one run of the list, in their order."""
    if criteria.which == "suppressed" and not criteria.words:
        return [tuple_(contacts.c.received_at, contacts.c.id) < tuple_(place.received_at, place.id)]
    is_older = contacts.c.id < place.id
    if criteria.state == State.OPEN and not criteria.words:
        undated = contacts.c.due_at.is_(None)
        if place.due_at is None:
            return [and_(undated, contacts.c.id > place.id)]
        # As a row, because both databases find where to begin in the index by it; rows without a date are not in it.
        return [tuple_(contacts.c.due_at, contacts.c.id) > tuple_(place.due_at, place.id), undated]
    if criteria.state == "any" and criteria.words and place.is_open:
        return [and_(IS_OPEN, is_older), IS_FINISHED]
    return [and_(IS_FINISHED, is_older) if criteria.state == "any" and criteria.words else is_older]


def _page_order(criteria: Criteria) -> tuple[Any, ...]:
    newest_first = contacts.c.id.desc()
    if criteria.words:
        return (contacts.c.next_look_at.is_(None), newest_first) if criteria.state == "any" else (newest_first,)
    if criteria.which == "suppressed":
        return (contacts.c.received_at.desc(), newest_first)  # the order of their index
    return (contacts.c.due_at.asc().nulls_last(), contacts.c.id) if criteria.state == State.OPEN else (newest_first,)


def after(connection: Connection, criteria: Criteria, scope: Scope, now: Any, *, cursor: int, most: int) -> Part:
    """Return the next contacts for programs, in the order of logging, or with words in that of matching messages.

    With words, a part may have few contacts or none though others follow, and a contact may come again for another
    message.
    """
    conditions: list[Any] = [*_conditions(criteria), *_list_conditions(criteria.which, now), *within(scope)]
    conditions += in_state(criteria.state)
    if criteria.words:
        return _with_words(connection, criteria.words, conditions, cursor, most)
    conditions.append(contacts.c.id > cursor)
    if teams := _teams(criteria, scope, criteria.state):
        conditions.append(_of_teams(teams, criteria.state, conditions, contacts.c.id.asc(), most + 1))
    query = select(contacts).where(*conditions).order_by(contacts.c.id)
    page_contacts = [contact_of(row) for row in connection.execute(query.limit(most + 1))]
    return Part(tuple(page_contacts[:most]), page_contacts[most - 1].id if len(page_contacts) > most else None)


def _with_words(connection: Connection, search_words: str, conditions: list[Any], cursor: int, most: int) -> Part:
    hits = words.hits(connection, search_words, after=cursor)
    if hits is None:
        return Part((), None)
    first = func.min(hits.c.message_id).label("first_message")
    query = select(first, contacts).join_from(hits, contacts, contacts.c.id == hits.c.contact_id).where(*conditions)
    rows = connection.execute(query.group_by(contacts.c.id).order_by(first).limit(most + 1)).all()
    next_cursor = rows[most - 1].first_message if len(rows) > most else words.last_looked_at(connection, hits)
    return Part(tuple(contact_of(row) for row in rows[:most]), next_cursor)


def visible(connection: Connection, reference: str, scope: Scope) -> Contact | None:
    """Return the contact with that reference, if it is in this scope."""
    row = connection.execute(select(contacts).where(contacts.c.reference == reference)).first()
    contact = contact_of(row) if row else None
    return contact if contact is not None and scope.sees(contact.team) else None


def count_held(connection: Connection, scope: Scope) -> int:
    """Return the number of contacts in this scope with a message that is held back."""
    contact_ids = select(deliveries.c.contact_id).where(IS_HELD, deliveries.c.contact_id.is_not(None))
    query = select(func.count()).select_from(contacts).where(contacts.c.id.in_(contact_ids), *within(scope))
    return connection.execute(query).scalar_one()


def _teams(criteria: Criteria, scope: Scope, state: str) -> list[str | None]:
    """Return the teams by which a list of finished contacts is searched; none if it is searched another way."""
    if state == State.OPEN or criteria.words or criteria.which in _OF_FEW:
        return []
    if criteria.team:
        return [criteria.team]
    return [] if scope.teams is None else [*sorted(scope.teams), *([None] if scope.unassigned else [])]


def _of_teams(teams: Sequence[str | None], state: str, conditions: Sequence[Any], order: Any, most: int) -> Any:
    """Return the condition that a contact is among the first of a team and state, each read in order from their index.

    With one common query the database would read all contacts of a large team, or all of all teams to find a small
    one's.
    """
    states = [in_state(single_state) for single_state in (State if state == "any" else (state,))]
    firsts = (
        select(contacts.c.id).where(contacts.c.team == team, *of_state, *conditions).order_by(order).limit(most)
        for team in teams
        for of_state in states
    )
    return contacts.c.id.in_(union_all(*(select(first.subquery("firsts").c.id) for first in firsts)))


def _conditions(criteria: Criteria) -> Sequence[ColumnElement[bool]]:
    values = {name: getattr(criteria, name) for name in ("team", "service", "area", "channel")}
    at = contacts.c.received_at
    conditions = [
        contacts.c[name] == value for name, value in values.items() if value and (name, value) != ("team", NO_TEAM)
    ]
    # An address is the same in capitals; it is stored in lower case, but was not always.
    conditions += [contacts.c.owner.in_(sorted({criteria.owner, criteria.owner.lower()}))] if criteria.owner else []
    conditions += [contacts.c.team.is_(None)] if criteria.team == NO_TEAM else []
    conditions += [contacts.c.wished_language == criteria.language, HAS_NEEDS] if criteria.language else []
    conditions += [at >= criteria.received_from] if criteria.received_from else []
    return [*conditions, at < criteria.received_before] if criteria.received_before else conditions


def _list_conditions(list_name: str, now: Any) -> Sequence[Any]:
    undelivered = select(deliveries.c.contact_id).where(IS_UNDELIVERED, deliveries.c.contact_id.is_not(None))
    conditions: dict[str, Any] = {
        "urgent": IS_URGENT,
        "late": contacts.c.due_at < now,
        "unassigned": contacts.c.assigned_at.is_(None),
        "paused": contacts.c.paused_at.is_not(None),
        "suppressed": HAS_NO_RECEIPT,
        "undeliverable": contacts.c.id.in_(undelivered),
        "needs": HAS_NEEDS,
        "formats": contacts.c.id.in_(format_tasks.waiting_contacts()),
    }
    return [conditions[list_name]] if list_name else []


def within(scope: Scope) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a contact is in this scope."""
    if scope.teams is None:
        return []
    own_teams: ColumnElement[bool] = contacts.c.team.in_(sorted(scope.teams))
    return [or_(own_teams, contacts.c.team.is_(None)) if scope.unassigned else own_teams]
