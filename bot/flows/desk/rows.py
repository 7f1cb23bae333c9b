"""The rows of a list of contacts, as staff recognise them: who wrote what, what it is about, how long is left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.needs import ANSWERS_BY_HAND
from bot.flows.changes.formats import is_wish_for_another
from bot.flows.desk.next_due import Due, next_due
from bot.flows.desk.page_size import fit
from bot.flows.desk.wishes import language_name
from bot.flows.rulebook import Rulebook
from bot.flows.titles import Titles
from bot.store import glances
from bot.store.glances import Glance
from bot.wire.mail import quoting

# A page holds fifty rows in 100 KB.
MOST_BYTES_OF_WORDS, MOST_BYTES_OF_A_TITLE = 240, 160


@dataclass(frozen=True, slots=True)
class Row:
    """One contact. `tags` are the style and the words of each; `about` and `way` are titles, `holder` is who has it."""

    contact: Contact
    due: Due | None
    tags: tuple[tuple[str, str], ...]
    subject: str
    words: str
    about: str
    way: str
    team: str
    holder: str
    why: str


def of(
    connection: Connection, contacts: tuple[Contact, ...], reader: str, now: datetime, book: Rulebook
) -> tuple[Row, ...]:
    """The rows of these contacts as `reader`, an address of staff, sees them."""
    by_contact, titles = glances.of(connection, contacts, now), Titles(book)
    return tuple(_row(contact, by_contact[contact.id], reader, titles, now) for contact in contacts)


def _row(contact: Contact, glance: Glance, reader: str, titles: Titles, now: datetime) -> Row:
    due = next_due(contact, now, titles.book)
    return Row(
        contact=contact,
        due=due,
        tags=tuple(_tags(contact, glance, due, reader)),
        subject=_one_line(contact.subject, MOST_BYTES_OF_A_TITLE),
        words=_one_line(quoting.new_words(glance.words), MOST_BYTES_OF_WORDS),
        about=titles.about(contact),
        way=titles.way(contact),
        team=titles.team(contact.team),
        holder="you" if contact.owner == reader else contact.owner,
        why=glance.error if glance.error is not None else contact.reason,
    )


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    short = fit(line, most)
    return line if short == line else f"{short.rstrip()}…"


def _tags(contact: Contact, glance: Glance, due: Due | None, reader: str) -> Iterator[tuple[str, str]]:
    """What stands beside the contact, the most pressing first: the style of the tag, and its words."""
    if contact.urgent_at is not None:
        yield "urgent", "Urgent"
    if due is not None and due.urgency:
        yield due.urgency, due.urgency.capitalize()
    if glance.error is not None:
        yield "late", "Not delivered"
    if contact.paused_at is not None:
        yield "paused", "Paused"
    yield from _wishes(contact, glance)
    if glance.is_answered_now:
        yield "muted", "An answer is leaving"
    colleagues = [writer for writer in glance.writers if writer != reader]
    if colleagues:
        yield "muted", f"{colleagues[0]} is writing"
    elif contact.owner and contact.owner != reader:
        yield "muted", "A colleague has it"
    if contact.state != State.OPEN:
        yield "muted", contact.state.capitalize()


def _wishes(contact: Contact, glance: Glance) -> Iterator[tuple[str, str]]:
    """How its person is written to, and what staff have to make for them."""
    if glance.has_formats:
        yield "late", "To be made"
    if contact.responded_at is None and glance.prefers in ANSWERS_BY_HAND:
        yield "paused", f"Wants {ANSWERS_BY_HAND[glance.prefers]}"
    if is_wish_for_another(contact.wished_language):
        yield "paused", language_name(contact.wished_language)
    if contact.need_codes or (glance.has_needs and not contact.wished_language):
        yield "paused", "Needs"
