"""Search over what people wrote: the database's own full text, filled in beside the logging and not within it.

The rows of the index carry the numbers of messages. Where words are sealed, only what is not (references, addresses) is
in it: an index of sealed words would give them away.
"""

import re
import unicodedata
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from bot.store.sealing import ring_of
from bot.store.tables import contacts, messages

ROWS_AT_ONCE = 500
MOST_FOUND = 2_000
_MOST_CHARACTERS = 20_000
_MOST_TERMS = 12
_TERM = re.compile(r"\w+")
_ASCII = {code: " " for code in range(128) if not _TERM.match(chr(code))}
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
        *(messages.c.id, messages.c.contact_id, messages.c.text, messages.c.sender_address),
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
    known = f"{row.reference} {row.sender_address or ''}"
    said = "" if sealed else f"{row.sender_name} {row.subject} {row.text[:_MOST_CHARACTERS]}"
    # PostgreSQL takes a term of at most 2,046 bytes; nobody looks for a longer one.
    terms = (term[:200] for term in terms_of(f"{known} {said}"))
    return {"message": row.id, "contact": row.contact_id, "words": " ".join(terms)}


def behind(connection: Connection) -> bool:
    """Whether something is not in the index yet."""
    last = connection.execute(_LAST[connection.dialect.name]).scalar() or 0
    return connection.execute(select(messages.c.id).where(messages.c.id > last).limit(1)).scalar() is not None


def find(connection: Connection, words: str) -> list[int]:
    """The contacts whose messages hold all of these words, the newest message first; the last may be a beginning."""
    terms = terms_of(words)[:_MOST_TERMS]
    if not terms:
        return []
    name = connection.dialect.name
    asked = {"sqlite": " ".join(f'"{term}"' for term in terms) + "*", "postgresql": " & ".join(terms) + ":*"}
    rows = connection.execute(_FIND[name], {"terms": asked[name], "most": MOST_FOUND}).scalars()
    return list(dict.fromkeys(int(contact_id) for contact_id in rows))


def drop(connection: Connection, ids: list[int]) -> None:
    """Take messages out of the index."""
    if ids:
        connection.execute(_DROP[connection.dialect.name], [{"message": message_id} for message_id in ids])


def empty(connection: Connection) -> None:
    """Take everything out; it is filled anew."""
    connection.execute(text("DELETE FROM message_words"))
