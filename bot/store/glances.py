"""What a list shows of each of its contacts besides the contact itself, read for all of them together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, case, func, select, type_coerce

from bot.core import phones
from bot.core.contacts import Contact
from bot.store import drafts, format_tasks, needs, staff_answers
from bot.store.column_types import Sealed, ring_of
from bot.store.conditions import IS_UNDELIVERED
from bot.store.sealing import MARK
from bot.store.tables import deliveries, messages

# A first line of most mails is read; the rest of a long one stays in the store.
MOST_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Glance:
    """The beginning of what the person wrote first, and what staff must know before they open the contact.

    `prefers` is how that message asks to be answered. `error`: why a message to the person did not arrive, None where
    all did. `has_formats`: one that left is to be made into a format or a language. `is_answered_now`: an answer of
    staff's has not left yet. `writers`: who of staff is writing an answer now, as addresses.
    """

    words: str = ""
    prefers: str = ""
    error: str | None = None
    has_needs: bool = False
    has_formats: bool = False
    is_answered_now: bool = False
    writers: tuple[str, ...] = ()


def of(connection: Connection, contacts: Sequence[Contact], now: datetime) -> dict[int, Glance]:
    """Return the glance of each of these contacts by its number; the cost follows their number."""
    ids = [contact.id for contact in contacts]
    if not ids:
        return {}
    firsts, errors = _firsts(connection, ids), _errors(connection, ids)
    waiting_answers = staff_answers.under_way_among(connection, ids)
    writers = drafts.writers_of(connection, ids, now)
    with_tasks = format_tasks.waiting_among(connection, ids)
    with_needs = _with_needs(connection, contacts, firsts)
    return {
        contact_id: Glance(
            words=firsts[contact_id].words if contact_id in firsts else "",
            prefers=str(_fields(firsts.get(contact_id)).get("prefers") or ""),
            error=errors.get(contact_id),
            has_needs=contact_id in with_needs,
            has_formats=contact_id in with_tasks,
            is_answered_now=contact_id in waiting_answers,
            writers=tuple(writers.get(contact_id, ())),
        )
        for contact_id in ids
    }


def _firsts(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """The first message of each contact that the person wrote."""
    is_theirs = messages.c.contact_id.in_(ids) & (messages.c.written_by == "sender")
    first_ids = select(func.min(messages.c.id)).where(is_theirs).group_by(messages.c.contact_id)
    columns = (messages.c.contact_id, _beginning(connection).label("words"), messages.c.fields)
    query = select(*columns).where(messages.c.id.in_(first_ids))
    return {row.contact_id: row for row in connection.execute(query)}


def _beginning(connection: Connection) -> Any:
    """The beginning of the words, cut by the database; what is sealed can be cut only once it is opened."""
    text = type_coerce(messages.c.text, Text)
    beginning = func.substr(text, 1, MOST_CHARACTERS)
    if ring_of(connection.dialect) is None:
        return beginning
    return type_coerce(case((func.substr(text, 1, len(MARK)) == MARK, text), else_=beginning), Sealed)


def _errors(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """What the other side said of the last message to each contact that did not arrive."""
    columns = (deliveries.c.contact_id, deliveries.c.last_error)
    query = select(*columns).where(deliveries.c.contact_id.in_(ids), IS_UNDELIVERED).order_by(deliveries.c.id)
    return {row.contact_id: row.last_error for row in connection.execute(query)}


def _with_needs(connection: Connection, contacts: Sequence[Contact], firsts: Mapping[int, Any]) -> set[int]:
    """Those whose person needs something, by an address from which they wrote or that they gave."""
    keys = {contact.id: _keys(contact, firsts.get(contact.id)) for contact in contacts}
    matches = needs.noted_among(connection, set().union(*keys.values()))
    return {contact_id for contact_id, own in keys.items() if own & matches}


def _keys(contact: Contact, first: Any) -> set[str]:
    fields = _fields(first)
    given_addresses = (str(fields.get("email") or "").lower(), phones.address(str(fields.get("phone") or "")))
    return {needs.key_of_contact(contact.id), phones.key(contact.sender_key or ""), *given_addresses} - {""}


def _fields(first: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = json.loads(first.fields) if first is not None else {}
    return fields
