"""Reads what the spells of contacts follow from: what contacts keep from their first moment on, and their events."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import BindParameter, Connection, Text, bindparam, select, type_coerce

from bot.core.contacts import State
from bot.core.events import OURSELVES, SENDER, EventKind
from bot.core.replays import KINDS, RECEIPT_KINDS, WITHOUT_DETAILS, NextContact, spells_of
from bot.core.spells import Happening, Origin, Spell, microseconds
from bot.store.column_types import Keys, ring_of
from bot.store.direct import rows_of
from bot.store.tables import contacts, events

# As many contacts are read by one statement, whose text is always the same.
AT_ONCE = 400
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_COLUMNS = (
    *("id", "received_at", "channel", "channel_kind", "medium", "visibility", "outcome", "rule", "language"),
    *("acknowledged_by", "receipt_sent_at", "first_acknowledge_by", "first_respond_by"),
    *("area", "service", "kind", "team", "standard", "standard_version", "calendar", "receipt_of"),
)
_ORIGINS = select(*(contacts.c[name] for name in _COLUMNS)).where(contacts.c.id.in_(_IDS))
# Their details are decrypted only where they say something that counts.
_EVENTS = (
    select(
        *(events.c.contact_id, events.c.id, events.c.at, events.c.kind, events.c.actor),
        type_coerce(events.c.details, Text),
    )
    .where(events.c.contact_id.in_(_IDS), events.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(events.c.contact_id, events.c.id)
)
_NEXT = select(contacts.c.linked_to, contacts.c.id, contacts.c.received_at, contacts.c.outcome).where(
    contacts.c.linked_to.in_(_IDS)
)
_NEXT_IDS = select(contacts.c.id).where(contacts.c.id > bindparam("after")).order_by(contacts.c.id).limit(AT_ONCE)
_KINDS, _RECEIPT_KINDS = sorted(KINDS), sorted(RECEIPT_KINDS)
_OPENINGS = sorted({EventKind.LOGGED, EventKind.SPLIT, EventKind.RECEIPT_DECIDED_ON})
_NOT_STAFF = (OURSELVES, SENDER)

Rows = dict[int, list[Happening]]


def next_ids(connection: Connection, after: int) -> list[int]:
    """Return the numbers of the next contacts after this one."""
    return [number for (number,) in rows_of(connection, _NEXT_IDS, {"after": after})]


def replay(connection: Connection, ids: Sequence[int], cut_off: int) -> Iterator[Spell]:
    """Make the spells of up to `AT_ONCE` contacts anew from their events up to the cut-off."""
    # In this order: what an event changes after a contact was read is undone by what it says of before.
    rows = rows_of(connection, _ORIGINS, {"ids": _padded(ids)}) if ids else []
    happenings = _happenings(connection, ids, _KINDS)
    shares = {row[0]: share for row in rows if (share := _receipt_of(row[-1], happenings.get(row[0], ())))}
    receipts = _happenings(connection, set(shares.values()), _RECEIPT_KINDS)
    later = _next_contacts(connection, ids)
    for number, *values, _ in rows:
        if own := happenings.get(number):
            origin, receipt = _origin(number, own[0].number, values), receipts.get(shares.get(number, 0), ())
            yield from spells_of(origin, own, cut_off, receipt, later.get(number, ()))


def _receipt_of(receipt_of: int | None, happenings: Sequence[Happening]) -> int | None:
    """Return the contact whose receipt stands for one, or stood until staff decided on a receipt of its own."""
    return next((h.details["receipt_of_before"] for h in happenings if "receipt_of_before" in h.details), receipt_of)


def _origin(number: int, first_event: int, values: Sequence[Any]) -> Origin:
    *before, area, service, kind, team, standard, version, calendar = values
    topics = (area, service or "", kind, team or "", standard or "", version or "", calendar)
    columns: list[Any] = [number, first_event, *before, *topics]
    return Origin(*columns)


def _padded(ids: Iterable[int]) -> list[int]:
    numbers = sorted(ids)
    return numbers + numbers[-1:] * (AT_ONCE - len(numbers))


def _happenings(connection: Connection, ids: Iterable[int], kinds: Sequence[str]) -> Rows:
    """Return the events of these kinds, by their contacts, in the order of their numbers."""
    numbers, by_contact = sorted(ids), Rows()
    # Many events say the same in the same words.
    read = lru_cache(AT_ONCE)(partial(_details, ring=ring_of(connection.dialect)))
    for first in range(0, len(numbers), AT_ONCE):
        values = {"ids": _padded(numbers[first : first + AT_ONCE]), "kinds": list(kinds)}
        for contact_id, number, at, kind, actor, details in rows_of(connection, _EVENTS, values):
            facts = {} if kind in WITHOUT_DETAILS else read(details)
            by_contact.setdefault(contact_id, []).append(Happening(number, at, kind, actor not in _NOT_STAFF, facts))
    return by_contact


def _details(text: str, ring: Keys | None) -> dict[str, Any]:
    if text == "{}":
        return {}
    facts: dict[str, Any] = json.loads(text if ring is None else ring.open(text.encode()))
    return facts


def _next_contacts(connection: Connection, ids: Sequence[int]) -> dict[int, list[NextContact]]:
    """Return the contacts that go on with these, by them; one that was only logged counts once staff take it up."""
    rows = rows_of(connection, _NEXT, {"ids": _padded(ids)}) if ids else []
    openings = _happenings(connection, (row[1] for row in rows), _OPENINGS)
    later: dict[int, list[NextContact]] = {}
    for linked_to, number, received_at, outcome in rows:
        if event := _opening(openings.get(number, ()), outcome):
            later.setdefault(linked_to, []).append(NextContact(event.number, microseconds(received_at)))
    return later


def _opening(happenings: Sequence[Happening], outcome: str) -> Happening | None:
    taken_up = next((event for event in happenings if event.details.get("was") == State.LOGGED), None)
    if taken_up is not None:
        return taken_up
    return happenings[0] if happenings and outcome != "log" else None
