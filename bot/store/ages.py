"""The age of what is kept, counted from the last activity. The events are the truth, the column is a bound for them.

`last_activity_at` is found out when a contact seems old enough to be forgotten, and not before: nothing that writes has
to think of it, and the cost of a night follows what may be due.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, union_all, update

from bot.core.retention import ACTIVITY, Category, Retention
from bot.store.conditions import MAY_BE_FORGOTTEN
from bot.store.tables import contacts, events

_CATEGORY = contacts.c["kind", "channel", "visibility"]
_CATEGORIES = select(*_CATEGORY).where(MAY_BE_FORGOTTEN).order_by(*_CATEGORY).limit(1)
# What was merged stays as long as the contact that goes on: so long later it is asked again whether that is there.
_LOOK_AGAIN_AFTER = timedelta(days=7)
_BOUND = update(contacts).where(contacts.c.id == bindparam("chosen")).values(last_activity_at=bindparam("at"))


@dataclass(frozen=True, slots=True)
class Aged:
    """A finished contact that seems old enough, and when something last happened in it."""

    id: int
    category: Category
    last_activity_at: datetime


def old(connection: Connection, keep: Retention, now: datetime, most: int) -> list[Aged]:
    """Return finished contacts under no legal hold that were over their time when last looked at, or never were."""
    ages: list[Aged] = []
    for category in _categories(connection):
        ages += old_of(connection, category, keep, now, most - len(ages))
        if len(ages) >= most:
            break
    return ages


def _categories(connection: Connection) -> Iterator[Category]:
    """Yield each category that has a contact to be forgotten one day; a step in the index each, however many it has."""
    row = connection.execute(_CATEGORIES).first()
    while row is not None:
        category = Category(*row)
        yield category
        row = _next(connection, category)


def _next(connection: Connection, category: Category) -> Any:
    """Return the next category in order: the first with more of the last column, or of one before it.

    One comparison of all three would say the same, and SQLite would read every contact of the category for it.
    """
    pairs = list(zip(_CATEGORY, category, strict=True))
    for place in reversed(range(len(pairs))):
        column, value = pairs[place]
        same = [other == other_value for other, other_value in pairs[:place]]
        if row := connection.execute(_CATEGORIES.where(*same, column > value)).first():
            return row
    return None


def old_of(connection: Connection, category: Category, keep: Retention, now: datetime, most: int) -> list[Aged]:
    """Return the same of one category."""
    before, promised_before = now - keep.span(category), keep.promise_over_before(now)
    of_category = select(contacts.c.id, contacts.c.received_at, contacts.c.merged_into).where(
        MAY_BE_FORGOTTEN,
        *(column == value for column, value in zip(_CATEGORY, category, strict=True)),
        *(or_(date.is_(None), date < promised_before) for date in (contacts.c.acknowledge_by, contacts.c.respond_by)),
    )
    never_examined = of_category.where(contacts.c.last_activity_at.is_(None), contacts.c.received_at < before)
    examined = of_category.where(contacts.c.last_activity_at < before)
    rows = connection.execute(union_all(never_examined, examined).limit(most)).all()
    active = _last_activities(connection, [row.id for row in rows])
    active |= dict.fromkeys(_gone_on_with(connection, rows), before + _LOOK_AGAIN_AFTER)
    return [Aged(row.id, category, max(row.received_at, active.get(row.id, row.received_at))) for row in rows]


def _gone_on_with(connection: Connection, rows: Sequence[Any]) -> list[int]:
    """Return those of these contacts whose words are still read in the one that they were merged into."""
    into = {row.id: row.merged_into for row in rows if row.merged_into is not None}
    if not into:
        return []
    query = select(contacts.c.id).where(contacts.c.id.in_(sorted(set(into.values()))), ~contacts.c.forgotten)
    with_words = set(connection.execute(query).scalars())
    return [number for number, survivor in into.items() if survivor in with_words]


def _last_activities(connection: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """Return when something last happened in these contacts, or was recorded, where that was later."""
    query = select(events.c.contact_id, events.c.at, events.c.details)
    query = query.where(events.c.contact_id.in_(ids), events.c.kind.in_(sorted(ACTIVITY)))
    last: dict[int, datetime] = {}
    for row in connection.execute(query):
        at = max(row.at, _recorded_at(json.loads(row.details), row.at))
        last[row.contact_id] = max(at, last.get(row.contact_id, at))
    return last


def _recorded_at(details: Mapping[str, Any], at: datetime) -> datetime:
    recorded_at = details.get("recorded_at")
    return datetime.fromisoformat(recorded_at) if isinstance(recorded_at, str) else at


def note(connection: Connection, ages: Sequence[Aged]) -> None:
    """Store when something last happened in these contacts: they are looked at again when that is long enough ago."""
    if ages:
        values = [{"chosen": age.id, "at": age.last_activity_at} for age in ages]
        connection.execute(_BOUND, values)
