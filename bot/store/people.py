"""All contacts of one person: by the addresses and numbers that they have given, and by what ties contacts together."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.core import phones
from bot.core.contacts import Contact
from bot.store import contacts as stored
from bot.store import links, needs, words
from bot.store.tables import contacts

MOST = 200
_MOST_NUMBERS = 10


@dataclass(frozen=True, slots=True)
class Person:
    """The contacts of one person, the newest first, and what each says of who they are (`needs.keys_of`).

    `is_cut`: there are more.
    """

    contacts: tuple[Contact, ...]
    keys: dict[int, frozenset[str]]
    is_cut: bool = False


def of(connection: Connection, contact_id: int) -> Person:
    """Return the person of this contact: each address and number leads to more contacts, and these to more again."""
    ids, edge, keys = set[int](), {contact_id}, dict[int, frozenset[str]]()
    while edge and len(ids) < MOST:
        ids |= edge
        of_edge = needs.keys_of(connection, edge)
        keys |= {number: frozenset(its_keys) for number, its_keys in of_edge.items()}
        names = {name for its_keys in of_edge.values() for name in its_keys}
        edge = (links.around(connection, edge) | with_keys(connection, names) | _that_gave(connection, names)) - ids
    by_id = stored.with_id(connection, sorted(ids, reverse=True)[:MOST])
    newest_first = tuple(by_id[number] for number in sorted(by_id, reverse=True))
    return Person(newest_first, keys, is_cut=bool(edge) or len(ids) > MOST)


def with_keys(connection: Connection, keys: Collection[str]) -> set[int]:
    """Return the newest contacts from these addresses and numbers."""
    query = select(contacts.c.id).where(contacts.c.sender_key.in_(sorted(keys))).order_by(contacts.c.id.desc())
    return set(connection.execute(query.limit(MOST)).scalars()) if keys else set()


def _that_gave(connection: Connection, keys: Collection[str]) -> set[int]:
    """Return contacts whose person gave one of these telephone numbers besides the address from which they wrote.

    They are looked for in the index of words, which has none where the store is sealed.
    """
    numbers = {key for key in sorted(keys) if key.startswith(phones.PREFIX)}
    ids = set[int]()
    for number in sorted(numbers)[:_MOST_NUMBERS]:
        hits = words.hits(connection, number.removeprefix(phones.PREFIX))
        if hits is not None:
            ids |= set(connection.execute(select(hits.c.contact_id).limit(MOST)).scalars())
    return {contact_id for contact_id, its_keys in needs.keys_of(connection, ids).items() if its_keys & numbers}
