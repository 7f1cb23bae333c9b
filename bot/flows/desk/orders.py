"""What is to be done to which contact, by whom: an order, what an action works with, and the action itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.core import threads
from bot.core.contacts import Contact
from bot.core.files import File
from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import queue


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to which contact, with the files that were chosen.

    `seen` is the number of the last event that whoever asks has seen.
    """

    action: str
    reference: str
    fields: Mapping[str, str]
    seen: int | None = None
    files: tuple[File, ...] = ()

    def field(self, name: str) -> str:
        """One field, without spaces around it."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action works with."""

    connection: Connection
    order: Order
    contact: Contact
    visitor: Visitor
    now: datetime
    book: Rulebook

    @property
    def actor(self) -> str:
        """Who does it, as events name them."""
        return self.visitor.actor

    def field(self, name: str) -> str:
        """One field of the order, without spaces around it."""
        return self.order.field(name)

    def instant(self, name: str) -> datetime | None:
        """One field of the order as an instant, None where it is empty. Raises Refused."""
        text = self.field(name)
        if not text:
            return None
        try:
            instant = datetime.fromisoformat(text)
            local = instant if instant.tzinfo else instant.replace(tzinfo=self.book.clocks.default_calendar.zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):  # there are hours of the year 9999 that are of no year in UTC
            raise Refused("enter a day and a time, like 2026-12-18 10:00", name) from None

    def visible(self, name: str) -> Contact | None:
        """The contact whose reference stands in one field, where there is one that the visitor sees."""
        return visible(self.connection, self.field(name), self.visitor, self.book)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: who may, and how; it returns what to say when it is done."""

    may: Permission
    do: Callable[[Desk], str]


def visible(connection: Connection, reference: str, visitor: Visitor, book: Rulebook) -> Contact | None:
    """The contact of a reference as it was typed, where there is one that the visitor sees."""
    matches = threads.references_in(reference, book.prefix)
    return queue.visible(connection, matches[0], visitor.scope) if matches else None
