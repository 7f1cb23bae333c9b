"""Search over what people wrote: the database's own full text, filled in beside the logging and not within it.

The rows of the index carry the numbers of messages. Where words are sealed, only what is not (references, addresses) is
in it: an index of sealed words would give them away.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from bot.core import phones
from bot.store.sealing import ring_of
from bot.store.tables import contacts, messages

ROWS_AT_ONCE = 500
MOST_FOUND = 2_000
_MOST_CHARACTERS = 20_000
_MOST_TERMS = 12
_TERM = re.compile(r"\w+")
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
_FIND = {
    "sqlite": text(
        "SELECT contact_id FROM message_words WHERE message_words MATCH :terms ORDER BY rowid DESC LIMIT :most"
    ),
    "postgresql": text(
        "SELECT contact_id FROM message_words WHERE words @@ to_tsquery('simple', :terms) "
        "ORDER BY message_id DESC LIMIT :most"
    ),
}
_NEW = (
    select(
        *(messages.c.id, messages.c.contact_id, messages.c.text, messages.c.fields, messages.c.sender_address),
        *(contacts.c.reference, contacts.c.sender_name, contacts.c.subject),
    )
    .join_from(messages, contacts)
    .where(messages.c.id > bindparam("after"))
    .order_by(messages.c.id)
    .limit(ROWS_AT_ONCE)
)


def terms_of(words: str) -> list[str]:
    """The terms by which words are found, in their order: letters and digits, small, without accents."""
    if words.isascii():  # nine mails of ten, in a third of the time
        return words.lower().translate(_ASCII).split()
    plain = unicodedata.normalize("NFKD", words.casefold())
    return _TERM.findall("".join(c for c in plain if not unicodedata.combining(c)))


def index(connection: Connection) -> int:
    """Take in the next messages that are not in the index yet; how many there were."""
    name = connection.dialect.name
    after = connection.execute(_LAST[name]).scalar() or 0
    rows = connection.execute(_NEW, {"after": after}).all()
    if rows:
        sealed = ring_of(connection.dialect) is not None
        connection.execute(_ADD[name], [_row(row, sealed=sealed) for row in rows])
    return len(rows)


def _row(row: Any, *, sealed: bool) -> dict[str, Any]:
    known = f"{row.reference} {_parts(row.reference)} {row.sender_address or ''}"
    said = "" if sealed else f"{row.sender_name} {row.subject} {_typed(row.fields)} {row.text[:_MOST_CHARACTERS]}"
    # PostgreSQL takes a term of at most 2,046 bytes; nobody looks for a longer one.
    whole = f"{known} {said}"
    terms = (term[:200] for term in (*terms_of(whole), *(number for _, number in _phones(whole))))
    return {"message": row.id, "contact": row.contact_id, "words": " ".join(terms)}


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


def find(connection: Connection, words: str) -> list[int]:
    """The contacts whose messages hold all of these words, the newest message first; the last may be a beginning."""
    name = connection.dialect.name
    ways = (_all_of(name, terms_of(one)[:_MOST_TERMS]) for one in dict.fromkeys((words, _joined(words))))
    asked = [one for one in ways if one]
    if not asked:
        return []
    either = {"sqlite": " OR ", "postgresql": " | "}[name].join(f"({one})" for one in dict.fromkeys(asked))
    rows = connection.execute(_FIND[name], {"terms": either, "most": MOST_FOUND}).scalars()
    return list(dict.fromkeys(int(contact_id) for contact_id in rows))


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


def drop(connection: Connection, ids: list[int]) -> None:
    """Take messages out of the index."""
    if ids:
        connection.execute(_DROP[connection.dialect.name], [{"message": message_id} for message_id in ids])


def empty(connection: Connection) -> None:
    """Take everything out; it is filled anew."""
    connection.execute(text("DELETE FROM message_words"))
