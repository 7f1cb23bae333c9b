"""Staff say what a contact is about: its service, its kind, its area. The promise in force at receipt follows."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core.books import Matter
from bot.core.contacts import Contact
from bot.core.events import Event, EventKind
from bot.core.histories import Clocks
from bot.core.standards import Standard
from bot.flows.changes import refusals
from bot.flows.changes.adjust import steps_behind, tell_later
from bot.flows.changes.refusals import Refused
from bot.flows.outgoing import tell
from bot.flows.rulebook import Rulebook
from bot.store import contacts

Values = dict[str, Any]
# Where no service is configured, one may be named all the same.
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
REASON = "We now know better what you wrote about. Another time to answer is set for that."


@dataclass(frozen=True, slots=True)
class Classified:
    """It is done: the standard that applies, and both dates.

    `why_not` says why no message reaches the person, who knows of an earlier date; "" where it does, or none is needed.
    """

    standard: Standard
    before: datetime | None
    after: datetime | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a contact is about; None leaves it as it is."""

    service: str | None = None
    kind: str | None = None
    area: str | None = None


def classify(
    connection: Connection, reference: str, about: About, actor: str, now: datetime, book: Rulebook
) -> Classified:
    """Choose the standard anew, as it was in force on the day of receipt. Raises Refused."""
    contact = refusals.open_contact(connection, reference, "no clock of it runs")
    matter = _matter(contact, about, book)
    _refuse(contact, matter, book)
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
    contacts.note(connection, [_event(contact, matter, standard, after, actor, now)])
    why_not = _tell_if_later(connection, contact, after, now, book)
    return Classified(standard, contact.respond_by, after, why_not)


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


_CHOSEN = (
    *("service", "kind", "area", "standard", "standard_version"),
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


def _event(
    contact: Contact, matter: Matter, standard: Standard, after: datetime | None, actor: str, now: datetime
) -> Event:
    details = {
        "service": matter.service,
        "kind": matter.kind,
        "area": matter.area,
        "standard": f"{standard.id} {standard.version}",
        "standard_before": f"{contact.standard} {contact.standard_version}",
        "respond_by_before": contact.respond_by.isoformat() if contact.respond_by else "",
        "respond_by": after.isoformat() if after else "",
    }
    values = {key: value for key, value in details.items() if value}
    return Event(contact.id, now, EventKind.CLASSIFIED, actor, values)


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
    return f"there is no such {name}; there are {', '.join(names)}" if names else f"there is no {name} to choose"
