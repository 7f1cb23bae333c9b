"""The spells of contacts as a table: a copy of what follows from the events, and up to which event it follows them."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, union_all

from bot.core.replays import KINDS, RECEIPT_KINDS
from bot.core.spells import Spell
from bot.store import cursors, direct, happenings, settled
from bot.store.column_types import Keys, ring_of
from bot.store.tables import contacts, events, spells

NAME = "figures"
# An event may have happened long before it was recorded; the latest of so many was recorded about now.
_NEIGHBOURS = 50
_ADD = insert(spells)
_DROP = delete(spells).where(spells.c.contact_id == bindparam("chosen"))
_STORED = select(spells).order_by(spells.c.contact_id, spells.c.number)
_OF_CONTACTS = _STORED.where(spells.c.contact_id.in_(bindparam("ids", expanding=True)))
_BEFORE_END = select(spells).where(spells.c.begins_at < bindparam("end"))
# Two ranges of one index: with OR, SQLite remembers the number of every row, so that none comes twice.
_OF_PERIOD = union_all(
    _BEFORE_END.where(spells.c.latest_at.is_(None)),
    _BEFORE_END.where(spells.c.latest_at >= bindparam("begin")),
)
_RANGE = (events.c.id > bindparam("after"), events.c.id <= bindparam("up_to"))
_WITH_EVENTS = (
    select(events.c.contact_id)
    .distinct()
    .where(*_RANGE, events.c.contact_id.is_not(None), events.c.kind.in_(sorted(KINDS)))
)
# Whose receipt stands for others, too; and with what a contact goes on.
_SHARING = (
    select(contacts.c.id)
    .distinct()
    .join_from(events, contacts, contacts.c.receipt_of == events.c.contact_id)
    .where(*_RANGE, events.c.kind.in_(sorted(RECEIPT_KINDS)))
)
_EARLIER = (
    select(contacts.c.linked_to)
    .distinct()
    .join_from(events, contacts, contacts.c.id == events.c.contact_id)
    .where(*_RANGE, contacts.c.linked_to.is_not(None))
)
_LAST_BEFORE = (
    select(events.c.id, events.c.at, events.c.details)
    .where(events.c.id <= bindparam("number"))
    .order_by(events.c.id.desc())
    .limit(_NEIGHBOURS)
)


@dataclass(frozen=True, slots=True)
class Extent:
    """Up to which events the table follows: each row to some event from `least` to `most`, between which none is lost.

    They differ only while it is made anew.
    """

    least: int = 0
    most: int = 0

    @staticmethod
    def from_text(stored: str | None) -> "Extent":
        """Return it as it is stored; None: nothing is."""
        return Extent(*map(int, (stored or "0 0").split()))


def extent(connection: Connection) -> Extent:
    """Return up to which events the table follows; 0 where it was never filled."""
    return Extent.from_text(cursors.read(connection, NAME))


def remember(connection: Connection, reach: Extent) -> None:
    """Remember up to which events the table follows now."""
    cursors.put(connection, NAME, f"{reach.least} {reach.most}", recorded_at(connection, reach.most))


def lock(connection: Connection) -> None:
    """Let nobody else write spells before the transaction ends."""
    direct.alone(connection, direct.FIGURES)


def recorded_at(connection: Connection, number: int) -> datetime:
    """Return when the event with this number was recorded; its instant may be long before."""
    rows = connection.execute(_LAST_BEFORE, {"number": number})
    return max((_recorded_at(row.at, row.details) for row in rows), default=datetime(1970, 1, 1, tzinfo=UTC))


def _recorded_at(at: datetime, details: str) -> datetime:
    text = json.loads(details).get("recorded_at") if "recorded_at" in details else None
    return max(at, datetime.fromisoformat(text)) if text else at


def cut_off_at(connection: Connection, at: datetime) -> int:
    """Return the number of the last event that was recorded by this instant; 0 where there is none.

    On PostgreSQL spells are to be read in a later transaction: an event up to it may have been committed a moment ago.
    """
    low, high = 0, settled.up_to(connection)
    while low < high:
        middle = (low + high + 1) // 2
        if recorded_at(connection, middle) <= at:
            low = middle
        else:
            high = middle - 1
    return low


def contacts_between(connection: Connection, after: int, up_to: int) -> set[int]:
    """Return the contacts of which an event with a number in this range says something, be it another contact's."""
    values = {"after": after, "up_to": up_to}
    return {
        number for query in (_WITH_EVENTS, _SHARING, _EARLIER) for number in connection.execute(query, values).scalars()
    }


def rows(connection: Connection, ids: Sequence[int]) -> list[Spell]:
    """Return the rows of these contacts, in order."""
    return [Spell._make(row) for row in connection.execute(_OF_CONTACTS, {"ids": list(ids)})] if ids else []


def put(connection: Connection, ids: Iterable[int], rows: Sequence[Spell]) -> None:
    """Write these rows in place of all rows of these contacts."""
    direct.run_many(connection, _DROP, [{"chosen": number} for number in ids])
    direct.run_many(connection, _ADD, [row._asdict() for row in rows])


def renew(connection: Connection, ids: Sequence[int]) -> None:
    """Make the rows of up to `happenings.AT_ONCE` contacts anew, whose first moment is known better now."""
    lock(connection)
    if most := extent(connection).most:
        put(connection, ids, list(happenings.replay(connection, ids, most)))


def of_period(connection: Connection, begin: int, end: int, without: Collection[int]) -> Iterator[Spell]:
    """Return the spells that began before the end of a period and are not over before it, but for some contacts."""
    ring = ring_of(connection.dialect)
    for spell in map(Spell._make, direct.stream(connection, _OF_PERIOD, {"begin": begin, "end": end})):
        if spell.contact_id not in without:
            yield _legible(spell, ring) if spell.needs else spell


def _legible(spell: Spell, ring: Keys | None) -> Spell:
    """Return a row of the driver with its needs in clear."""
    needs = spell.needs if ring is None else ring.open(spell.needs.encode()).decode()
    are_met = None if spell.are_needs_met is None else bool(spell.are_needs_met)
    return spell._replace(needs=needs, are_needs_met=are_met)
