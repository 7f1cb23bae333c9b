"""Search over what people wrote: the database's own full text, filled in beside the logging and not within it.

The rows of the index carry the numbers of messages. Where words are sealed, only what is not (references, addresses) is
in it: an index of sealed words would give them away.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Subquery, bindparam, column, select, text

from bot.core import phones
from bot.store import direct
from bot.store.column_types import ring_of
from bot.store.tables import contacts, messages

ROWS_AT_ONCE = 500
# Of very common words; so many are read in 30 ms.
MOST_LOOKED_THROUGH = 10_000
_PAGES_AT_ONCE = 100
_MOST_CHARACTERS = 20_000
_MOST_TERMS = 12
_TERM = re.compile(r"[^\W_]+")  # both databases part words there
_ASCII = {code: " " for code in range(128) if not _TERM.match(chr(code))}
# A phone number as people write it, with its brackets, spaces and hyphens.
_PHONE = re.compile(r"[0-9][0-9 ()./-]{7,20}[0-9]")
_PHONE_DIGITS = range(9, 16)
# Of the fields of a form and of the desk.
_FOUND_BY = ("name", "email", "phone", "postcode")
_LAST = {
    "sqlite": text("SELECT rowid FROM message_words ORDER BY rowid DESC LIMIT 1"),
    "postgresql": text("SELECT message_id FROM message_words ORDER BY message_id DESC LIMIT 1"),
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
_THERE = {
    "sqlite": text("SELECT rowid FROM message_words WHERE rowid IN :ids"),
    "postgresql": text("SELECT message_id FROM message_words WHERE message_id IN :ids"),
}
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_KEY = {"sqlite": "rowid", "postgresql": "message_id"}
_HOLDING = {
    "sqlite": "SELECT rowid AS message_id, contact_id FROM message_words WHERE message_words MATCH :terms",
    "postgresql": "SELECT message_id, contact_id FROM message_words WHERE words @@ to_tsquery('simple', :terms)",
}
# With the number of the contact first it is read without the words, which may lie on many pages.
_MAKE = "CREATE VIRTUAL TABLE message_words USING fts5(contact_id UNINDEXED, words, tokenize='unicode61')"
_MERGE = text("INSERT INTO message_words (message_words, rank) VALUES ('merge', :pages)")
_WORDS = select(
    *(messages.c.id, messages.c.contact_id, messages.c.text, messages.c.fields, messages.c.sender_address),
    *(contacts.c.reference, contacts.c.sender_name, contacts.c.subject),
).join_from(messages, contacts)
_NEW = _WORDS.where(messages.c.id > bindparam("after")).order_by(messages.c.id).limit(ROWS_AT_ONCE)
_THESE = _WORDS.where(messages.c.id.in_(_IDS))


def terms_of(words: str) -> list[str]:
    """The terms by which words are found, in their order: letters and digits, small, without accents."""
    return _plain(words).split()


def _plain(words: str) -> str:
    """The same with spaces between them."""
    if words.isascii():  # nine mails of ten, in a tenth of the time
        return words.lower().translate(_ASCII)
    plain = unicodedata.normalize("NFKD", words.casefold())
    return " ".join(_TERM.findall("".join(c for c in plain if not unicodedata.combining(c))))


def index(connection: Connection) -> int:
    """Take in the next messages that are not in the index yet; how many there were."""
    # What is erased between reading it and storing it would be there again.
    direct.alone(connection, direct.WORDS)
    after = connection.execute(_LAST[connection.dialect.name]).scalar() or 0
    rows = connection.execute(_NEW, {"after": after}).all()
    _take_in(connection, rows)
    return len(rows)


def _take_in(connection: Connection, rows: Sequence[Any]) -> None:
    if rows:
        name, sealed = connection.dialect.name, ring_of(connection.dialect) is not None
        taken = [_row(row, sealed=sealed) for row in rows]
        if name == "postgresql":  # it takes a term of at most 2,046 bytes; nobody looks for a longer one
            taken = [one | {"words": " ".join(term[:200] for term in one["words"].split())} for one in taken]
        connection.execute(_ADD[name], taken)


def _row(row: Any, *, sealed: bool) -> dict[str, Any]:
    known = f"{row.reference} {_parts(row.reference)} {row.sender_address or ''}"
    said = "" if sealed else f"{row.sender_name} {row.subject} {_typed(row.fields)} {row.text[:_MOST_CHARACTERS]}"
    whole = f"{known} {said}"
    numbers = " ".join(number for _, number in _phones(whole))
    return {"message": row.id, "contact": row.contact_id, "words": f"{_plain(whole)} {numbers}"}


def _parts(reference: str) -> str:
    """The ends of both halves of a reference, so that a piece from its middle finds it: 8VYG-K7M7 by YG-K."""
    return " ".join(half[start:] for half in reference.split("-")[1:] for start in (1, 2))


def _typed(fields: str) -> str:
    if fields == "{}":  # as every mail has it
        return ""
    found = json.loads(fields)
    return " ".join(str(found[name]) for name in _FOUND_BY if name in found)


def _phones(text: str) -> Iterator[tuple[str, str]]:
    """Every phone number in the text as it is written there, and as one term: 01632960888."""
    for match in _PHONE.finditer(text):
        plus = "+" if text[max(match.start() - 1, 0)] == "+" else ""
        number = re.sub(r"^\+44", "0", phones.normal(plus + match[0])).lstrip("+")
        if len(number) in _PHONE_DIGITS:
            yield match[0], number


def behind(connection: Connection) -> bool:
    """Whether something is not in the index yet."""
    last = connection.execute(_LAST[connection.dialect.name]).scalar() or 0
    return connection.execute(select(messages.c.id).where(messages.c.id > last).limit(1)).scalar() is not None


def hits(connection: Connection, words: str, *, after: int | None = None) -> Subquery | None:
    """Message and contact of what holds all of these words, the last also as a beginning; None: they hold nothing.

    The newest MOST_LOOKED_THROUGH messages, or those that follow on the message `after`.
    """
    name = connection.dialect.name
    ways = (_all_of(name, terms_of(one)[:_MOST_TERMS]) for one in dict.fromkeys((words, _joined(words))))
    asked = [f"({one})" for one in dict.fromkeys(ways) if one]
    if not asked:
        return None
    either = {"sqlite": " OR ", "postgresql": " | "}[name].join(asked)
    key = _KEY[name]
    which = f" ORDER BY {key} DESC" if after is None else f" AND {key} > :after ORDER BY {key}"
    query = text(f"{_HOLDING[name]}{which} LIMIT {MOST_LOOKED_THROUGH}").bindparams(terms=either)
    query = query if after is None else query.bindparams(after=after)
    return query.columns(column("message_id", BigInteger), column("contact_id", BigInteger)).subquery("hits")


def _all_of(database: str, terms: list[str]) -> str:
    """All of the terms in the database's own words; the last may be a beginning."""
    if not terms:
        return ""
    return " AND ".join(f'"{term}"' for term in terms) + "*" if database == "sqlite" else " & ".join(terms) + ":*"


def _joined(words: str) -> str:
    """The words with each phone number as one term."""
    for written, number in _phones(words):
        words = words.replace(written, f" {number} ")
    return words


def last_looked_at(connection: Connection, found: Subquery) -> int | None:
    """The last message of these hits where they are as many as are looked through, so that there may be others."""
    last = select(found.c.message_id).limit(1).offset(MOST_LOOKED_THROUGH - 1)
    message_id: int | None = connection.execute(last).scalar()
    return message_id


def drop(connection: Connection, ids: Sequence[int]) -> None:
    """Take messages out of the index. On SQLite their words stay in its file until `tidy` has come to its end."""
    if ids:
        connection.execute(_DROP[connection.dialect.name], [{"message": message_id} for message_id in ids])


def renew(connection: Connection, ids: Sequence[int]) -> None:
    """Take messages in once more as they are now; what is not in the index yet is left to `index`."""
    name = connection.dialect.name
    there = list(connection.execute(_THERE[name].bindparams(_IDS), {"ids": list(ids)}).scalars())
    drop(connection, there)
    _take_in(connection, connection.execute(_THESE, {"ids": there}).all())


def tidy(connection: Connection, *, begin: bool) -> bool:
    """Bring what was taken out away from the disk, too, a few pages at a time; whether there is more to do.

    `begin` with the first of several steps. A row that is deleted from FTS5 leaves its words in the index until the
    part that they stand in is written anew. PostgreSQL's vacuum does so by itself.
    """
    if connection.dialect.name != "sqlite":
        return False
    before = _changes(connection)
    # sqlite.org/fts5.html, 6.8: a negative number begins to merge all parts; less than 2 changes: there is no more.
    connection.execute(_MERGE, {"pages": -_PAGES_AT_ONCE if begin else _PAGES_AT_ONCE})
    return _changes(connection) - before >= 2


def _changes(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes)


def empty(connection: Connection) -> None:
    """Take everything out, from the disk, too; it is filled anew."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("TRUNCATE message_words"))
        return
    connection.execute(text("DROP TABLE message_words"))
    connection.execute(text(_MAKE))
