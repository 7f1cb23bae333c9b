"""What the page of a contact says: where it is, the date with its changes, what we sent; nothing that they wrote."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.core import answers, closings
from bot.core.closings import Outcome
from bot.core.contacts import Contact, State
from bot.core.deliveries import OUT, Delivery, Fate, Purpose
from bot.core.events import EventKind, StoredEvent
from bot.core.histories import Happened
from bot.core.histories import Kind as Clock
from bot.flows.changes.answer_routes import POST
from bot.flows.outgoing import as_sent
from bot.flows.outgoing.deliver import TO_SENDERS
from bot.flows.rulebook import ClockRules, Rulebook
from bot.store import contacts, outbox

_REOPENINGS = (EventKind.REOPENED, EventKind.CORRECTED)
_BY_HAND = {answers.BY_LETTER: "letter", answers.BY_TELEPHONE: "phone"}


class Stage(StrEnum):
    """Where a contact is, as its person reads it."""

    RECEIVED = "received"
    WITH_TEAM = "with a team"
    WAITING = "waiting for you"
    LONGER = "longer"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DateChange:
    """The date to answer by became another one at `at`; `reason` as the person was told it, "" where they were not."""

    at: datetime
    before: datetime
    after: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """A message of ours that has left, by its running number on the page; `by_hand` is `letter` or `phone`, or ""."""

    number: int
    purpose: Purpose
    at: datetime
    by_hand: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Status:
    """How a contact stands. `since` is when it came to its stage, `reason` why, as far as the person was told.

    `outcome` is how it was closed. `additions` are the instants at which the person wrote again.
    """

    contact: Contact
    stage: Stage
    since: datetime
    reason: str = ""
    outcome: Outcome | None = None
    changes: tuple[DateChange, ...] = ()
    departures: tuple[Departure, ...] = ()
    additions: tuple[datetime, ...] = ()

    @property
    def is_owed(self) -> bool:
        """Whether an answer is still to come."""
        return self.contact.state == State.OPEN

    @property
    def answer(self) -> Departure | None:
        """The last answer that we sent from here."""
        return next((departure for departure in reversed(self.departures) if departure.purpose is Purpose.ANSWER), None)


@dataclass(frozen=True, slots=True)
class Words:
    """A message of ours as it left, without the keys in it."""

    departure: Departure
    subject: str
    text: str
    files: tuple[str, ...]


def status_of(connection: Connection, contact: Contact, book: Rulebook) -> Status:
    """How the contact stands now."""
    events = contacts.events_of(connection, contact.id)
    outgoing = outbox.of_contact(connection, contact.id)
    fates = outbox.fates(connection, contact.id)
    changes = _changes(contact, events, _reasons(outgoing), book.clocks)
    departures = _departures(outgoing, fates)
    additions = tuple(event.at for event in events if event.kind == EventKind.FOLLOW_UP)
    stage, since, reason, outcome = _stage(contact, events, changes, outgoing)
    return Status(contact, stage, since, reason, outcome, changes, departures, additions)


def words_of(connection: Connection, contact: Contact, number: int) -> Words | None:
    """One message of ours by its number on the page; None where there is none."""
    departures = _departures(outbox.of_contact(connection, contact.id), outbox.fates(connection, contact.id))
    departure = next((departure for departure in departures if departure.number == number), None)
    messages = as_sent.of(connection, departure.delivery) if departure else []
    if departure is None or not messages:
        return None
    return Words(departure, messages[-1].subject, messages[-1].words, messages[-1].files)


def _departures(outgoing: Sequence[Delivery], fates: Mapping[int, Fate]) -> tuple[Departure, ...]:
    """What has left to the person and did not come back, in the order in which it left; links to the page are not."""
    to_person = [
        (fates[delivery.id].sent_at, delivery)
        for delivery in outgoing
        if delivery.purpose in TO_SENDERS and delivery.purpose is not Purpose.TRACK_LINK
        if delivery.state in OUT and delivery.recipient
    ]
    by_time = sorted((at, delivery.id, delivery) for at, delivery in to_person if at is not None)
    return tuple(
        Departure(number, delivery.purpose, at, _how(delivery), delivery)
        for number, (at, _, delivery) in enumerate(by_time, 1)
    )


def _how(delivery: Delivery) -> str:
    """How it went, where it was no message that came the usual way."""
    return "letter" if delivery.details.get("route") == POST else _BY_HAND.get(delivery.channel, "")


def _reasons(outgoing: Iterable[Delivery]) -> dict[str, str]:
    """Date -> why, of every new date that the person was told."""
    return {
        delivery.key.partition(f":{Purpose.NEW_DATE}:")[2]: str(delivery.details.get("reason", ""))
        for delivery in outgoing
        if delivery.purpose is Purpose.NEW_DATE and delivery.state in OUT
    }


def _changes(
    contact: Contact, events: Sequence[StoredEvent], reasons: Mapping[str, str], rules: ClockRules
) -> tuple[DateChange, ...]:
    changes: list[DateChange] = []
    last: datetime | None = None
    for at, before, after in _dates(contact, events, rules):
        former = before or last
        if former is not None and after is not None and former != after:
            changes.append(DateChange(at, former, after, reasons.get(after.isoformat(), "")))
        last = after or former
    return tuple(changes)


def _dates(
    contact: Contact, events: Sequence[StoredEvent], rules: ClockRules
) -> Iterator[tuple[datetime, datetime | None, datetime | None]]:
    """When, from which date and to which one the time to answer moved, as far as each event says."""
    history: list[Happened] = []
    for event in events:
        if event.kind in tuple(Clock):
            history.append(Happened(Clock(event.kind), event.at))
        if "respond_by" in event.details or "respond_by_before" in event.details:
            yield event.at, _instant(event.details.get("respond_by_before")), _instant(event.details.get("respond_by"))
        elif event.kind in _REOPENINGS:
            respond = rules.of(contact, history).respond
            yield event.at, None, respond.due if respond else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _stage(
    contact: Contact, events: Sequence[StoredEvent], changes: Sequence[DateChange], outgoing: Sequence[Delivery]
) -> tuple[Stage, datetime, str, Outcome | None]:
    if contact.state == State.CLOSED:
        return _ending(contact, events, outgoing)
    if contact.state == State.ANSWERED:
        return Stage.ANSWERED, contact.responded_at or contact.received_at, "", None
    if contact.paused_at is not None:
        return Stage.WAITING, contact.paused_at, "", None
    extensions = [event.at for event in events if event.kind == EventKind.EXTENDED]
    last = changes[-1] if changes else None
    if last is not None and last.at in extensions[-1:]:
        return Stage.LONGER, last.at, last.reason, None
    stage = Stage.WITH_TEAM if contact.team else Stage.RECEIVED
    return stage, contact.received_at, "", None


def _ending(
    contact: Contact, events: Sequence[StoredEvent], outgoing: Sequence[Delivery]
) -> tuple[Stage, datetime, str, Outcome | None]:
    """When and how it was closed; the reason is that of the message that the person was sent about it."""
    last = next((event for event in reversed(events) if event.kind == EventKind.CLOSED), None)
    if last is None:
        return Stage.CLOSED, contact.received_at, "", None
    reasons = [
        str(delivery.details.get("reason", ""))
        for delivery in outgoing
        if delivery.purpose is Purpose.CLOSING and delivery.state in OUT and delivery.created_at >= last.at
    ]
    return Stage.CLOSED, last.at, "".join(reasons[-1:]), closings.outcome_of(str(last.details.get("outcome", "")))
