"""What the store knows about the messages of one batch, asked for the whole batch at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)

from bot.core import threads
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.core.events import OURSELVES, EventKind
from bot.core.rules import RuleName
from bot.core.threads import LoggedMessage, Parent, Threads
from bot.store import merging
from bot.store.column_types import ring_of
from bot.store.conditions import (
    HAS_EXTERNAL_ID,
    HAS_NO_RECEIPT,
    HAS_OWN_RECEIPT,
    IS_HELD,
    IS_OPEN,
    IS_RECEIPT,
    IS_UNPROVEN,
)
from bot.store.contact_rows import contact_of
from bot.store.direct import rows_of
from bot.store.needs import COLUMNS, Needs
from bot.store.outbox import delivery_of
from bot.store.tables import contacts, cursors, deliveries, events, messages, needs, suppressions

_MOST_IDS = 500
_PERSON: Any = contacts.c.sender_key
_IDS: Any = bindparam("ids", expanding=True)
_PEOPLE: Any = bindparam("people", expanding=True)

# In place of the number of a contact: a row says why an address is suppressed, or what went to a mailbox.
_SUPPRESSED, _TO_MAILBOX = 0, -1

# Made once: to build a statement for every call costs more than SQLite needs to run it.
LOGGED = (
    select(messages.c.channel, messages.c.message_id, messages.c.digest, contacts.c.reference, contacts.c.id)
    .join_from(messages, contacts)
    .where(messages.c.message_id.in_(_IDS))
)
_OURS = (
    select(deliveries.c.message_id.label("answered_id"), contacts)
    .join_from(deliveries, contacts)
    .where(deliveries.c.message_id.in_(_IDS), deliveries.c.purpose != Purpose.ALERT)
)
_THEIRS = (
    select(messages.c.message_id.label("answered_id"), messages.c.written_by, contacts)
    .join_from(messages, contacts)
    .where(messages.c.message_id.in_(_IDS))
)
_SENT_UNDER = (
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
RECENT = union_all(
    select(
        *(_PERSON.label("person"), contacts.c.received_at, contacts.c.id, contacts.c.channel),
        *(null().label("reason"), contacts.c.visibility),
    )
    .where(_PERSON.in_(_PEOPLE), contacts.c.received_at > bindparam("since"))
    .where(HAS_OWN_RECEIPT),
    select(
        *(suppressions.c.address, suppressions.c.until, literal_column(str(_SUPPRESSED)), literal_column("''")),
        *(suppressions.c.reason, literal_column("''")),
    ).where(suppressions.c.address.in_(_PEOPLE), suppressions.c.until > bindparam("now")),
    select(
        *(deliveries.c.mailbox, contacts.c.received_at, literal_column(str(_TO_MAILBOX)), literal_column("''")),
        *(null(), literal_column("''")),
    )
    .join_from(deliveries, contacts)
    .where(deliveries.c.mailbox.in_(bindparam("mailboxes", expanding=True)))
    .where(deliveries.c.created_at > bindparam("since"), contacts.c.received_at > bindparam("since")),
)
_OF_DOMAIN = (
    select(contacts.c.received_at)
    .where(contacts.c.received_at > bindparam("since"), ~contacts.c.forgotten)
    .where(HAS_OWN_RECEIPT, type_coerce(_PERSON, Text).like(bindparam("pattern")))
    .limit(bindparam("most"))
)
# A part of what is sealed cannot be looked up: it is opened, whoever wrote of late.
_SEALED_PEOPLE = (
    select(contacts.c.received_at, _PERSON)
    .where(contacts.c.received_at > bindparam("since"), ~contacts.c.forgotten, _PERSON.is_not(None))
    .where(HAS_OWN_RECEIPT)
)
_EARLIER = (
    select(messages.c.digest, messages.c.text, contacts)
    .join_from(messages, contacts)
    .where(messages.c.contact_id.in_(_IDS), messages.c.written_by == "sender")
)
_OPEN_OF_PERSON = select(contacts).where(_PERSON.in_(_PEOPLE), IS_OPEN).limit(2)
_QUEUED = select(func.count()).where(IS_RECEIPT, deliveries.c.created_at > bindparam("since")).scalar_subquery()
_HELD = select(func.count()).where(IS_HELD, IS_RECEIPT, deliveries.c.created_at > bindparam("since")).scalar_subquery()
_STOPPED_AT = select(cursors.c.value).where(cursors.c.name == bindparam("breaker")).scalar_subquery()
# What is held leaves when staff have looked, however much it is.
RECEIPTS = select(_QUEUED - _HELD, _STOPPED_AT)
_UNPROVEN = select(deliveries.c.created_at).where(IS_UNPROVEN, deliveries.c.created_at > bindparam("since"))
_NEEDS = select(needs.c.address, *COLUMNS).where(needs.c.address.in_(_IDS))
_DELIVERIES = select(deliveries).where(deliveries.c.id.in_(_IDS))
_EVENTS_OF_KIND = (
    select(events.c.contact_id, func.count())
    .where(events.c.contact_id.in_(_IDS), events.c.kind == bindparam("kind"), events.c.at >= bindparam("since"))
    .group_by(events.c.contact_id)
)
_BY_RULE = (
    select(contacts.c.rule, func.count())
    .where(HAS_NO_RECEIPT, contacts.c.received_at >= bindparam("since"))
    .where(contacts.c.rule.in_(bindparam("rules", expanding=True)))
    .group_by(contacts.c.rule)
)


@dataclass(frozen=True, slots=True)
class Recent:
    """A contact of late with a receipt of its own."""

    at: datetime
    contact_id: int
    channel: str
    visibility: str = "private"


# The words of a message, and its contact.
Earlier = tuple[str, Contact]


@dataclass(frozen=True, slots=True)
class Recents:
    """Address in lower case -> its contacts of late, the order of their receipt left open; and why it is suppressed.

    `mailboxes`: when the contacts were received whose receipts go there.
    """

    contacts: dict[str, tuple[Recent, ...]]
    suppressions: dict[str, str]
    mailboxes: dict[str, tuple[datetime, ...]]


def logged_messages(connection: Connection, ids: Collection[str], key: bytes) -> dict[str, tuple[LoggedMessage, ...]]:
    """Message id -> what is logged under it already, or was, and is forgotten; `key` is the one of forgotten names."""
    by_digest = {threads.forgotten_name(message_id, key): message_id for message_id in ids}
    entries: dict[str, tuple[LoggedMessage, ...]] = {}
    for channel, stored_id, *rest in rows_of(connection, LOGGED, {"ids": [*ids, *by_digest]}):
        message_id = by_digest.get(stored_id) or stored_id
        entries[message_id] = (*entries.get(message_id, ()), LoggedMessage(channel, *rest))
    return entries


def parents(connection: Connection, ids: Iterable[str]) -> dict[str, Parent]:
    """Message id -> the contact that it belongs to: our own mail, staff's, or the person's."""
    names = sorted(ids)[:_MOST_IDS]
    if not names:
        return {}
    rows = rows_of(connection, _THEIRS, {"ids": names})
    parents_of = {name: Parent(contact_of(contact), writer) for name, writer, *contact in rows}
    return parents_of | _own_parents(connection, _OURS, names)


def sent_under(connection: Connection, names: Iterable[str]) -> dict[str, Parent]:
    """A platform's name of something that we sent -> its contact."""
    first = sorted(names)[:_MOST_IDS]
    return _own_parents(connection, _SENT_UNDER, first) if first else {}


def _own_parents(connection: Connection, query: Select[Any], names: list[str]) -> dict[str, Parent]:
    rows = rows_of(connection, query, {"ids": names})
    return {name: Parent(contact_of(contact), OURSELVES) for name, *contact in rows}


def in_conversations(connection: Connection, names: Iterable[str]) -> dict[tuple[str, str], Contact]:
    """(channel, conversation) -> its newest contact that was owed an answer."""
    first = sorted(names)[:_MOST_IDS]
    rows = connection.execute(_IN_CONVERSATIONS, {"ids": first}) if first else ()
    return {(row.channel, row.conversation): contact_of(row) for row in rows}


def recent_contacts(
    connection: Connection, people: Collection[str], mailboxes: Collection[str], since: datetime, now: datetime
) -> Recents:
    """Contacts of these people received after `since` with a receipt of their own, and what is suppressed at `now`.

    And when those were received, after `since`, whose receipts go to these mailboxes.
    """
    values = {"people": sorted(people), "mailboxes": sorted(mailboxes), "since": since, "now": now}
    recents = Recents({}, {}, {})
    for person, at, contact_id, channel, reason, visibility in rows_of(connection, RECENT, values) if people else ():
        if contact_id == _TO_MAILBOX:
            recents.mailboxes[person] = (*recents.mailboxes.get(person, ()), at)
        elif contact_id == _SUPPRESSED:
            recents.suppressions.setdefault(person, reason or "")
        else:
            entry = Recent(at, contact_id, channel, visibility)
            recents.contacts[person] = (*recents.contacts.get(person, ()), entry)
    return recents


def of_domain(connection: Connection, domain: str, since: datetime, most: int) -> list[datetime]:
    """When contacts from that domain with a receipt of their own were received, after `since`; at most so many."""
    if ring_of(connection.dialect) is None:
        return list(connection.execute(_OF_DOMAIN, {"pattern": f"%@{domain}", "since": since, "most": most}).scalars())
    rows = rows_of(connection, _SEALED_PEOPLE, {"since": since})
    return [at for at, person in rows if person.endswith(f"@{domain}")][:most]


def earlier_contacts(connection: Connection, contact_ids: Iterable[int]) -> dict[str, tuple[Earlier, ...]]:
    """The digest of each message of the person's in these contacts -> its words, with the contacts that hold it."""
    ids = sorted(contact_ids)
    by_digest: dict[str, tuple[Earlier, ...]] = {}
    for row in connection.execute(_EARLIER, {"ids": ids}) if ids else ():
        by_digest[row.digest] = (*by_digest.get(row.digest, ()), (row.text, contact_of(row)))
    return by_digest


def survivors(
    connection: Connection, matching: Threads, earlier: Mapping[str, Sequence[Earlier]]
) -> dict[int, Contact]:
    """The contact that goes on for each of those with which a message may go on, and that was merged."""
    of_late = (contact for entries in earlier.values() for _, contact in entries)
    duplicates = [*matching.duplicates(), *(contact for contact in of_late if contact.merged_into is not None)]
    return merging.survivors(connection, duplicates) if duplicates else {}


def open_of_person(connection: Connection, person: str) -> list[Contact]:
    """Open contacts of this address, two at most: one alone is surely meant."""
    return [contact_of(row) for row in connection.execute(_OPEN_OF_PERSON, {"people": [person.lower()]})]


def receipts_since(connection: Connection, since: datetime, breaker: str) -> tuple[int, bool]:
    """How many receipts were queued after that instant and may leave, to whomever; and whether this cursor is set."""
    ((count, stopped_at),) = rows_of(connection, RECEIPTS, {"since": since, "breaker": breaker})
    return count, stopped_at is not None


def unproven_since(connection: Connection, since: datetime) -> tuple[datetime, ...]:
    """When the receipts were queued, after `since`, that may leave to addresses that nothing proves."""
    return tuple(at for (at,) in rows_of(connection, _UNPROVEN, {"since": since}))


def needs_among(connection: Connection, keys: Collection[str]) -> dict[str, Needs]:
    """What is noted under each of these keys of people (`needs.keys_of`)."""
    rows = rows_of(connection, _NEEDS, {"ids": sorted(keys)}) if keys else ()
    return {address: Needs(*columns) for address, *columns in rows}


def deliveries_of(connection: Connection, ids: Iterable[int]) -> dict[int, Delivery]:
    """Deliveries by their running numbers."""
    first = sorted(ids)[:_MOST_IDS]
    rows: Any = connection.execute(_DELIVERIES, {"ids": first}) if first else ()
    return {row.id: delivery_of(row) for row in rows}


def delivery_under(connection: Connection, outlets: Collection[str], name: str, key: str = "") -> Delivery | None:
    """What left by one of these outlets, by the provider's own name of it; by our key where that is not recorded."""
    is_named = (deliveries.c.external_id == name) & HAS_EXTERNAL_ID
    is_nameless = (deliveries.c.message_id == key) & deliveries.c.external_id.is_(None)
    for same in (is_named, is_nameless) if key else (is_named,):
        row = connection.execute(select(deliveries).where(same, deliveries.c.channel.in_(list(outlets)))).first()
        if row:
            return delivery_of(row)
    return None


def automatic_mails(connection: Connection, contact_ids: Iterable[int], since: datetime) -> dict[int, int]:
    """Contact -> how many mails of programs it has had since then; only those that have had any."""
    query = {"ids": sorted(contact_ids), "kind": EventKind.AUTOMATIC_MAIL, "since": since}
    rows = connection.execute(_EVENTS_OF_KIND, query)
    return {row[0]: row[1] for row in rows}


def by_rule(connection: Connection, rules: Iterable[RuleName], since: datetime) -> dict[str, int]:
    """Rule -> how many contacts were logged by it since then, without a receipt."""
    rows = connection.execute(_BY_RULE, {"rules": list(rules), "since": since})
    return {row[0]: row[1] for row in rows}
