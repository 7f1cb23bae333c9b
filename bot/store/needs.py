"""The ways in which people need us to write or speak (Equality Act 2010 section 20)."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from bot.core import phones
from bot.core.roles import Scope
from bot.store.conditions import HAS_NEEDS, IS_OPEN
from bot.store.tables import contacts, messages, needs
from bot.store.upserts import insert


@dataclass(frozen=True, slots=True)
class Needs:
    """The needs of one person, in words, and the language of their wish; who noted each last, and when.

    `needs` or `language` is "" where nothing is noted of it; "" for both is never stored.
    """

    needs: str
    noted_by: str
    noted_at: datetime
    language: str = ""
    language_by: str = ""
    language_at: datetime | None = None


COLUMNS = tuple(needs.c[name] for name in Needs.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Remark:
    """What a form says of the language and the needs of whoever filled it in, each "" for nothing."""

    contact_id: int
    language: str
    need_codes: str


def keys_of(connection: Connection, ids: Collection[int]) -> dict[int, set[str]]:
    """Return the keys of each contact's person: every address from which they wrote or that they gave."""
    keys_by_contact: dict[int, set[str]] = {contact_id: set() for contact_id in ids}
    senders = select(contacts.c.id, contacts.c.sender_key).where(contacts.c.id.in_(sorted(ids)))
    for row in connection.execute(senders):
        keys_by_contact[row.id].add(phones.key(row.sender_key or ""))
    for contact_id, fields in _forms(connection, ids):
        keys_by_contact[contact_id] |= keys_in(fields)
    return {contact_id: keys - {""} for contact_id, keys in keys_by_contact.items()}


def keys_in(fields: Mapping[str, Any]) -> set[str]:
    """Return the keys of whoever filled in a form: the addresses that they gave."""
    return {str(fields.get("email") or "").lower(), phones.address(str(fields.get("phone") or ""))} - {""}


def remarks(connection: Connection, ids: Collection[int]) -> list[Remark]:
    """Return what the forms of these contacts say of language and needs, the oldest first."""
    return [
        Remark(contact_id, str(fields.get("language") or ""), str(fields.get("needs") or ""))
        for contact_id, fields in _forms(connection, ids)
        if fields.get("language") or fields.get("needs")
    ]


def _forms(connection: Connection, ids: Collection[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the fields of every message that the people of these contacts wrote."""
    condition = (messages.c.contact_id.in_(sorted(ids))) & (messages.c.written_by == "sender")
    query = select(messages.c.contact_id, messages.c.fields).where(condition).order_by(messages.c.id)
    for row in connection.execute(query):
        yield row.contact_id, json.loads(row.fields)


def key_of_contact(contact_id: int) -> str:
    """Return the key under which the needs of a person without any address are stored: the contact."""
    return f"contact:{contact_id}"


def of(connection: Connection, keys: Collection[str]) -> Needs | None:
    """Return the needs and the wish of the person with one of these keys, each as last noted."""
    query = select(*COLUMNS).where(needs.c.address.in_(sorted(keys)))
    return latest(Needs(*row) for row in connection.execute(query))


def latest(entries: Iterable[Needs]) -> Needs | None:
    """Return the needs and the wish of one person, each as last noted under any of their keys."""
    rows = tuple(entries)
    of_needs = max((row for row in rows if row.needs), key=lambda row: row.noted_at, default=None)
    of_language = max(
        (row for row in rows if row.language), key=lambda row: row.language_at or row.noted_at, default=None
    )
    if of_needs is None or of_language is None:
        return of_needs or of_language
    by, at = of_language.language_by, of_language.language_at
    return replace(of_needs, language=of_language.language, language_by=by, language_at=at)


def count_open(connection: Connection, scope: Scope) -> tuple[Counter[str], Counter[str]]:
    """Return how many open contacts in this scope have each need, by its code, and each wish, by its language."""
    by_need, by_language = Counter[str](), Counter[str]()
    query = select(contacts.c.team, contacts.c.need_codes, contacts.c.wished_language).where(HAS_NEEDS, IS_OPEN)
    for row in connection.execute(query):
        if not scope.sees(row.team):
            continue
        by_need.update(row.need_codes.split())
        by_language.update(filter(None, [row.wished_language]))
    return by_need, by_language


def note(connection: Connection, keys: Collection[str], need: Needs) -> None:
    """Store what a person needs under each of these keys."""
    statement = insert(needs)
    values = asdict(need)
    new_values = {name: statement.excluded[name] for name in values}
    upsert = statement.on_conflict_do_update(index_elements=["address"], set_=new_values)
    connection.execute(upsert, [values | {"address": key} for key in sorted(keys)])


def copy(
    connection: Connection, ids: Collection[int], keys: Collection[str], *, language: str, need_codes: str
) -> None:
    """Let these contacts, and all from these addresses, be written to so; not those whose words are gone."""
    is_theirs = or_(contacts.c.id.in_(sorted(ids)), contacts.c.sender_key.in_(sorted(keys)))
    change = update(contacts).where(is_theirs, ~contacts.c.forgotten)
    connection.execute(change.values(wished_language=language, need_codes=need_codes))


def drop(connection: Connection, keys: Collection[str]) -> None:
    """Delete the needs under these keys."""
    connection.execute(delete(needs).where(needs.c.address.in_(sorted(keys))))


def unobeyed(connection: Connection) -> list[tuple[int, str, str]]:
    """Return the contacts whose own columns say nothing, with the needs and the language noted for their address."""
    is_theirs = contacts.c.sender_key == needs.c.address
    is_empty = (contacts.c.need_codes == "") & (contacts.c.wished_language == "")
    query = select(contacts.c.id, needs.c.needs, needs.c.language).join_from(needs, contacts, is_theirs)
    return [
        (row.id, row.needs, row.language) for row in connection.execute(query.where(is_empty, ~contacts.c.forgotten))
    ]


def noted_among(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return those of these keys under which needs are stored."""
    return set(connection.execute(select(needs.c.address).where(needs.c.address.in_(sorted(keys)))).scalars())
