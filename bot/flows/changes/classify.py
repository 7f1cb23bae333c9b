"""Staff say what a contact is about: its service, its kind, its area. The promise in force at receipt follows.

Of one that is answered or closed only that changes, for the figures and the time of keeping: the promise that was made,
and whether it was kept, stay as they were.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.books import Matter
from bot.core.contacts import Contact, State
from bot.core.events import Event, EventKind
from bot.core.histories import Clocks
from bot.core.standards import Standard
from bot.core.suggestions import in_brackets
from bot.flows.changes import refusals
from bot.flows.changes.adjust import steps_behind, tell_later
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import contacts, merging

Values = dict[str, Any]
# Where no service is configured, one may be named all the same.
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
REASON = "We now know better what you wrote about. Another time to answer is set for that."


@dataclass(frozen=True, slots=True)
class Classified:
    """It is done: the standard that applies, and both dates.

    `why_not` says why no message reaches the person, who knows of an earlier date; "" where it does, or none is needed.
    `is_finished`: it was answered or closed, so that its promise and its dates stay as they were.
    """

    standard: Standard
    before: datetime | None
    after: datetime | None
    why_not: str = ""
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What a contact is about; None leaves it as it is."""

    service: str | None = None
    kind: str | None = None
    area: str | None = None


def classify(
    connection: Connection, reference: str, about: About, actor: str, now: datetime, book: Rulebook
) -> Classified:
    """Choose the standard anew, as it was in force on the day of receipt; not of a finished contact. Raises Refused."""
    contact = refusals.contact_of(connection, reference)
    refusals.refuse_merged(connection, contact)
    if contact.state == State.LOGGED:
        raise Refused(f"{reference} is logged, and nothing was ever owed: acknowledge it first")
    matter = _matter(contact, about, book)
    _refuse(contact, matter, book)
    if contact.state != State.OPEN:
        return _classify_finished(connection, contact, matter, actor, now, book)
    standard = book.clocks.promises.choose(matter, book.clocks.default_calendar.day_of(contact.received_at))
    history = contacts.clock_events(connection, [contact.id]).get(contact.id, [])

    contact_after = replace(
        contact,
        service=matter.service or None,
        kind=matter.kind,
        area=matter.area,
        standard=standard.id,
        standard_version=standard.version,
        promise=str(standard.respond or ""),
        calendar=standard.calendar,
        receipt_rule=str(standard.receipt),
        acknowledged_by=standard.acknowledged_by,
    )
    clocks = book.clocks.of(contact_after, history)
    after = clocks.respond.due if clocks.respond else None
    if not contacts.change(connection, contact, _columns(contact_after, clocks, now, book)):
        raise refusals.collision(reference)
    contacts.note(connection, [_event(contact, contact_after, clocks, actor, now)])
    why_not = _tell_if_later(connection, contact, after, now, book)
    return Classified(standard, contact.respond_by, after, why_not)


def _classify_finished(
    connection: Connection, contact: Contact, matter: Matter, actor: str, now: datetime, book: Rulebook
) -> Classified:
    """Change what a contact was about that is answered or closed. Raises Refused."""
    # Who forgets it, or opens it again, at this moment is waited for.
    current = merging.lock(connection, [contact.id])[contact.id]
    if current.state != contact.state or current.merged_into is not None:
        raise refusals.collision(contact.reference)
    if current.forgotten:
        raise Refused("its words are gone already, so nobody can tell any more what it was about")
    topic: Values = {"service": matter.service or None, "kind": matter.kind, "area": matter.area}
    contacts.put(connection, contact.id, topic)
    details = {"after_answer": True, **_topics(current, replace(current, **topic))}
    contacts.note(connection, [Event(contact.id, now, EventKind.CLASSIFIED, actor, details)])
    standard = book.clocks.standard_of(current)
    return Classified(standard, current.respond_by, current.respond_by, is_finished=True)


def _refuse(contact: Contact, matter: Matter, book: Rulebook) -> None:
    """Raise Refused for what no contact can be about; what it is about already may stay."""
    for name, before in (("service", contact.service or ""), ("kind", contact.kind), ("area", contact.area)):
        value = getattr(matter, name)
        if value != before and (reason := why_unknown(name, value, book)):
            raise Refused(reason, name)


def _columns(contact_after: Contact, clocks: Clocks, now: datetime, book: Rulebook) -> Values:
    after = clocks.respond.due if clocks.respond else None
    return {name: getattr(contact_after, name) for name in _CHOSEN} | {
        "acknowledge_by": clocks.acknowledge.due if clocks.acknowledge else None,
        "acknowledged_at": clocks.acknowledge.stopped_at if clocks.acknowledge else contact_after.acknowledged_at,
        "respond_by": after,
        "respond_step": min(contact_after.respond_step, steps_behind(clocks, contact_after, now, book.clocks))
        if after
        else 0,
        "acknowledge_step": 0,
        "clock_changed": True,
        "next_look_at": now,
    }


_TOPICS = ("service", "kind", "area")
_CHOSEN = (
    *(*_TOPICS, "standard", "standard_version"),
    *("promise", "calendar", "receipt_rule", "acknowledged_by"),
)


def _matter(contact: Contact, about: About, book: Rulebook) -> Matter:
    return Matter(
        channel=book.medium_of(contact),
        service=contact.service or "" if about.service is None else about.service,
        kind=contact.kind if about.kind is None else about.kind,
        area=contact.area if about.area is None else about.area,
        visibility=contact.visibility,
    )


def _event(contact: Contact, after: Contact, clocks: Clocks, actor: str, now: datetime) -> Event:
    """What it is about now and was about before, with both standards and the dates of both."""
    acknowledge_by = clocks.acknowledge.due if clocks.acknowledge else None
    dates = {"respond_by_before": contact.respond_by, "respond_by": clocks.respond.due if clocks.respond else None}
    if acknowledge_by != contact.acknowledge_by:
        dates |= {"acknowledge_by_before": contact.acknowledge_by, "acknowledge_by": acknowledge_by}
    details = {
        **_topics(contact, after),
        "standard": f"{after.standard} {after.standard_version}",
        "standard_before": f"{contact.standard} {contact.standard_version}",
        **_changes(contact, after, ("calendar", "acknowledged_by")),
        **{name: at.isoformat() for name, at in dates.items() if at},
    }
    return Event(contact.id, now, EventKind.CLASSIFIED, actor, details)


def _topics(contact: Contact, after: Contact) -> Values:
    """What it is about now, and whatever that was before, where it was another: "" where it was about nothing."""
    topics = {name: getattr(after, name) for name in _TOPICS}
    return {name: value for name, value in topics.items() if value} | _changes(contact, after, _TOPICS)


def _changes(contact: Contact, after: Contact, names: Iterable[str]) -> Values:
    pairs = {name: (getattr(contact, name) or "", getattr(after, name) or "") for name in names}
    return {
        key: value
        for name, (was, becomes) in pairs.items()
        if was != becomes
        for key, value in ((name, becomes), (f"{name}_before", was))
    }


def _tell_if_later(
    connection: Connection, contact: Contact, after: datetime | None, now: datetime, book: Rulebook
) -> str:
    """Send the person a date that is later than they were told; return why it does not reach them, or ""."""
    before = contact.told_respond_by
    if before is None or after is None or after <= before:
        return ""
    later = tell.Later(contact.id, contact.reference, book.clocks.respond_by(contact, before), before, after, REASON)
    return tell_later(connection, contact, later, now, book)


def choices(name: str, book: Rulebook) -> list[str]:
    """Every `service`, `kind` or `area` that a contact can be about: what is configured, and what a standard is for."""
    of_standards = {value for standard in book.clocks.promises.standards for value in getattr(standard, f"{name}s")}
    return sorted(of_standards | (set(book.intake.router.services) if name == "service" else set()))


def why_unknown(name: str, value: str, book: Rulebook) -> str:
    """Why no contact can be about that; "" where one can, and for nothing."""
    names = choices(name, book)
    if not value or value in names or (name == "service" and not names and _NAME.fullmatch(value)):
        return ""
    if not names:
        return f"there is no {name} to choose"
    return f"there is no such {name}{in_brackets(value, names)}; there are {', '.join(names)}"
