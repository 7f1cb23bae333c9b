"""What people say of our answers, one row a contact."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from bot.core.contacts import Contact
from bot.core.deliveries import Purpose, State
from bot.core.feedback import Count, Feedback
from bot.core.roles import Scope
from bot.store.conditions import HAS_SENDER, IS_UNREAD
from bot.store.contact_rows import contact_of
from bot.store.queue import within
from bot.store.tables import contacts, deliveries, feedback
from bot.store.upserts import insert

_COLUMNS = [feedback.c[field.name] for field in fields(Feedback)]
_ENDED = (State.CANCELLED, State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What of the feedback is looked at: "" is any. `which` is `unread`, `read`, or "" for both."""

    team: str = ""
    service: str = ""
    answer: str = ""
    which: str = ""
    since: datetime | None = None


def was_asked(connection: Connection, contact: Contact, since: datetime) -> bool:
    """Whether this contact was asked about ever, or its person about any contact since then, or is about to be."""
    questions = select(deliveries.c.id).where(
        deliveries.c.purpose == Purpose.FEEDBACK, deliveries.c.state.not_in(_ENDED)
    )
    of_contact = questions.where(deliveries.c.contact_id == contact.id)
    if connection.execute(of_contact.limit(1)).first() is not None:
        return True
    if contact.sender_key is None:
        return False
    own = select(contacts.c.id).where(HAS_SENDER, contacts.c.sender_key == contact.sender_key)
    of_person = questions.where(deliveries.c.contact_id.in_(own), deliveries.c.created_at >= since)
    return connection.execute(of_person.limit(1)).first() is not None


def note_departures(connection: Connection, pairs: Iterable[tuple[int, datetime]]) -> None:
    """Note when the question of each contact left; the first time counts."""
    for contact_id, at in pairs:
        statement = insert(feedback).values(contact_id=contact_id, asked_at=at)
        first = func.coalesce(feedback.c.asked_at, statement.excluded.asked_at)
        connection.execute(statement.on_conflict_do_update(index_elements=["contact_id"], set_={"asked_at": first}))


def of(connection: Connection, contact_id: int) -> Feedback | None:
    """Return what is stored of one contact."""
    row = connection.execute(select(*_COLUMNS).where(feedback.c.contact_id == contact_id)).first()
    return Feedback(*row) if row else None


def say(connection: Connection, saying: Feedback) -> None:
    """Store what a person said in place of what they said before; nobody has read it."""
    names = ("answered_at", "answer", "satisfaction", "words", "read_at", "read_by", "reopened")
    values = {name: getattr(saying, name) for name in names}
    statement = insert(feedback).values(contact_id=saying.contact_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["contact_id"], set_=values))


def note_reading(connection: Connection, contact_id: int, actor: str, at: datetime) -> bool:
    """Note who has read it; False where it was read already, or nothing was said."""
    condition = (feedback.c.contact_id == contact_id) & (feedback.c.answer != "") & feedback.c.read_at.is_(None)
    return connection.execute(update(feedback).where(condition).values(read_at=at, read_by=actor)).rowcount == 1


def note_reopening(connection: Connection, contact_id: int) -> None:
    """Note that what was said opened the contact again."""
    connection.execute(update(feedback).where(feedback.c.contact_id == contact_id).values(reopened=True))


def forget_words(connection: Connection, ids: Collection[int]) -> None:
    """Remove the words of these contacts' people; the answer stays."""
    connection.execute(update(feedback).where(feedback.c.contact_id.in_(ids)).values(words=""))


def page(
    connection: Connection, criteria: Criteria, scope: Scope, most: int, *, skip: int = 0
) -> list[tuple[Feedback, Contact]]:
    """Return what people have said, the newest first, with their contacts."""
    query = _narrowed(select(*_COLUMNS, contacts), criteria, scope).where(feedback.c.answer != "")
    query = query.order_by(feedback.c.answered_at.desc(), feedback.c.contact_id.desc()).limit(most).offset(skip)
    return [(Feedback(*row[: len(_COLUMNS)]), contact_of(row)) for row in connection.execute(query)]


def after(connection: Connection, scope: Scope, after_id: int, most: int) -> list[tuple[Feedback, Contact]]:
    """Return what people have said in the order of their contacts, beyond this number."""
    query = _narrowed(select(*_COLUMNS, contacts), Criteria(), scope)
    query = query.where(feedback.c.answer != "", feedback.c.contact_id > after_id)
    rows = connection.execute(query.order_by(feedback.c.contact_id).limit(most))
    return [(Feedback(*row[: len(_COLUMNS)]), contact_of(row)) for row in rows]


def counts(connection: Connection, criteria: Criteria, scope: Scope) -> list[Count]:
    """Return how many said what; who was asked and said nothing has "" as answer."""
    is_asked = feedback.c.asked_at.is_not(None)
    columns = (feedback.c.answer, feedback.c.satisfaction, is_asked)
    query: Select[Any] = _narrowed(select(*columns, func.count()), criteria, scope)
    return [Count(row[0], row[1], bool(row[2]), row[3]) for row in connection.execute(query.group_by(*columns))]


def unread(connection: Connection) -> dict[str, int]:
    """Return how many said what that nobody has read yet, for the metrics."""
    query = select(feedback.c.answer, func.count()).where(IS_UNREAD).group_by(feedback.c.answer)
    return {row[0]: row[1] for row in connection.execute(query)}


def _narrowed(query: Select[Any], criteria: Criteria, scope: Scope) -> Select[Any]:
    """The rows of these criteria whose contacts this scope sees."""
    query = query.join_from(feedback, contacts, contacts.c.id == feedback.c.contact_id).where(*within(scope))
    for column, value in ((contacts.c.team, criteria.team), (contacts.c.service, criteria.service)):
        query = query.where(column == value) if value else query
    if criteria.answer:
        query = query.where(feedback.c.answer == criteria.answer)
    if criteria.which:
        is_unread = feedback.c.read_at.is_(None)
        query = query.where(is_unread if criteria.which == "unread" else ~is_unread)
    if criteria.since is not None:
        query = query.where(func.coalesce(feedback.c.answered_at, feedback.c.asked_at) >= criteria.since)
    return query
