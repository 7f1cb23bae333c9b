"""How a contact came and with which dates it opened, for those that a program opened which did not note it.

It is read once from what is there: the name of what the desk took down, today's channels, and the events that say which
date there was before. What nothing tells any more stays empty.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.flows.rulebook import NO_WAY, Rulebook
from bot.store import cursors, figures, origins

Values = dict[str, Any]
Moves = Sequence[tuple[str, Mapping[str, Any]]]
AT_ONCE = 400
# Up to which contact this is done. An older program beside this one may store a little later what has a lower number.
FILLED, _LOOKED_AT_AGAIN = "origins filled", 100


def fill(connection: Connection, now: datetime, book: Rulebook, most: int = AT_ONCE) -> bool:
    """Fill up to `most` of the next; whether there may be more."""
    after_id, newest = int(cursors.read(connection, FILLED) or 0), origins.newest(connection)
    if after_id >= newest:
        return False
    rows = origins.lacking(connection, max(0, after_id - _LOOKED_AT_AGAIN), most)
    moves = origins.moves(connection, [contact.id for contact in rows]) if rows else {}
    values = [_row(contact, moves.get(contact.id, ()), book) for contact in rows]
    origins.fill(connection, values)
    figures.renew(connection, [contact.id for contact in rows])
    is_full = len(rows) == most
    cursors.put(connection, FILLED, str(rows[-1].id if is_full else newest), now)
    return is_full


def _row(contact: Contact, moves: Moves, book: Rulebook) -> Values:
    way = book.ways.get(contact.channel, NO_WAY)
    return {
        "filled": contact.id,
        "to_medium": book.medium_of(contact) if _is_legible(contact, book) else "",
        "to_channel_kind": contact.channel_kind or way.channel_kind,
        "to_acknowledge_by": contact.first_acknowledge_by or _first(contact, "acknowledge_by", moves, book),
        "to_respond_by": contact.first_respond_by or _first(contact, "respond_by", moves, book),
    }


def _is_legible(contact: Contact, book: Rulebook) -> bool:
    """Whether the name of what the desk took down still says how: an older program forgot that with the name."""
    is_of_desk = book.ways.get(contact.channel, NO_WAY).medium == "desk"
    return bool(contact.medium) or not is_of_desk or ":" in contact.external_id


def _first(contact: Contact, name: str, moves: Moves, book: Rulebook) -> datetime | None:
    """The date with which it opened: what the first event says that moved it, else the date that it has."""
    for kind, details in moves:
        if before := details.get(f"{name}_before"):
            return datetime.fromisoformat(before)
        if name in details:
            return None  # it had none until then
        if kind == EventKind.REOPENED and name == "respond_by":
            # An older program did not note which date that was; the promise that it keeps says so.
            clock = book.clocks.of(contact, ()).respond
            return clock.due if clock else None
    date: datetime | None = getattr(contact, name)
    return date
