"""What staff have to make of messages that left: braille, a recording, a translation."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from bot.core.contacts import Contact
from bot.core.roles import Scope
from bot.store.conditions import IS_TO_MAKE
from bot.store.contact_rows import contact_of
from bot.store.tables import contacts, format_tasks
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class FormatTask:
    """One message to be made into formats (`core.needs`, as a column has them), and into a language ("" for none)."""

    delivery_id: int
    contact_id: int
    need_codes: str
    language: str
    created_at: datetime
    made_at: datetime | None = None
    made_by: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has yet to make it."""
        return self.made_at is None and bool(self.need_codes or self.language)


_COLUMNS = tuple(format_tasks.c[name] for name in FormatTask.__dataclass_fields__)


def add(connection: Connection, task: FormatTask) -> bool:
    """Store a task; False where there is one of that message already."""
    row = {name: getattr(task, name) for name in FormatTask.__dataclass_fields__}
    statement = insert(format_tasks).values(row).on_conflict_do_nothing(index_elements=["delivery_id"])
    return connection.execute(statement.returning(format_tasks.c.delivery_id)).first() is not None


def make(connection: Connection, delivery_id: int, at: datetime, by: str) -> bool:
    """Note that it is made; False where it was before, or there is no such task."""
    is_open = (format_tasks.c.delivery_id == delivery_id) & IS_TO_MAKE
    return connection.execute(update(format_tasks).where(is_open).values(made_at=at, made_by=by)).rowcount == 1


def of_contacts(connection: Connection, contact_ids: Iterable[int]) -> list[FormatTask]:
    """Return every task of these contacts, the oldest first."""
    query = select(*_COLUMNS).where(format_tasks.c.contact_id.in_(sorted(contact_ids)))
    return [FormatTask(*row) for row in connection.execute(query.order_by(format_tasks.c.delivery_id))]


def waiting_among(connection: Connection, contact_ids: Collection[int]) -> set[int]:
    """Return those of these contacts with something to be made."""
    query = select(format_tasks.c.contact_id).where(format_tasks.c.contact_id.in_(sorted(contact_ids)), IS_TO_MAKE)
    return set(connection.execute(query).scalars())


def waiting(connection: Connection, scope: Scope) -> list[tuple[Contact, FormatTask]]:
    """Return what is to be made of contacts in this scope, the oldest first, each with its contact."""
    with_tasks = select(contacts).where(contacts.c.id.in_(waiting_contacts()))
    visible = (contact_of(row) for row in connection.execute(with_tasks))
    contacts_by_id = {contact.id: contact for contact in visible if scope.sees(contact.team)}
    tasks = of_contacts(connection, contacts_by_id)
    return [(contacts_by_id[task.contact_id], task) for task in tasks if task.is_waiting]


def waiting_count(connection: Connection) -> int:
    """Return how many messages are to be made into a format or a language."""
    return connection.execute(select(func.count()).select_from(format_tasks).where(IS_TO_MAKE)).scalar_one()


def waiting_contacts() -> Any:
    """Return the query of the contacts with something to be made."""
    return select(format_tasks.c.contact_id).where(IS_TO_MAKE)


def forget(connection: Connection, contact_ids: Iterable[int]) -> None:
    """Take out of the tasks of these contacts what they say of the person, whose messages are gone."""
    of_contacts = format_tasks.c.contact_id.in_(sorted(contact_ids))
    connection.execute(update(format_tasks).where(of_contacts).values(need_codes="", language=""))
