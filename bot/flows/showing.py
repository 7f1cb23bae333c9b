"""One contact as staff and programs look at it: both clocks with their reasoning, every message and event."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.core import reasoning
from bot.core.contacts import Contact
from bot.core.histories import Clock, Clocks, remaining
from bot.core.roles import Scope
from bot.flows.rulebook import Rulebook
from bot.render.formats import due_in_words, instant_in_words
from bot.store import audit, contacts, needs, outbox, queue
from bot.store.needs import Needs
from bot.store.outbox import Delivery
from bot.wire import mime, quoting, safe_markup

Values = dict[str, Any]
MOST_OTHERS = 20
# A page must stay small on a slow line: what is longer or older has a page of its own.
MOST_CHARACTERS = 4_000
MOST_MESSAGES, MOST_EVENTS = 12, 60


@dataclass(frozen=True, slots=True)
class Running:
    """One clock as it is shown; `due` and `stopped` are in words, `because` are sentences."""

    name: str
    state: str
    promised: str
    due: str
    due_at: datetime | None
    stopped: str
    in_time: bool | None
    left: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message: its new words or their beginning, whether there are more, and if it was laid out as a page."""

    number: int
    written_by: str
    channel: str
    received_at: datetime
    words: str
    has_more: bool
    fields: Values
    fault: str
    has_page: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about one contact. `seen` is the number of the last event by somebody else than us."""

    contact: Contact
    standard: str
    clocks: tuple[Running, ...]
    messages: tuple[Arrived, ...]
    events: tuple[Values, ...]
    deliveries: tuple[Delivery, ...]
    needs: Needs | None
    others: tuple[Contact, ...]
    held: bool
    seen: int
    older_messages: int = 0
    older_events: int = 0


def show(
    connection: Connection, reference: str, scope: Scope, now: datetime, book: Rulebook, *, everything: bool = False
) -> Whole | None:
    """The contact with all that belongs to it; None where there is none, or none that this scope sees.

    Without `everything` the oldest messages and events of a long history are only counted.
    """
    contact = queue.visible(connection, reference, scope)
    if contact is None:
        return None
    last = audit.last_by_others(connection, contact.id)
    deliveries = outbox.of_contact(connection, contact.id)
    arrived, happened = contacts.messages_of(connection, contact.id), contacts.events_of(connection, contact.id)
    older = max(len(arrived) - MOST_MESSAGES, 0), max(len(happened) - MOST_EVENTS, 0)
    older = (0, 0) if everything else older
    return Whole(
        contact=contact,
        standard=book.standard_of(contact).title if contact.standard else "",
        clocks=tuple(_clocks(connection, contact, now, book)),
        messages=tuple(_messages(connection, contact, arrived[older[0] :])),
        events=tuple(happened[older[1] :]),
        deliveries=tuple(deliveries),
        needs=needs.of(connection, contact.sender_key),
        others=tuple(queue.of_person(connection, contact, scope, MOST_OTHERS)),
        held=contact.id in outbox.held(connection),
        seen=last.id if last else 0,
        older_messages=older[0],
        older_events=older[1],
    )


def page_of(connection: Connection, reference: str, number: int, scope: Scope) -> str | None:
    """The safe page of one message of a contact; None where there is no such message."""
    contact = queue.visible(connection, reference, scope)
    raw = contacts.raw_by_message(connection, contact.id).get(number) if contact else None
    return None if raw is None else safe_markup.cleaned(mime.page(raw))


def words_of(connection: Connection, reference: str, number: int, scope: Scope) -> str | None:
    """All the words of one message of a contact; None where there is no such message."""
    contact = queue.visible(connection, reference, scope)
    arrived = contacts.messages_of(connection, contact.id) if contact else []
    return next((m["text"] for m in arrived if m["id"] == number), None)


def _messages(connection: Connection, contact: Contact, arrived: list[Values]) -> list[Arrived]:
    raws = contacts.raw_by_message(connection, contact.id)
    words = [quoting.new_words(m["text"]) for m in arrived]
    return [
        Arrived(
            number=m["id"],
            written_by=m["written_by"],
            channel=m["channel"],
            received_at=m["received_at"],
            words=new[:MOST_CHARACTERS],
            has_more=len(m["text"]) > len(new[:MOST_CHARACTERS]),
            fields={name: value for name, value in json.loads(m["fields"]).items() if value},
            fault=m["fault"],
            has_page=b"text/html" in raws.get(m["id"], b"").lower(),
        )
        for m, new in zip(arrived, words, strict=True)
    ]


def _clocks(connection: Connection, contact: Contact, now: datetime, book: Rulebook) -> list[Running]:
    if contact.standard is None:
        return []
    standard = book.standard_of(contact)
    calendar = book.calendars[standard.calendar_key]
    found = book.clocks(contact, contacts.clock_events(connection, [contact.id]).get(contact.id, []))
    both = (("acknowledge", found.acknowledge, standard.acknowledge), ("respond", found.respond, found.duration))
    return [
        Running(
            name=name,
            state=clock.state.value,
            promised=str(promised),
            due=due_in_words(clock.due, promised, calendar.zone),
            due_at=clock.due,
            stopped=instant_in_words(clock.stopped_at, calendar.zone) if clock.stopped_at else "",
            in_time=clock.in_time(),
            left=remaining(clock, promised, calendar, now),
            because=_because(name, clock, found, contact, book),
        )
        for name, clock, promised in both
        if clock is not None and promised is not None
    ]


def _because(name: str, clock: Clock, found: Clocks, contact: Contact, book: Rulebook) -> tuple[str, ...]:
    standard = book.standard_of(contact)
    calendar = book.calendars[standard.calendar_key]
    if name == "acknowledge" and standard.acknowledge is not None:
        promised, receipt = standard.acknowledge, standard.receipt
        return reasoning.explain(promised, clock.started_at, calendar, receipt, every_day=False)
    if found.duration is None or clock.due is None:
        return ("Its clock is paused: nobody knows yet when the person will have told us more.",)
    return reasoning.explain(found.duration, clock.started_at, calendar, found.receipt, found.pauses, every_day=False)
