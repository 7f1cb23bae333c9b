"""Staff write down what people said and what was done about it, look at it, publish it, and withdraw it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from bot.core import improvements, threads
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.core.improvements import MOST_CHARACTERS, MOST_CONTACTS, Improvement, Stage
from bot.core.languages import LANGUAGES
from bot.flows import board
from bot.flows.changes.refusals import Kind, Refused, short_text
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, queue
from bot.store import improvements as stored


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed; `day` is None where it is no day, `references` names the contacts, with anything between."""

    problem: str = ""
    remedy: str = ""
    service: str = ""
    language: str = "en"
    day: date | None = None
    references: str = ""


def write(connection: Connection, entry: Entry, number: int, visitor: Visitor, now: datetime, book: Rulebook) -> int:
    """Store a draft: a new one, or that of this number, which is not published; return its number. Raises Refused."""
    before = _entry(connection, number) if number else None
    if before is not None and before.state == Stage.PUBLISHED:
        raise Refused("it is published: withdraw it first")
    problem, remedy = (short_text(text, name, MOST_CHARACTERS) for name, text in _texts(entry))
    day = _day(entry, now, book)
    if entry.service and entry.service not in book.intake.router.services:
        raise Refused("choose one of the services", "service")
    if entry.language not in LANGUAGES:
        raise Refused("choose the language in which it is written", "language")
    ties = _ties(connection, entry.references, visitor, book)
    _refuse_persons(problem, remedy, ties, book)
    identity = (problem, remedy, day, entry.service, entry.language, visitor.actor, now)
    draft = Improvement(*identity, contact_ids=tuple(tie.id for tie in ties), id=number)
    if before is None:
        number = stored.add(connection, draft)
    else:
        stored.change(connection, draft)
    _note(connection, EventKind.IMPROVEMENT_WRITTEN, number, visitor, now)
    return number


def _texts(entry: Entry) -> tuple[tuple[str, str], tuple[str, str]]:
    """Both texts by the names of their fields. Raises Refused where one is missing."""
    texts = (("problem", entry.problem), ("remedy", entry.remedy))
    for name, text in texts:
        if not text.strip():
            raise Refused("write what people said" if name == "problem" else "write what was done", name)
    return texts


def _day(entry: Entry, now: datetime, book: Rulebook) -> date:
    if entry.day is None:
        raise Refused("enter the day on which it was done, such as 24/12/2026", "day")
    if entry.day > book.clocks.today(now):
        raise Refused("that day is in the future: write it when it is done", "day")
    return entry.day


def publish(connection: Connection, number: int, visitor: Visitor, now: datetime, book: Rulebook) -> None:
    """Let everybody read it. Raises Refused, also where it names somebody whose contact was tied since."""
    entry = _entry(connection, number)
    if entry.state == Stage.PUBLISHED:
        raise Refused("it is published already")
    ties = list(contacts.with_id(connection, entry.contact_ids).values())
    _refuse_persons(entry.problem, entry.remedy, ties, book)
    board.change(connection, now)
    stored.change(connection, replace(entry, state=Stage.PUBLISHED, published_by=visitor.actor, published_at=now))
    _note(connection, EventKind.IMPROVEMENT_PUBLISHED, number, visitor, now)


def withdraw(connection: Connection, number: int, visitor: Visitor, now: datetime) -> None:
    """Take it off the public page; it may be put right and published anew. Raises Refused."""
    entry = _entry(connection, number)
    if entry.state != Stage.PUBLISHED:
        raise Refused("it is not published")
    board.change(connection, now)
    stored.change(connection, replace(entry, state=Stage.WITHDRAWN))
    _note(connection, EventKind.IMPROVEMENT_WITHDRAWN, number, visitor, now)


def references_of(connection: Connection, entry: Improvement) -> tuple[str, ...]:
    """The references of the contacts that it came from."""
    return tuple(contact.reference for contact in contacts.with_id(connection, entry.contact_ids).values())


def _entry(connection: Connection, number: int) -> Improvement:
    entry = stored.find(connection, number, is_locked=True)
    if entry is None:
        raise Refused("there is no such entry", kind=Kind.UNKNOWN)
    return entry


def _ties(connection: Connection, references: str, visitor: Visitor, book: Rulebook) -> list[Contact]:
    """The contacts that were named, each of them one that the visitor sees. Raises Refused."""
    names = threads.references_in(references, book.prefix)
    if len(names) > MOST_CONTACTS:
        raise Refused(f"name {MOST_CONTACTS} contacts at most", "references")
    if references.strip() and not names:
        raise Refused("that is no reference of a contact", "references")
    matches = [queue.visible(connection, name, visitor.scope) for name in names]
    if unknown := [name for name, match in zip(names, matches, strict=True) if match is None]:
        raise Refused(f"there is no contact {unknown[0]}", "references")
    return [match for match in matches if match is not None]


def _refuse_persons(problem: str, remedy: str, ties: Sequence[Contact], book: Rulebook) -> None:
    """Raise Refused where a text could show who somebody is."""
    names = [contact.sender_name for contact in ties]
    for name, text in (("problem", problem), ("remedy", remedy)):
        reasons = tuple(improvements.identifies(text, book.prefix, names))
        if reasons:
            raise Refused(f"everybody will read it, so leave out {', '.join(reasons)}", name)


def _note(connection: Connection, kind: EventKind, number: int, visitor: Visitor, now: datetime) -> None:
    contacts.note(connection, [Event(None, now, kind, visitor.actor, {"number": number})])
