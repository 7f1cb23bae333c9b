"""One person's contacts in one place, across addresses and numbers, each row only for who may see its contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core import phones
from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.flows.changes import needs
from bot.flows.desk import wishes
from bot.flows.desk.wishes import WishView
from bot.flows.rulebook import Rulebook
from bot.render.words import date_in_words
from bot.store import glances, links, people, queue
from bot.store.people import Person
from bot.wire.mail import quoting

MOST_ON_A_PAGE = 50
_MOST_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Row:
    """One contact: how it begins, how it stands or ended and by when, and why it is taken for this person's."""

    contact: Contact
    words: str
    standing: str
    due_at: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """What is known of the person of `contact`, of one page of `pages`, the newest first.

    `unseen` counts contacts that this reader may not see; `is_cut`: there are more than are looked at. `addresses` and
    `numbers` are those of the contacts that the reader sees.
    """

    contact: Contact
    rows: tuple[Row, ...]
    unseen: int
    is_cut: bool
    wishes: WishView
    name: str
    addresses: tuple[str, ...]
    numbers: tuple[str, ...]
    page: int
    pages: int


def show(
    connection: Connection,
    reference: str,
    scope: Scope,
    now: datetime,
    book: Rulebook,
    *,
    page: int = 1,
    most: int = MOST_ON_A_PAGE,
) -> PersonView | None:
    """The person of this contact; None where there is none, or none that this scope sees."""
    contact = queue.visible(connection, reference, scope)
    if contact is None:
        return None
    person = people.of(connection, contact.id)
    visible = [entry for entry in person.contacts if scope.sees(entry.team)]
    part = visible[(page - 1) * most : page * most]
    glance = glances.of(connection, part, now)
    tied = links.around(connection, [contact.id])
    own_keys = person.keys[contact.id]
    addresses, numbers = _addresses_and_numbers(person, visible)
    return PersonView(
        contact=contact,
        rows=tuple(
            _row(entry, glance[entry.id].words, _because(entry, contact, tied, own_keys & person.keys[entry.id]), book)
            for entry in part
        ),
        unseen=len(person.contacts) - len(visible),
        is_cut=person.is_cut,
        wishes=wishes.of(contact, needs.needs_of(connection, contact.id)),
        name=contact.sender_name,
        addresses=addresses,
        numbers=numbers,
        page=page,
        pages=max(1, -(-len(visible) // most)),
    )


def _addresses_and_numbers(person: Person, visible: Sequence[Contact]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What these contacts say of how the person is reached."""
    keys = sorted({key for entry in visible for key in person.keys[entry.id]})
    numbers = tuple(key.removeprefix(phones.PREFIX) for key in keys if key.startswith(phones.PREFIX))
    return tuple(key for key in keys if not key.startswith(phones.PREFIX)), numbers


def _row(contact: Contact, text: str, because: str, book: Rulebook) -> Row:
    words = " ".join(quoting.new_words(text).split())
    beginning = words if len(words) <= _MOST_CHARACTERS else f"{words[:_MOST_CHARACTERS]}…"
    due_at = contact.due_at if contact.state == State.OPEN else None
    return Row(contact, beginning, _standing(contact, book), due_at, because)


def _standing(contact: Contact, book: Rulebook) -> str:
    """How it stands, or how it ended, in words."""
    if contact.merged_into is not None:
        return "Goes on in another one"
    if contact.state == State.ANSWERED and contact.responded_at is not None:
        day = book.clocks.today(contact.responded_at)
        is_late = contact.respond_by is not None and contact.responded_at > contact.respond_by
        return f"Answered on {date_in_words(day)}{', late' if is_late else ''}"
    if contact.state == State.OPEN:
        return "Open, waits for the person" if contact.paused_at is not None else "Open"
    return "Closed" if contact.state == State.CLOSED else "Logged, no answer owed"


def _because(contact: Contact, opened: Contact, tied: set[int], common_keys: frozenset[str]) -> str:
    """Why it is taken for the same person's."""
    if contact.id == opened.id:
        return "This one"
    if contact.id in tied:
        return "Tied by staff, or goes on with it"
    if contact.sender_key is not None and contact.sender_key == opened.sender_key:
        return "Same address or number"
    return "Gave the same address or number" if common_keys else "By way of another of these"
