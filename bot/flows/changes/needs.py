"""What a person needs of us, kept by every address of theirs and shown on everything that is theirs."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.core import phones
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.flows.changes.refusals import Kind, Refused, short_text
from bot.store import contacts, links, needs
from bot.store.needs import Needs

SEPARATOR = "; "
FIELD, MOST_CHARACTERS = "needs", 500
USUAL = ("Large print", "Braille", "Easy Read", "British Sign Language", "Call instead of writing", "More time")


def needs_of(connection: Connection, contact_id: int) -> Needs | None:
    """What the person of this contact needs, wherever it was noted: on it, on its links, by one of their addresses."""
    return needs.of(connection, _keys(connection, links.group(connection, contact_id)))


def note_needs(connection: Connection, contact: Contact, words: str, actor: str, now: datetime) -> None:
    """Keep it by each address of the person, and with the contact where there is none; no words take it away.

    Raises Refused.
    """
    words = validate(words)
    if contact.forgotten:
        reason = "its words are gone already, and who wrote them is not known any more"
        raise Refused(reason, FIELD, Kind.CONFLICT)
    _keep(connection, contact, words, actor, now)


def add_needs(connection: Connection, contact: Contact, words: str, actor: str, now: datetime) -> None:
    """Keep it beside what is noted for the person already, each need once. Raises Refused."""
    stored = needs_of(connection, contact.id)
    before = stored.needs if stored else ""
    together = _together(before, validate(words))
    if together != before:
        _keep(connection, contact, together, actor, now)


def validate(words: str) -> str:
    """What was typed, without spaces around it. Raises Refused for what is too long to stand above every message."""
    return short_text(words, FIELD, MOST_CHARACTERS)


def _keep(connection: Connection, contact: Contact, words: str, actor: str, now: datetime) -> None:
    if words:
        own = needs.keys_of(connection, [contact.id])[contact.id]
        needs.note(connection, own or {needs.key_of_contact(contact.id)}, Needs(words, actor, now))
    else:
        needs.drop(connection, _keys(connection, links.group(connection, contact.id)))
    # What they are stands in one place, and goes with the person.
    contacts.note(connection, [Event(contact.id, now, EventKind.NEEDS_NOTED, actor)])


def person_of(connection: Connection, contact: Contact) -> Mapping[str, str]:
    """Name, email address and telephone of a person, as far as this contact tells."""
    person = {"name": contact.sender_name, "email": "", "phone": ""}
    for key in sorted(needs.keys_of(connection, [contact.id])[contact.id], reverse=True):
        is_phone = key.startswith(phones.PREFIX)
        if is_phone or "@" in key:
            person["phone" if is_phone else "email"] = key.removeprefix(phones.PREFIX)
    return person


def usual_and_other(words: str) -> tuple[list[str], str]:
    """Which of the usual needs are noted, and what else."""
    parts = words.split(SEPARATOR) if words else []
    return [need for need in parts if need in USUAL], SEPARATOR.join(need for need in parts if need not in USUAL)


def _together(words: str, addition: str) -> str:
    parts = [part for text in (words, addition) if text for part in text.split(SEPARATOR)]
    return SEPARATOR.join(dict.fromkeys(parts))


def _keys(connection: Connection, ids: set[int]) -> set[str]:
    of_contacts = needs.keys_of(connection, ids)
    return {key for keys in of_contacts.values() for key in keys} | {needs.key_of_contact(number) for number in ids}
