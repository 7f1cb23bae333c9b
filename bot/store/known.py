"""What the store knows about the messages of one batch, asked for the whole batch at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, null, select, union_all

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.store.conditions import HAS_OWN_RECEIPT, IS_OPEN, IS_RECEIPT
from bot.store.contacts import contact_of
from bot.store.direct import rows_of
from bot.store.outbox import delivery_of
from bot.store.tables import contacts, deliveries, messages, suppressions

_MOST_IDS = 500
_PERSON: Any = contacts.c.sender_key
_IDS: Any = bindparam("ids", expanding=True)
_PEOPLE: Any = bindparam("people", expanding=True)

# Made once: to build a statement for every call costs more than SQLite needs to run it.
SEEN = (
    select(messages.c.channel, messages.c.message_id, messages.c.digest, contacts.c.reference, contacts.c.id)
    .join_from(messages, contacts)
    .where(messages.c.message_id.in_(_IDS))
)
OURS = (
    select(deliveries.c.message_id.label("answered_id"), contacts)
    .join_from(deliveries, contacts)
    .where(deliveries.c.message_id.in_(_IDS), deliveries.c.purpose != Purpose.ALERT)
)
THEIRS = (
    select(messages.c.message_id.label("answered_id"), messages.c.written_by, contacts)
    .join_from(messages, contacts)
    .where(messages.c.message_id.in_(_IDS))
)
SENT_AS = (
    select(deliveries.c.external_id.label("answered_id"), contacts)
    .join_from(deliveries, contacts)
    .where(deliveries.c.external_id.in_(_IDS))
)
_NEWEST = (
    select(func.max(contacts.c.id))
    .where(contacts.c.conversation.in_(_IDS), contacts.c.outcome.in_(("acknowledge", "ask")))
    .group_by(contacts.c.channel, contacts.c.conversation)
)
_IN_CONVERSATIONS = select(contacts).where(contacts.c.id.in_(_NEWEST))
OF_LATE = union_all(
    select(
        *(_PERSON.label("person"), contacts.c.received_at, contacts.c.id, contacts.c.channel),
        *(null().label("reason"), contacts.c.visibility),
    )
    .where(_PERSON.in_(_PEOPLE), contacts.c.received_at > bindparam("since"))
    .where(HAS_OWN_RECEIPT),
    select(
        *(suppressions.c.address, suppressions.c.until, literal_column("0"), literal_column("''")),
        *(suppressions.c.reason, literal_column("''")),
    ).where(suppressions.c.address.in_(_PEOPLE), suppressions.c.until > bindparam("now")),
)
_OF_DOMAIN = (
    select(contacts.c.received_at)
    .where(contacts.c.received_at > bindparam("since"), ~contacts.c.forgotten)
    .where(HAS_OWN_RECEIPT, _PERSON.like(bindparam("pattern")))
    .limit(bindparam("most"))
)
_SENT_BEFORE = (
    select(messages.c.digest, contacts)
    .join_from(messages, contacts)
    .where(messages.c.contact_id.in_(_IDS), messages.c.written_by == "sender")
)
_WAITING = select(contacts).where(_PERSON.in_(_PEOPLE), IS_OPEN).limit(2)
_RECEIPTS = select(func.count()).where(IS_RECEIPT).where(deliveries.c.created_at > bindparam("since"))
_DELIVERIES = select(deliveries).where(deliveries.c.id.in_(_IDS))


@dataclass(frozen=True, slots=True)
class Seen:
    """One message that is logged already."""

    channel: str
    digest: str
    reference: str
    contact_id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A contact, and who wrote the message of it that is answered: `sender`, `staff` or `ackbot`."""

    contact: Contact
    written_by: str


@dataclass(frozen=True, slots=True)
class Recent:
    """A contact of late with a receipt of its own (`contact_id` 0: a suppression until that instant, and why)."""

    at: datetime
    contact_id: int
    channel: str
    reason: str | None
    visibility: str = "private"


def seen(connection: Connection, ids: Iterable[str]) -> dict[str, list[Seen]]:
    """Message id -> what is logged under it already."""
    found: dict[str, list[Seen]] = {}
    for channel, message_id, *rest in rows_of(connection, SEEN, {"ids": list(ids)}):
        found.setdefault(message_id, []).append(Seen(channel, *rest))
    return found


def answered(connection: Connection, ids: Iterable[str]) -> dict[str, Answered]:
    """Message id -> the contact that it belongs to: our own mail, staff's, or the person's."""
    wanted = sorted(ids)[:_MOST_IDS]
    found: dict[str, Answered] = {}
    if not wanted:
        return found
    for row in connection.execute(THEIRS, {"ids": wanted}):
        found[row.answered_id] = Answered(contact_of(row), row.written_by)
    for row in connection.execute(OURS, {"ids": wanted}):
        found[row.answered_id] = Answered(contact_of(row), "ackbot")
    return found


def sent_as(connection: Connection, ids: Iterable[str]) -> dict[str, Answered]:
    """A platform's name of something that we sent -> its contact."""
    wanted = sorted(ids)[:_MOST_IDS]
    found: dict[str, Answered] = {}
    for row in connection.execute(SENT_AS, {"ids": wanted}) if wanted else ():
        found[row.answered_id] = Answered(contact_of(row), "ackbot")
    return found


def in_conversations(connection: Connection, names: Iterable[str]) -> dict[tuple[str, str], Contact]:
    """(channel, conversation) -> its newest contact that was owed an answer."""
    wanted = sorted(names)[:_MOST_IDS]
    rows = connection.execute(_IN_CONVERSATIONS, {"ids": wanted}) if wanted else ()
    return {(row.channel, row.conversation): contact_of(row) for row in rows}


def of_late(connection: Connection, people: Iterable[str], since: datetime, now: datetime) -> dict[str, list[Recent]]:
    """Address in lower case -> contacts received after `since` with a receipt of their own, and suppressions."""
    found: dict[str, list[Recent]] = {}
    wanted = sorted(people)
    if wanted:
        for person, *recent in rows_of(connection, OF_LATE, {"people": wanted, "since": since, "now": now}):
            found.setdefault(person, []).append(Recent(*recent))
    return found


def of_domain(connection: Connection, domain: str, since: datetime, most: int) -> list[datetime]:
    """When contacts from that domain with a receipt of their own were received, after `since`; at most so many."""
    return list(connection.execute(_OF_DOMAIN, {"pattern": f"%@{domain}", "since": since, "most": most}).scalars())


def sent_before(connection: Connection, contact_ids: Iterable[int]) -> list[tuple[str, Contact]]:
    """The digest of each message of the person's in these contacts, with its contact."""
    ids = sorted(contact_ids)
    rows = connection.execute(_SENT_BEFORE, {"ids": ids}) if ids else ()
    return [(row.digest, contact_of(row)) for row in rows]


def waiting(connection: Connection, person: str) -> list[Contact]:
    """Open contacts of this address, two at most: one alone is surely meant."""
    return [contact_of(row) for row in connection.execute(_WAITING, {"people": [person.lower()]})]


def receipts_since(connection: Connection, since: datetime) -> int:
    """How many receipts were queued after that instant, whoever they are for."""
    return connection.execute(_RECEIPTS, {"since": since}).scalar_one()


def delivered(connection: Connection, ids: Iterable[int]) -> dict[int, Delivery]:
    """Deliveries by their running numbers."""
    wanted = sorted(ids)[:_MOST_IDS]
    rows: Any = connection.execute(_DELIVERIES, {"ids": wanted}) if wanted else ()
    return {row.id: delivery_of(row) for row in rows}
