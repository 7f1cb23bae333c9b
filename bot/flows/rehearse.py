"""A ladder tried before it goes live: invented contacts and staff on a throw-away store, day after day, at once.

Everything but the contacts, staff's answers and the hand-over is real: the flows of the service on a real store.
"""

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.acknowledgements import Limits
from bot.core.alerting import AN_HOUR
from bot.core.contacts import State
from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.core.messages import Inbound, Party
from bot.flows import escalate
from bot.flows.changes import respond
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import TO_SENDERS, Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.store import clocks, contacts, outbox

AT_ONCE = 200
INVENTED = "Invented for a rehearsal."
# How staff answer: most within half of the time, some in its last days, some too late, and a few never.
WITHIN_HALF, IN_TIME, LATE = 0.70, 0.90, 0.97
_HOLD = ClaimTerms(timedelta(hours=4))


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to rehearse: from `begin`, for so many days, with so many contacts; nothing runs from `down` to `up`."""

    begin: datetime
    days: int
    contacts: int
    seed: int
    down: datetime | None = None
    up: datetime | None = None

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.begin + timedelta(days=self.days)

    def served_at(self, at: datetime) -> datetime:
        """When the service gets to what happens at that instant."""
        return self.up if self.down is not None and self.up is not None and self.down <= at < self.up else at


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person: `contacts` are the references that it names, with the step where it is an alert."""

    at: datetime
    day: date
    person: str
    purpose: str
    contacts: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Outcome:
    """Who was told what; `broken` names every promise of the ladder that was not kept: empty, or there is a fault."""

    messages: list[Message] = field(default_factory=list)
    contacts: int = 0
    answered: int = 0
    left_to_the_list: int = 0
    broken: list[str] = field(default_factory=list)

    def alerts(self) -> Iterator[Message]:
        """The messages with alerts, in their order."""
        return (message for message in self.messages if message.purpose == Purpose.ALERT)


Event = tuple[datetime, int, Callable[[datetime], None]]


class Rehearsal:
    """One run, in one transaction of `connection` to a new store."""

    def __init__(self, connection: Connection, scenario: Scenario, book: Rulebook) -> None:
        self._connection, self._scenario = connection, scenario
        # How many receipts are too many is not what is judged here.
        self._book = replace(book, intake=replace(book.intake, limits=Limits()))
        self._chance = random.Random(scenario.seed)  # noqa: S311 - to be repeated, not to be secret
        self._events: list[Event] = []
        self._order = count()
        self._ways = [name for name, way in book.ways.items() if way.outlet is not None]
        self._outlets = {way.outlet for way in book.ways.values() if way.outlet} | {
            team.outlet for team in book.outgoing.teams.values()
        }
        self._ended: dict[str, datetime] = {}
        self.outcome = Outcome()

    def run(self, progress: Callable[[date], object]) -> Outcome:
        """Live through it; `progress` is called with each new day."""
        self._plan()
        now, day = self._scenario.begin, self._scenario.begin.date() - timedelta(days=1)
        while (next_instant := self._next(now)) is not None and next_instant <= self._scenario.end:
            now = next_instant
            if now.date() != day:
                day = now.date()
                progress(day)
            while self._events and self._events[0][0] <= now:
                heapq.heappop(self._events)[2](now)
            while escalate.escalate(self._connection, now, AT_ONCE, self._book) == AT_ONCE:
                pass
            self._send(now)
        self._judge(min(now, self._scenario.end))
        return self.outcome

    def _at(self, at: datetime, happens: Callable[[datetime], None]) -> None:
        heapq.heappush(self._events, (self._scenario.served_at(at), next(self._order), happens))

    def _plan(self) -> None:
        for number in range(self._scenario.contacts if self._ways else 0):
            at = self._scenario.begin + timedelta(days=self._scenario.days) * self._chance.random()
            self._at(at, partial(self._arrive, number, at))
        calendar, list_at = self._book.clocks.default_calendar, self._book.clocks.timing.list_at
        for day in range(self._scenario.days + 1):
            local = self._scenario.begin.astimezone(calendar.zone).date() + timedelta(days=day)
            at = datetime.combine(local, list_at, tzinfo=calendar.zone)
            if calendar.is_working_day(local) and at >= self._scenario.begin:
                self._at(at, self._list)

    def _next(self, now: datetime) -> datetime | None:
        """The next instant at which anything is due, never one at which nothing runs."""
        looks = clocks.next_look(self._connection)
        leaves = (outbox.next_due(self._connection, outlet) for outlet in self._outlets)
        due = [at for at in (looks, *leaves, self._events[0][0] if self._events else None) if at is not None]
        return self._scenario.served_at(max(min(due), now)) if due else None

    def _arrive(self, number: int, at: datetime, now: datetime) -> None:
        channel = self._chance.choice(self._ways)
        message = Inbound(
            channel=channel,
            external_id=f"invented-{number}",
            digest=f"invented-{number}",
            sender=Party(f"invented.{number}@example.invalid", "Invented"),
            subject=INVENTED,
            text=INVENTED,
            received_at=at,
        )
        (filing,) = receive(self._connection, Batch((message,)), Reading(channel), now, self._book, Capacity()).filed
        contact = contacts.find(self._connection, filing.reference or "")
        if contact is None or contact.respond_by is None:
            return
        self.outcome.contacts += 1
        share = self._answered_after()
        if share is not None:
            answered_at = max(at + (contact.respond_by - at) * share, now)
            self._at(answered_at, partial(self._answer, contact.reference))

    def _answered_after(self) -> float | None:
        """After which part of the time staff answer; None: never."""
        chance = self._chance.random()
        if chance < WITHIN_HALF:
            return self._chance.uniform(0.02, 0.5)
        if chance < IN_TIME:
            return self._chance.uniform(0.5, 1.0)
        return self._chance.uniform(1.0, 2.0) if chance < LATE else None

    def _answer(self, reference: str, now: datetime) -> None:
        with suppress(Refused):
            respond.respond(self._connection, reference, now, self._book, actor="rehearsal")
            self._ended[reference] = now
            self.outcome.answered += 1

    def _list(self, now: datetime) -> None:
        """As the timetable does: nothing on a day without work, and once a day, whatever was missed before it."""
        calendar = self._book.clocks.default_calendar
        if not calendar.is_working_day(calendar.day_of(now)):
            return
        day = calendar.day_of(now).isoformat()
        outbox.queue(self._connection, alert.digests(day, now, self._book, clocks.owners(self._connection)))

    def _send(self, now: datetime) -> None:
        for outlet in sorted(self._outlets):
            while claims := deliver.claim(self._connection, outlet, now, _HOLD, AT_ONCE, self._book):
                for claim in claims:
                    self._tell(claim, now)
                attempts = [Attempt(c.delivery, now, joined=tuple(j.delivery for j in c.joined)) for c in claims]
                deliver.record(self._connection, attempts, self._book)

    def _tell(self, claim: Claimed, now: datetime) -> None:
        if claim.delivery.purpose in TO_SENDERS:
            return
        names = [(c.contact.reference, c.delivery.step) for c in (claim, *claim.joined) if c.contact is not None]
        names += [(contact.reference, "") for contact in claim.listed]
        delivery = claim.delivery
        message = Message(now, self._book.clocks.today(now), delivery.recipient, delivery.purpose, tuple(names))
        self.outcome.messages.append(message)

    def _judge(self, now: datetime) -> None:
        all_contacts = contacts.list_all(self._connection)
        self.outcome.broken += [*_repetitions(self.outcome), *self._too_many(), *self._after_an_answer()]
        for contact in all_contacts:
            if contact.state != State.OPEN or contact.respond_by is None:
                continue
            rungs = self._book.clocks.rungs(contact, self._book.clocks.of(contact, ()))
            behind = sum(at <= now for at, _ in rungs)
            if contact.respond_step != behind:
                self.outcome.broken.append(
                    f"{contact.reference}: {contact.respond_step} steps taken, {behind} were due"
                )
        kind, since = EventKind.ALERT_LEFT_TO_THE_LIST, self._scenario.begin
        counts = (contacts.count_events(self._connection, contact.id, kind, since) for contact in all_contacts)
        self.outcome.left_to_the_list = sum(counts)

    def _too_many(self) -> Iterator[str]:
        most = self._book.outgoing.restraint.an_hour or math.inf
        recent: dict[str, list[datetime]] = {}
        for message in self.outcome.alerts():
            hour = [at for at in recent.get(message.person, ()) if at > message.at - AN_HOUR]
            recent[message.person] = [*hour, message.at]
            if len(hour) >= most:
                yield f"{message.person}: more than {most} messages within the hour before {message.at.isoformat()}"

    def _after_an_answer(self) -> Iterator[str]:
        for message in self.outcome.messages:
            for reference, _ in message.contacts:
                if (answered_at := self._ended.get(reference)) is not None and answered_at < message.at:
                    yield f"{reference}: told at {message.at.isoformat()}, answered at {answered_at.isoformat()}"


def _repetitions(outcome: Outcome) -> Iterator[str]:
    steps = Counter((alert.person, *name) for alert in outcome.alerts() for name in alert.contacts)
    for (person, reference, step), times in steps.items():
        if times > 1:
            yield f"{reference}: {step} was told {times} times to {person}"
