"""What was said in public and owes no receipt: what waits for a look, and who has looked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.store.conditions import IS_UNLOOKED_AT
from bot.store.contact_rows import contact_of
from bot.store.queue import within
from bot.store.tables import contacts, messages, public_posts
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class PublicPost:
    """One that waits: its contact, until when somebody is to look at it, and its latest words with their fields."""

    contact: Contact
    look_by: datetime
    text: str
    fields: str


def add(connection: Connection, looks: Mapping[int, datetime]) -> None:
    """Let these contacts wait for a look, each until its instant; one that waits already keeps its own."""
    rows = [{"contact_id": number, "look_by": look_by} for number, look_by in looks.items()]
    statement = insert(public_posts)
    anew = {"looked_at": None, "look_by": statement.excluded.look_by}
    looked = public_posts.c.looked_at.is_not(None)
    connection.execute(statement.on_conflict_do_update(index_elements=["contact_id"], set_=anew, where=looked), rows)


def look(connection: Connection, contact_id: int, now: datetime) -> bool:
    """Note that somebody has looked; False where nothing waited."""
    statement = update(public_posts).where(public_posts.c.contact_id == contact_id, IS_UNLOOKED_AT)
    return connection.execute(statement.values(looked_at=now)).rowcount == 1


def waiting(connection: Connection, scope: Scope, most: int) -> list[PublicPost]:
    """Return those that wait, the next due first, at most so many."""
    all_words = messages.alias()
    latest = select(func.max(all_words.c.id)).where(all_words.c.contact_id == contacts.c.id).scalar_subquery()
    columns = (public_posts.c.look_by, messages.c.text, messages.c.fields, contacts)
    query = _waiting(select(*columns), scope).join(messages, messages.c.id == latest)
    rows = connection.execute(query.order_by(public_posts.c.look_by, contacts.c.id).limit(most)).all()
    return [PublicPost(contact_of(row[3:]), row.look_by, row.text, row.fields) for row in rows]


def count(connection: Connection, scope: Scope) -> int:
    """Return how many wait."""
    return int(connection.execute(_waiting(select(func.count()), scope)).scalar_one())


def late_by_team(connection: Connection, now: datetime) -> dict[str | None, int]:
    """Return for how many the time to look is over, by team."""
    query = _waiting(select(contacts.c.team, func.count()), Scope()).where(public_posts.c.look_by < now)
    return {row[0]: row[1] for row in connection.execute(query.group_by(contacts.c.team))}


def next_look(connection: Connection) -> datetime | None:
    """Return until when the one is to be looked at that is due next."""
    return connection.execute(_waiting(select(func.min(public_posts.c.look_by)), Scope())).scalar()


def _waiting(query: Select[Any], scope: Scope) -> Select[Any]:
    """Of those that are still only logged: what became a contact with a promise has clocks of its own."""
    joined = query.select_from(public_posts.join(contacts, contacts.c.id == public_posts.c.contact_id))
    is_there = contacts.c.state == State.LOGGED, contacts.c.forgotten.is_(False), contacts.c.merged_into.is_(None)
    return joined.where(IS_UNLOOKED_AT, *is_there, *within(scope))
