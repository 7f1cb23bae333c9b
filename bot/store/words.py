"""Full-text search over people's messages in the database's own index, filled after logging, not as part of it.

The rows of the index have the numbers of messages. Where words are encrypted, only references are indexed, which are
not: an index of encrypted words would reveal them. An address is then looked up as a whole.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Subquery, bindparam, column, select, text

from bot.core import phones
from bot.store import direct
from bot.store.column_types import ring_of
from bot.store.tables import contacts, messages

ROWS_AT_ONCE = 500
# For very common words: the number that is read in 30 ms.
MOST_LOOKED_THROUGH = 10_000
_PAGES_AT_ONCE = 100
_MOST_CHARACTERS = 20_000
_MOST_TERMS = 12
_TERM = re.compile(r"[^\W_]+")  # both databases split words like this
_ASCII = bytes(ord(chr(code).lower()) if _TERM.match(chr(code)) else ord(" ") for code in range(256))
_NO_TERM, _NOT_ASCII = re.compile(r"[\W_]+"), re.compile(r"([^\x00-\x7f]+)")
_LONGEST_PART_KEPT = 3  # a longer one may be a word of somebody's, which must not outlive its message
# A phone number as people write it, with brackets, spaces and hyphens.
_PHONE = re.compile(r"[0-9][0-9 ()./-]{7,20}[0-9]")
_PHONE_DIGITS = range(9, 16)
# The fields of a form and of the desk that are indexed.
_FOUND_BY = ("name", "email", "phone", "postcode")
LAST = {
    "sqlite": "SELECT rowid FROM message_words ORDER BY rowid DESC LIMIT 1",
    "postgresql": "SELECT message_id FROM message_words ORDER BY message_id DESC LIMIT 1",
}
_ADD = {
    "sqlite": text(
        "INSERT OR IGNORE INTO message_words (rowid, contact_id, words) VALUES (:message, :contact, :words)"
    ),
    "postgresql": text(
        "INSERT INTO message_words (message_id, contact_id, words) "
        "VALUES (:message, :contact, to_tsvector('simple', :words)) ON CONFLICT DO NOTHING"
    ),
}
_DROP = {
    "sqlite": text("DELETE FROM message_words WHERE rowid = :message"),
    "postgresql": text("DELETE FROM message_words WHERE message_id = :message"),
}
_INDEXED = {
    "sqlite": text("SELECT rowid FROM message_words WHERE rowid IN :ids"),
    "postgresql": text("SELECT message_id FROM message_words WHERE message_id IN :ids"),
}
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_KEY = {"sqlite": "rowid", "postgresql": "message_id"}
_MATCHING = {
    "sqlite": "SELECT rowid AS message_id, contact_id FROM message_words WHERE message_words MATCH :terms",
    "postgresql": "SELECT message_id, contact_id FROM message_words WHERE words @@ to_tsquery('simple', :terms)",
}
# The number of the contact comes first, so that it is read without the words, which may take many pages.
_MAKE = "CREATE VIRTUAL TABLE message_words USING fts5(contact_id UNINDEXED, words, tokenize='unicode61')"
_MERGE = text("INSERT INTO message_words (message_words, rank) VALUES ('merge', :pages)")
_WORDS = select(
    *(messages.c.id, messages.c.contact_id, messages.c.text, messages.c.fields, messages.c.sender_address),
    *(contacts.c.reference, contacts.c.sender_name, contacts.c.subject),
).join_from(messages, contacts)
_NEW = _WORDS.where(messages.c.id > bindparam("after")).order_by(messages.c.id).limit(ROWS_AT_ONCE)
_THESE = _WORDS.where(messages.c.id.in_(_IDS))


def terms_of(words: str) -> list[str]:
    """Return the search terms of words, in order: letters and digits, in lower case, without accents."""
    return _plain(words).split()


def searchable(words: str) -> str:
    """Return the search terms of words, and each phone number in them as one term, with spaces between them."""
    numbers = " ".join(number for _, number in _phones(words))
    return f"{_plain(words)} {numbers}"


def _plain(words: str) -> str:
    """Return the same with spaces between them."""
    if words.isascii():
        return _plain_ascii(words)
    # Most other texts have few parts that are not ASCII, and these recur.
    parts = _NOT_ASCII.split(words)
    parts[::2] = map(_plain_ascii, parts[::2])
    parts[1::2] = [_plain_often(p) if len(p) <= _LONGEST_PART_KEPT else _plain_other(p) for p in parts[1::2]]
    return "".join(parts)


def _plain_ascii(part: str) -> str:
    return part.encode("ascii").translate(_ASCII).decode("ascii")


def _plain_other(part: str) -> str:
    plain = unicodedata.normalize("NFKD", part.casefold())
    return _NO_TERM.sub(" ", "".join(c for c in plain if not unicodedata.combining(c)))


_plain_often = lru_cache(maxsize=4096)(_plain_other)


def index(connection: Connection) -> int:
    """Index the next messages that are not in the index yet; return their number."""
    # Without the lock, a message erased between reading and storing would be indexed again.
    direct.alone(connection, direct.WORDS)
    after = connection.execute(text(LAST[connection.dialect.name])).scalar() or 0
    rows = connection.execute(_NEW, {"after": after}).all()
    _insert(connection, rows)
    return len(rows)


def _insert(connection: Connection, rows: Sequence[Any]) -> None:
    if rows:
        name, sealed = connection.dialect.name, ring_of(connection.dialect) is not None
        documents = [_row(row, sealed=sealed) for row in rows]
        if name == "postgresql":  # a term has at most 2,046 bytes there; nobody looks for a longer one
            documents = [d | {"words": " ".join(term[:200] for term in d["words"].split())} for d in documents]
        connection.execute(_ADD[name], documents)


def _row(row: Any, *, sealed: bool) -> dict[str, Any]:
    open_words = f"{row.reference} {_parts(row.reference)}"
    sender = row.sender_address or ""
    texts = (sender, row.sender_name, row.subject, _field_words(row.fields), row.text[:_MOST_CHARACTERS])
    private_words = "" if sealed else " ".join(texts)
    all_words = f"{open_words} {private_words}"
    return {"message": row.id, "contact": row.contact_id, "words": searchable(all_words)}


def _parts(reference: str) -> str:
    """Return the ends of both halves of a reference, so that a middle piece finds it: 8VYG-K7M7 by YG-K."""
    return " ".join(half[start:] for half in reference.split("-")[1:] for start in (1, 2))


def _field_words(fields: str) -> str:
    if fields == "{}":  # the case of every mail
        return ""
    values = json.loads(fields)
    return " ".join(str(values[name]) for name in _FOUND_BY if name in values)


def _phones(text: str) -> Iterator[tuple[str, str]]:
    """Yield every phone number in the text as written, and as one term: 01632960888."""
    for match in _PHONE.finditer(text):
        plus = "+" if text[max(match.start() - 1, 0)] == "+" else ""
        number = re.sub(r"^\+44", "0", phones.normal(plus + match[0])).lstrip("+")
        if len(number) in _PHONE_DIGITS:
            yield match[0], number


def hits(connection: Connection, words: str, *, after: int | None = None) -> Subquery | None:
    """Return message and contact of every message with all of these words, the last possibly a beginning.

    Returns None where the words have no term. At most the newest MOST_LOOKED_THROUGH messages are searched, or those
    that follow the message `after`. Where words are encrypted, an address finds the contacts that began from it.
    """
    if ring_of(connection.dialect) is not None and (person := _person(words)):
        return _of_person(person, after)
    name = connection.dialect.name
    spellings = dict.fromkeys((words, _with_joined_phones(words)))
    ways = (_all_of(name, terms_of(spelling)[:_MOST_TERMS]) for spelling in spellings)
    alternatives = [f"({way})" for way in dict.fromkeys(ways) if way]
    if not alternatives:
        return None
    either = {"sqlite": " OR ", "postgresql": " | "}[name].join(alternatives)
    key = _KEY[name]
    range_clause = f" ORDER BY {key} DESC" if after is None else f" AND {key} > :after ORDER BY {key}"
    query = text(f"{_MATCHING[name]}{range_clause} LIMIT {MOST_LOOKED_THROUGH}").bindparams(terms=either)
    query = query if after is None else query.bindparams(after=after)
    return query.columns(column("message_id", BigInteger), column("contact_id", BigInteger)).subquery("hits")


def _person(words: str) -> str:
    """Return the address or telephone number that these words are, in the form in which people are known; else ""."""
    words = words.strip()
    if "@" in words and " " not in words:
        return phones.key(words)
    return phones.address(words) if _PHONE.fullmatch(words.removeprefix("+")) else ""


def _of_person(person: str, after: int | None) -> Subquery:
    query = select(messages.c.id.label("message_id"), messages.c.contact_id).join_from(messages, contacts)
    query = query.where(contacts.c.sender_key == person).limit(MOST_LOOKED_THROUGH)
    in_order = (
        query.order_by(messages.c.id.desc())
        if after is None
        else query.where(messages.c.id > after).order_by(messages.c.id)
    )
    return in_order.subquery("hits")


def _all_of(database: str, terms: list[str]) -> str:
    """Return all of the terms as a query of the database; the last may be a beginning."""
    if not terms:
        return ""
    return " AND ".join(f'"{term}"' for term in terms) + "*" if database == "sqlite" else " & ".join(terms) + ":*"


def _with_joined_phones(words: str) -> str:
    """Return the words with each phone number as one term."""
    for phone, number in _phones(words):
        words = words.replace(phone, f" {number} ")
    return words


def last_looked_at(connection: Connection, hits: Subquery) -> int | None:
    """Return the last message of these hits if the limit was reached, so that there may be others."""
    last = select(hits.c.message_id).limit(1).offset(MOST_LOOKED_THROUGH - 1)
    message_id: int | None = connection.execute(last).scalar()
    return message_id


def drop(connection: Connection, ids: Sequence[int]) -> None:
    """Remove messages from the index. On SQLite their words stay in its file until `tidy` has finished."""
    if ids:
        connection.execute(_DROP[connection.dialect.name], [{"message": message_id} for message_id in ids])


def renew(connection: Connection, ids: Sequence[int]) -> None:
    """Index messages again in their present form; those not in the index yet are left to `index`."""
    name = connection.dialect.name
    there = list(connection.execute(_INDEXED[name].bindparams(_IDS), {"ids": list(ids)}).scalars())
    drop(connection, there)
    _insert(connection, connection.execute(_THESE, {"ids": there}).all())


def tidy(connection: Connection, *, begin: bool) -> bool:
    """Remove deleted words from the disk, too, a few pages at a time; return whether there is more to do.

    Set `begin` for the first of several steps. A row that is deleted from FTS5 leaves its words in the index until its
    segment is rewritten. PostgreSQL's vacuum does so by itself.
    """
    if connection.dialect.name != "sqlite":
        return False
    before = _changes(connection)
    # sqlite.org/fts5.html, 6.8: a negative number begins to merge all parts; less than 2 changes: nothing is left.
    connection.execute(_MERGE, {"pages": -_PAGES_AT_ONCE if begin else _PAGES_AT_ONCE})
    return _changes(connection) - before >= 2


def _changes(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes)


def empty(connection: Connection) -> None:
    """Remove everything, also from the disk; the index is filled again afterwards."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("TRUNCATE message_words"))
        return
    connection.execute(text("DROP TABLE message_words"))
    connection.execute(text(_MAKE))
