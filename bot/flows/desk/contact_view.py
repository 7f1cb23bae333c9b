"""One contact as staff and programs look at it: both clocks with their reasoning, every message and event."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.core import reasoning
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Fate, Purpose
from bot.core.deliveries import State as Leaving
from bot.core.events import EventKind, StoredEvent
from bot.core.histories import Clock, Clocks, time_left
from bot.core.messages import StoredMessage
from bot.core.roles import Scope
from bot.flows.changes import answer, needs
from bot.flows.changes.answer import UnderWay
from bot.flows.desk import event_titles, event_words, form_answers, wishes
from bot.flows.desk.enclosed import Enclosed, enclosed
from bot.flows.desk.judging import Questions, questions
from bot.flows.desk.offers import Standing, offers
from bot.flows.desk.page_size import fit
from bot.flows.desk.wishes import ToMake
from bot.flows.rulebook import ClockRules, Rulebook
from bot.flows.titles import PLATFORMS, Titles
from bot.render.words import due_in_words, instant_in_words
from bot.store import audit, contacts, holds, links, merging, outbox, queue, remote_files, scans
from bot.store.needs import Needs
from bot.store.remote_files import Stand
from bot.wire.bundles import is_bundle
from bot.wire.mail import mime, quoting
from bot.wire.mail.mime import Attachment

T = TypeVar("T")
Values = dict[str, Any]
# A page must stay small on a slow line: what is longer or older has a page of its own. Bytes are those of the page.
MOST_BYTES_OF_WORDS, MOST_BYTES_OF_FIELDS = 3_000, 500
MOST_MESSAGES, MOST_EVENTS, MOST_SENT, MOST_ATTACHMENTS = 10, 30, 20, 20
# Mail servers begin with the address, which stands on the page already.
_ADDRESS = re.compile(r"<[^<>\s]*@[^<>\s]*>:?\s*")
_FAILED = (Leaving.PERMANENT_FAILURE, Leaving.TECHNICAL_FAILURE)


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
    """One message: its new words or their beginning, whether there are more, and if it was laid out as a page.

    `answers` is what its form says besides. `is_kept`: it can be had as it came. `enclosed` is on its platform alone.
    `of` is the contact to which it belongs where that goes on in this one, else "".
    `is_scanned`: its files may be opened.
    """

    number: int
    written_by: str
    channel: str
    received_at: datetime
    words: str
    has_more: bool
    answers: str
    fault: str
    has_page: bool
    is_kept: bool
    attachments: tuple[Attachment, ...]
    enclosed: Enclosed
    of: str = ""
    is_scanned: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of ours, and what became of it, both in words, too. `has_words`: they are not forgotten."""

    delivery: Delivery
    fate: Fate
    title: str
    step: str
    state: str
    has_words: bool


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One event, with its title and what stands behind it as one line; `cut`: there is more of it."""

    id: int
    at: datetime
    kind: str
    title: str
    actor: str
    evidence: str
    cut: bool


@dataclass(frozen=True, slots=True)
class ContactView:
    """Everything about one contact; of what is long, one page of `pages`, the newest first.

    `seen` is the number of the last event by somebody else than us. `offers` are the actions that can be done now,
    `linked` the contacts that staff have linked. `decided_by` is who of staff decided on a receipt after all, or "".
    `answer` is the one of staff's that has not left yet.
    `undelivered` is what was said when the receipt did not arrive, `came_by` how the contact came, in words.
    `to_make` is what staff have to make of messages that left, `preference` the call or the letter that is asked for.
    `questions` are what staff are asked for the figures, `duplicates` the contacts that go on in this one; `survivor`
    is the one in which it goes on itself.
    """

    contact: Contact
    standard: str
    clocks: tuple[Running, ...]
    messages: tuple[Arrived, ...]
    events: tuple[ShownEvent, ...]
    sent: tuple[Sent, ...]
    needs: Needs | None
    to_make: tuple[ToMake, ...]
    preference: str
    linked: tuple[Contact, ...]
    duplicates: tuple[Contact, ...]
    survivor: Contact | None
    offers: frozenset[str]
    held: bool
    answer: UnderWay | None
    questions: Questions
    undelivered: str
    decided_by: str
    came_by: str
    seen: int
    page: int = 1
    pages: int = 1


def show(
    connection: Connection, reference: str, scope: Scope, now: datetime, book: Rulebook, *, page: int = 1
) -> ContactView | None:
    """The contact with all that belongs to it; None where there is none, or none that this scope sees."""
    contact = queue.visible(connection, reference, scope)
    if contact is None:
        return None
    last = audit.last_by_others(connection, contact.id)
    deliveries = outbox.of_contact(connection, contact.id)
    fates = outbox.fates(connection, contact.id)
    duplicates = merging.merged_into(connection, contact.id)
    arrived, events = _arrived(connection, contact, duplicates), contacts.events_of(connection, contact.id)
    clocks = book.clocks.of(contact, contacts.clock_events(connection, [contact.id]).get(contact.id, []))
    receipts = [delivery for delivery in deliveries if delivery.purpose == Purpose.ACKNOWLEDGEMENT]
    links_of_contact = _links_of(connection, contact, scope)
    is_held = bool(holds.among(connection, [contact.id]))
    is_judged = any(event.kind == EventKind.STAFF_WROTE for event in events)
    clocks_promised, leaving = clocks if contact.standard else None, answer.under_way(connection, contact.id)
    facts = {"is_held": is_held, "is_linked": bool(links_of_contact), "is_judged": is_judged}
    to_make = wishes.to_make(connection, contact)
    facts |= {"has_merged": bool(duplicates), "is_long": _is_long(contact, arrived), "has_formats": bool(to_make)}
    standing = Standing(contact, clocks_promised, receipts, **facts, answer=leaving)
    return ContactView(
        contact=contact,
        standard=book.clocks.standard_of(contact).title if contact.standard else "",
        clocks=tuple(_clocks(contact, clocks, now, book)) if contact.standard else (),
        messages=tuple(_messages(connection, duplicates, _slice(arrived, page, MOST_MESSAGES), book)),
        events=_events(audit.as_seen(connection, _slice(events, page, MOST_EVENTS), scope), book.clocks),
        sent=tuple(_sent_message(delivery, fates[delivery.id]) for delivery in _slice(deliveries, page, MOST_SENT)),
        needs=needs.needs_of(connection, contact.id),
        to_make=to_make,
        preference=wishes.preference(arrived),
        linked=links_of_contact,
        duplicates=_visible(duplicates, scope),
        survivor=_survivor_of(connection, contact, scope),
        offers=offers(standing, now, book),
        held=is_held,
        answer=leaving,
        questions=questions(contact, events, now),
        undelivered=_undelivered(receipts, fates),
        decided_by=_decided_by(events),
        came_by=Titles(book).way(contact),
        seen=last.id if last else 0,
        page=page,
        pages=_pages((arrived, MOST_MESSAGES), (events, MOST_EVENTS), (deliveries, MOST_SENT)),
    )


def _slice(items: list[T], page: int, most: int) -> list[T]:
    """One page of a list whose newest come last."""
    end = max(len(items) - (page - 1) * most, 0)
    return items[max(end - most, 0) : end]


def _pages(*lists: tuple[Sequence[Any], int]) -> int:
    return max(1, *(-(-len(items) // most) for items, most in lists))


def _survivor_of(connection: Connection, contact: Contact, scope: Scope) -> Contact | None:
    survivor = merging.survivors(connection, [contact]).get(contact.id)
    return survivor if survivor is not None and scope.sees(survivor.team) else None


def _links_of(connection: Connection, contact: Contact, scope: Scope) -> tuple[Contact, ...]:
    by_id = contacts.with_id(connection, links.of(connection, contact.id))
    return _visible((contact for _, contact in sorted(by_id.items())), scope)


def _visible(of_matter: Iterable[Contact], scope: Scope) -> tuple[Contact, ...]:
    return tuple(contact for contact in of_matter if scope.sees(contact.team))


def _arrived(connection: Connection, contact: Contact, duplicates: Sequence[Contact]) -> list[StoredMessage]:
    """The messages of a contact, and of those that go on in it."""
    return contacts.messages_of(connection, contact.id, *(duplicate.id for duplicate in duplicates))


def _is_long(contact: Contact, arrived: Sequence[StoredMessage]) -> bool:
    return sum(message.contact_id == contact.id for message in arrived) > 1


def _events(events: Sequence[StoredEvent], rules: ClockRules) -> tuple[ShownEvent, ...]:
    return tuple(_event(event, rules) for event in events)


def _event(event: StoredEvent, rules: ClockRules) -> ShownEvent:
    line, cut = event_words.short(event_words.lines(event.details, rules.default_calendar.zone))
    return ShownEvent(
        event.id, event.at, event.kind, event_titles.event(event.kind), event.actor, evidence=line, cut=cut
    )


def _sent_message(delivery: Delivery, fate: Fate) -> Sent:
    return Sent(
        delivery=delivery,
        fate=replace(fate, last_error=_answer_of(fate)),
        title=event_titles.message(delivery.purpose),
        step=event_titles.step(delivery.step),
        state=event_titles.state(delivery.state),
        has_words=bool(delivery.recipient),
    )


def _answer_of(fate: Fate) -> str:
    """What the other side said, without the name of our error."""
    kind, colon, answer = fate.last_error.partition(": ")
    return answer if colon and kind.isalpha() else fate.last_error


def _undelivered(receipts: list[Delivery], fates: dict[int, Fate]) -> str:
    if not receipts or receipts[-1].state not in _FAILED:
        return ""
    return _ADDRESS.sub("", _answer_of(fates[receipts[-1].id])) or "nothing was said why"


def _decided_by(events: list[StoredEvent]) -> str:
    actors = [event.actor for event in events if event.kind == EventKind.RECEIPT_DECIDED_ON]
    return str(actors[-1]).removeprefix("staff:") if actors else ""


def _messages(
    connection: Connection, duplicates: Sequence[Contact], arrived: Sequence[StoredMessage], book: Rulebook
) -> list[Arrived]:
    raws = contacts.raw_by_message(connection, *{message.contact_id for message in arrived})
    ids = [message.id for message in arrived]
    waiting, files = scans.waiting_among(connection, ids), remote_files.of_messages(connection, ids)
    references = {contact.id: contact.reference for contact in duplicates}
    views = (_message(message, raws.get(message.id, b""), files.get(message.id, ()), book) for message in arrived)
    return [
        replace(view, of=references.get(message.contact_id, ""), is_scanned=message.id not in waiting)
        for view, message in zip(views, arrived, strict=True)
    ]


def _message(message: StoredMessage, raw: bytes, files: Sequence[Stand], book: Rulebook) -> Arrived:
    words = fit(quoting.new_words(message.text), MOST_BYTES_OF_WORDS)
    way = book.ways.get(message.channel)
    is_mail = way is not None and way.medium == "email"
    is_post = way is not None and way.medium in PLATFORMS
    fields = {} if is_post else json.loads(message.fields)
    return Arrived(
        number=message.id,
        written_by=message.written_by,
        channel=message.channel,
        received_at=message.received_at,
        words=words,
        has_more=len(message.text) > len(words),
        answers=fit(form_answers.in_line(fields), MOST_BYTES_OF_FIELDS),
        fault=message.fault,
        has_page=not is_bundle(raw) and b"text/html" in raw.lower(),
        is_kept=bool(raw),
        attachments=tuple(mime.attachments(raw)[:MOST_ATTACHMENTS]) if raw and (is_mail or is_bundle(raw)) else (),
        enclosed=enclosed(message, raw, files) if is_post else Enclosed(),
    )


def _clocks(contact: Contact, stand: Clocks, now: datetime, book: Rulebook) -> list[Running]:
    standard = book.clocks.standard_of(contact)
    calendar = book.clocks.calendars[standard.calendar_key]
    pairs = (("acknowledge", stand.acknowledge, standard.acknowledge), ("respond", stand.respond, stand.duration))
    return [
        Running(
            name=name,
            state=clock.state.value,
            promised=str(promise),
            due=due_in_words(clock.due, promise, calendar.zone),
            due_at=clock.due,
            stopped=instant_in_words(clock.stopped_at, calendar.zone) if clock.stopped_at else "",
            in_time=clock.in_time(),
            left=time_left(clock, promise, calendar, now),
            because=_because(name, clock, stand, contact, book.clocks),
        )
        for name, clock, promise in pairs
        if clock is not None and promise is not None
    ]


def _because(name: str, clock: Clock, stand: Clocks, contact: Contact, rules: ClockRules) -> tuple[str, ...]:
    standard = rules.standard_of(contact)
    calendar = rules.calendars[standard.calendar_key]
    if name == "acknowledge" and standard.acknowledge is not None:
        promise, receipt = standard.acknowledge, standard.receipt
        return reasoning.explain(promise, clock.started_at, calendar, receipt, every_day=False)
    if stand.duration is None or clock.due is None:
        return ("Its clock is paused: nobody knows yet when the person will have told us more.",)
    return reasoning.explain(stand.duration, clock.started_at, calendar, stand.receipt, stand.pauses, every_day=False)
