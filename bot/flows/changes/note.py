"""Staff write a note for one another. The person is never sent it, it is no answer, and no clock knows of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core import mentions
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.core.mentions import Colleague, Mentions
from bot.flows.changes import refusals
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, notes, outbox, staff
from bot.store.staff import Account

FIELD = "words"
_MOST_SHOWN = 40


def note(
    connection: Connection, contact: Contact, words: str, actor: str, now: datetime, book: Rulebook
) -> tuple[str, ...]:
    """Keep a note, alert the colleagues whom it names, and return their names. Raises Refused."""
    words = refusals.short_text(words, FIELD)
    if not words:
        raise Refused("write the note", FIELD)
    if contact.forgotten:
        raise Refused("its words are gone already, and a note would stay for ever", FIELD, Kind.CONFLICT)
    last = notes.of(connection, [contact.id], 1)
    if last and (last[0].words, last[0].actor) == (words, actor):
        raise Refused("that note stands there already", FIELD, Kind.CONFLICT)
    people = _people_in(connection, contact, words, actor, book)
    addresses = [account.address for account in people]
    details = {notes.WORDS: words, **({notes.NAMED: addresses} if addresses else {})}
    contacts.note(connection, [Event(contact.id, now, EventKind.NOTE, actor, details)])
    outbox.queue(connection, alert.mentions(contact, addresses, now, book))
    return tuple(account.name for account in people)


def _people_in(connection: Connection, contact: Contact, words: str, actor: str, book: Rulebook) -> list[Account]:
    """The accounts that a note names, but not its writer's. Raises Refused where one is nobody's, or may not see it."""
    if "@" not in words:
        return []
    accounts = {account.address: account for account in staff.list_all(connection) if account.disabled_at is None}
    colleagues = [Colleague(account.address, account.name) for account in accounts.values()]
    in_words = mentions.mentions_in(words, colleagues)
    _refuse(in_words)
    people = [accounts[address] for address in in_words.addresses if f"staff:{address}" != actor]
    blind = [a.name for a in people if not book.outgoing.scope(a.teams).sees(contact.team)]
    if blind:
        reason = f"{_enumeration(blind, 'and')} cannot see this contact, which is another team's: hand it over instead"
        raise Refused(reason, FIELD)
    return people


def _refuse(in_words: Mentions) -> None:
    """Raise Refused for a name that is nobody's or several people's, and for too many."""
    for word, alike in in_words.unclear:
        people = [f"{colleague.name} (@{colleague.address})" for colleague in alike]
        question = f"did you mean {_enumeration(people, 'or')}?" if people else "write the address, or leave the @ out"
        raise Refused(f"@{word[:_MOST_SHOWN]} is no one colleague: {question}", FIELD)
    if len(in_words.addresses) > mentions.MOST:
        raise Refused(f"a note can name {mentions.MOST} colleagues at most", FIELD)


def _enumeration(names: Iterable[str], word: str) -> str:
    *first, last = list[str](names)
    return f"{', '.join(first)} {word} {last}" if first else last


def sentence(names: Sequence[str]) -> str:
    """The sentence for whoever wrote a note that names these."""
    return f"The note is kept, and {_enumeration(names, 'and')} will hear of it." if names else "The note is kept."
