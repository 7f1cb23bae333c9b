"""Contacts, their messages and their events."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    table,
    text,
    update,
)

from bot.core.contacts import Contact, State
from bot.core.durations import duration
from bot.core.events import Event, EventKind, StoredEvent
from bot.core.histories import Happened, Kind
from bot.core.messages import StoredMessage
from bot.store import direct
from bot.store.column_types import Instant
from bot.store.conditions import IS_OPEN
from bot.store.contact_rows import contact_of
from bot.store.direct import rows_of, run_many
from bot.store.installation import reference_key
from bot.store.tables import contacts, events, messages, raw_messages

Values = dict[str, Any]

# Made once: to build a statement for every call costs more than SQLite needs to run it.
_SEQUENCES = select(column("name", Text), column("seq", Integer)).select_from(table("sqlite_sequence"))
_COUNTED = ("contacts", "messages", "deliveries")
_NUMBERS = text(
    "SELECT nextval('contacts_id_seq'), nextval('messages_id_seq'), nextval('deliveries_id_seq') "
    "FROM generate_series(1, :most)"
)


def _earlier(at: Any) -> Any:
    """The next look, or `at` if that comes first."""
    return case((contacts.c.next_look_at <= at, contacts.c.next_look_at), else_=at)


_ADD = (insert(contacts), insert(messages), insert(raw_messages))
_NOTE = insert(events)
_WITH_ID = select(contacts).where(contacts.c.id.in_(bindparam("ids", expanding=True)))
_CLOCK_EVENTS = (
    select(events.c.contact_id, events.c.kind, events.c.at, events.c.details)
    .where(events.c.contact_id.in_(bindparam("ids", expanding=True)), events.c.kind.in_(list(Kind)))
    .order_by(events.c.at, events.c.id)
)
_ACKNOWLEDGED = (
    update(contacts)
    .where(
        or_(contacts.c.id == bindparam("chosen"), contacts.c.receipt_of == bindparam("chosen")),
        contacts.c.receipt_sent_at.is_(None),
    )
    .values(
        receipt_sent_at=bindparam("at"),
        told_respond_by=case(
            (contacts.c.id == bindparam("chosen"), contacts.c.respond_by), else_=contacts.c.told_respond_by
        ),
        acknowledged_at=func.coalesce(
            contacts.c.acknowledged_at, case((contacts.c.acknowledged_by == "receipt", bindparam("at")), else_=None)
        ),
    )
)
_FIRST: Any = contacts.alias()
_SHARED = (
    update(contacts)
    .where(contacts.c.receipt_of == bindparam("first"), contacts.c.receipt_sent_at.is_(None))
    .where(exists().where(_FIRST.c.id == bindparam("first"), _FIRST.c.receipt_sent_at.is_not(None)))
    .values(
        receipt_sent_at=bindparam("at"),
        acknowledged_at=func.coalesce(
            contacts.c.acknowledged_at, case((contacts.c.acknowledged_by == "receipt", bindparam("at")), else_=None)
        ),
    )
)
_TOLD = (
    update(contacts)
    .where(contacts.c.id == bindparam("chosen"), contacts.c.respond_by.is_not(None))
    .values(told_respond_by=contacts.c.respond_by)
)
_WINDOW = (
    update(contacts)
    .where(contacts.c.id == bindparam("chosen"), contacts.c.state == State.OPEN)
    .values(
        platform_reply_by=bindparam("until"),
        window_closed=False,
        next_look_at=_earlier(bindparam("look_at", type_=Instant)),
    )
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Running numbers for new rows, one after another; none was ever used before. The key makes references of them."""

    contacts: Iterator[int]
    messages: Iterator[int]
    deliveries: Iterator[int]
    reference_key: bytes = b""


def numbers(connection: Connection, most: int) -> Numbers:
    """Up to `most` numbers of each kind.

    On SQLite safe because the caller holds the write lock until it has committed.
    """
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_NUMBERS, {"most": most}).all()
        of_contacts, of_messages, of_deliveries = map(iter, zip(*rows, strict=True) if rows else ((), (), ()))
    else:
        last_numbers = numbers_used(connection)
        of_contacts, of_messages, of_deliveries = (count(last_numbers.get(name, 0) + 1) for name in _COUNTED)
    return Numbers(of_contacts, of_messages, of_deliveries, reference_key(connection))


def numbers_used(connection: Connection) -> dict[str, int]:
    """Table -> the last number that was used in a SQLite store."""
    return {name: int(last) for name, last in rows_of(connection, _SEQUENCES, {})}


def count_on(connection: Connection, last_numbers: Mapping[str, int]) -> None:
    """On PostgreSQL: go on from there, so that no number is used again."""
    for name, number in last_numbers.items():
        connection.execute(select(func.setval(f"{name}_id_seq", number)))


def leave_out_numbers(connection: Connection, count: int) -> None:
    """Use none of the next numbers."""
    for name in _COUNTED:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT setval('{name}_id_seq', last_value + {count:d}) FROM {name}_id_seq"))  # noqa: S608
        else:
            last_number = numbers_used(connection).get(name, 0)
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            values = {"name": name, "seq": last_number + count}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)


def add(connection: Connection, new: Sequence[Values], arrived: Sequence[Values], raws: Sequence[Values]) -> None:
    """Store contacts, messages and raw messages, each list in one statement."""
    for statement, rows in zip(_ADD, (new, arrived, raws), strict=True):
        run_many(connection, statement, rows)


def note(connection: Connection, new: Sequence[Event]) -> None:
    """Append events."""
    if new:
        direct.writing_events(connection)
    run_many(connection, _NOTE, [_row_of(event) for event in new])


def recording_details(at: datetime, now: datetime) -> dict[str, str]:
    """What an event says of when it was recorded, where that is not when it happened."""
    return {"recorded_at": now.isoformat(timespec="seconds")} if now != at else {}


_to_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make such an encoder for each event


def _row_of(event: Event) -> Values:
    return {
        "contact_id": event.contact_id,
        "at": event.at,
        "kind": event.kind.value,
        "actor": event.actor,
        "details": _to_json(event.details),
    }


def find(connection: Connection, reference: str) -> Contact | None:
    """The contact with this reference."""
    return next(iter(_rows(connection, contacts.c.reference == reference)), None)


def with_references(connection: Connection, references: Iterable[str]) -> dict[str, Contact]:
    """Several contacts by their references."""
    names = sorted(references)[:500]
    return {c.reference: c for c in _rows(connection, contacts.c.reference.in_(names))} if names else {}


def with_id(connection: Connection, ids: Iterable[int]) -> dict[int, Contact]:
    """Several contacts by their running numbers."""
    rows = connection.execute(_WITH_ID, {"ids": list(ids)})
    return {row.id: contact_of(row) for row in rows}


def list_all(
    connection: Connection, *, state: str | None = None, after_id: int = 0, limit: int | None = None
) -> list[Contact]:
    """Contacts in the order of their logging."""
    query: Select[Any] = select(contacts).where(contacts.c.id > after_id).order_by(contacts.c.id)
    if state:
        query = query.where(contacts.c.state == state)
    return [contact_of(row) for row in connection.execute(query.limit(limit))]


def total(connection: Connection) -> int:
    """Return how many contacts there are, finished and forgotten ones, too."""
    return connection.execute(select(func.count()).select_from(contacts)).scalar_one()


def messages_of(connection: Connection, *contact_ids: int) -> list[StoredMessage]:
    """The messages of one contact, or of several together, oldest first."""
    query = select(messages).where(messages.c.contact_id.in_(contact_ids)).order_by(messages.c.id)
    return [StoredMessage(**row._mapping) for row in connection.execute(query)]


def events_of(connection: Connection, contact_id: int) -> list[StoredEvent]:
    """The history of one contact, oldest first. What was refused is for the audit trail."""
    of_contact = (events.c.contact_id == contact_id) & (events.c.kind != EventKind.REFUSED)
    query = select(events).where(of_contact).order_by(events.c.at, events.c.id)
    return [
        StoredEvent(row.id, row.at, row.kind, row.actor, json.loads(row.details)) for row in connection.execute(query)
    ]


def note_receipt(connection: Connection, pairs: Iterable[tuple[int, datetime]]) -> None:
    """Note when our receipt left for each contact; where only staff's acknowledgement counts, no more than that."""
    run_many(connection, _ACKNOWLEDGED, [{"chosen": contact_id, "at": at} for contact_id, at in pairs])


def note_date_told(connection: Connection, ids: Iterable[int]) -> None:
    """Note that the person was told the date to answer by as it stands."""
    run_many(connection, _TOLD, [{"chosen": contact_id} for contact_id in ids])


def share_receipt(connection: Connection, first: int, at: datetime) -> None:
    """Let contacts that share the receipt of the `first` have it, too, if it has left; else its leaving does so."""
    connection.execute(_SHARED, {"first": first, "at": at})


def answer(connection: Connection, contact: Contact, at: datetime) -> bool:
    """Stop the clocks of an open contact; False if somebody else was first.

    An answer that comes before the acknowledgement keeps both promises.
    """
    values: Values = {"state": State.ANSWERED, "responded_at": at, "next_look_at": None, "paused_at": None}
    if contact.acknowledged_at is None:
        values["acknowledged_at"] = at
    change = update(contacts).where(contacts.c.id == contact.id, contacts.c.state == State.OPEN).values(**values)
    return connection.execute(change).rowcount == 1


def close(connection: Connection, contact: Contact) -> bool:
    """Close a contact; False if somebody else changed its state meanwhile."""
    same = (contacts.c.id == contact.id) & (contacts.c.state == contact.state)
    values: Values = {"state": State.CLOSED, "next_look_at": None, "paused_at": None, "urgent_at": None}
    return connection.execute(update(contacts).where(same).values(**values)).rowcount == 1


def change(connection: Connection, contact: Contact, values: Values) -> bool:
    """Change an open contact; False if it is no longer open or somebody looked at it meanwhile."""
    same = (contacts.c.id == contact.id) & (contacts.c.state == State.OPEN)
    same &= contacts.c.next_look_at == contact.next_look_at
    return connection.execute(update(contacts).where(same).values(**values)).rowcount == 1


def move_windows(connection: Connection, rows: Sequence[Values]) -> None:
    """Note until when the platform takes an answer: `chosen` (the contact), `until`, and when to look at it."""
    run_many(connection, _WINDOW, rows)


def clock_events(connection: Connection, ids: Iterable[int]) -> dict[int, list[Happened]]:
    """What happened to the clocks of these contacts, oldest first."""
    by_contact: dict[int, list[Happened]] = {}
    for row in connection.execute(_CLOCK_EVENTS, {"ids": list(ids)}):
        words = json.loads(row.details).get("extended_to")
        event = Happened(Kind(row.kind), row.at, duration(words) if words else None)
        by_contact.setdefault(row.contact_id, []).append(event)
    return by_contact


def reopen(connection: Connection, contact: Contact, values: Values) -> bool:
    """Open a contact again; False if somebody else changed its state meanwhile."""
    same = (contacts.c.id == contact.id) & (contacts.c.state == contact.state)
    return connection.execute(update(contacts).where(same).values(state=State.OPEN, **values)).rowcount == 1


def put(connection: Connection, contact_id: int, values: Values) -> None:
    """Set columns of one contact that no clock depends on."""
    connection.execute(update(contacts).where(contacts.c.id == contact_id).values(**values))


def withdraw_receipt(connection: Connection, contact_id: int, at: datetime) -> None:
    """Our receipt did not arrive: it, and what it stood for, is not acknowledged, unless staff have done so.

    Open contacts are looked at at `at`.
    """
    covered = or_(contacts.c.id == contact_id, contacts.c.receipt_of == contact_id)
    by_receipt = contacts.c.acknowledged_at == contacts.c.receipt_sent_at
    unchanged = case((by_receipt, null()), else_=contacts.c.acknowledged_at)
    looks = case((contacts.c.state == State.OPEN, _earlier(literal(at, Instant))), else_=contacts.c.next_look_at)
    change = update(contacts).where(covered, contacts.c.receipt_sent_at.is_not(None))
    connection.execute(change.values(acknowledged_at=unchanged, receipt_sent_at=None, next_look_at=looks))


def raw_by_message(connection: Connection, *contact_ids: int) -> dict[int, bytes]:
    """What came over the wire in one contact, or in several, by the number of the message."""
    query = select(messages.c.id, raw_messages.c.raw).join_from(raw_messages, messages)
    return {row.id: row.raw for row in connection.execute(query.where(messages.c.contact_id.in_(contact_ids)))}


def raw_messages_of(connection: Connection, contact_id: int) -> list[bytes]:
    """What came over the wire, oldest first."""
    query = select(raw_messages.c.raw).join_from(raw_messages, messages).where(messages.c.contact_id == contact_id)
    return list(connection.execute(query.order_by(messages.c.id)).scalars())


def count_events(connection: Connection, contact_id: int, kind: EventKind, since: datetime) -> int:
    """How many events of a kind a contact has had since then."""
    same = (events.c.contact_id == contact_id) & (events.c.kind == kind) & (events.c.at >= since)
    return connection.execute(select(func.count()).select_from(events).where(same)).scalar_one()


def open_count(connection: Connection) -> int:
    """How many contacts wait for an answer, for the metrics."""
    query = select(func.count()).select_from(contacts).where(IS_OPEN)
    return connection.execute(query).scalar_one()


def _rows(connection: Connection, condition: Any) -> list[Contact]:
    return [contact_of(row) for row in connection.execute(select(contacts).where(condition))]
