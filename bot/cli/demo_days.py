"""Invented contacts, day after day, through the flows of the service: what people write, and what staff make of it.

Every contact has a chance of its own, drawn from its number, so that the same days bring the same contacts.
"""

import heapq
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy import Connection

from bot.channel import Batch, Permanent
from bot.cli import demo_course, demo_letters, demo_words
from bot.cli.demo_course import Deed, Step, course
from bot.cli.demo_letters import Letter
from bot.core.closings import Outcome
from bot.core.contacts import State
from bot.core.deliveries import Purpose
from bot.core.histories import Kind as Clock
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows.changes import classify, close, judge, needs, respond, rule_versions
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.classify import About
from bot.flows.changes.close import Closing
from bot.flows.changes.refusals import Refused
from bot.flows.changes.respond import Response
from bot.flows.desk import improvements
from bot.flows.desk.improvements import Entry
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.residents import opinion
from bot.flows.residents.opinion import Saying
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox

OUTLET, AT_ONCE = "post", 500
_HOLD = ClaimTerms(timedelta(hours=4))
# What is waiting leaves together, within the five minutes that the form promises.
_SLOT = timedelta(minutes=4)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Season:
    """From its first day on, so many contacts come on each working day, and a fifth of them on another."""

    first_day: date
    contacts: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """The seasons in their order, until `end`; on the `silent` days no mail leaves."""

    seasons: tuple[Season, ...]
    end: datetime
    silent: frozenset[date] = frozenset()


class Days:
    """One run, in one transaction of `connection`; `officer` is the actor of what staff do."""

    def __init__(self, connection: Connection, scenario: Scenario, officer: str, book: Rulebook) -> None:
        self._connection, self._scenario, self._officer, self._book = connection, scenario, officer, book
        self._calendar = book.clocks.default_calendar
        self._ahead: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order, self._numbers = count(), count()
        self.contacts = 0

    def run(self, progress: Callable[[date], object]) -> None:
        """Live through it; `progress` is called with each day before anything happens on it."""
        day, end = self._scenario.seasons[0].first_day, self._scenario.end
        # As at the first start of the service: from here on everything is recorded that figures need.
        rule_versions.settle(self._connection, self._book, self._calendar.first_instant(day))
        while (begin := self._calendar.first_instant(day)) < end:
            progress(day)
            self._plan(day, begin)
            midnight = min(self._calendar.first_instant(day + _DAY), end)
            while self._ahead and self._ahead[0][0] < midnight:
                at, _, happens = heapq.heappop(self._ahead)
                self._leave_before(at)
                with suppress(Refused):
                    happens(at)
            day += _DAY
            self._leave_before(midnight)

    def at(self, at: datetime, happens: Callable[[datetime], None]) -> None:
        """Let it happen then, unless all is over by then."""
        heapq.heappush(self._ahead, (at, next(self._order), happens))

    def improve(self, day: date, service: str, problem: str, remedy: str) -> None:
        """Let staff publish on that day what they made of what people said."""
        entry = Entry(problem, remedy, service, day=day)
        self.at(self._calendar.first_instant(day) + timedelta(hours=11), partial(self._publish, entry))

    def _publish(self, entry: Entry, now: datetime) -> None:
        visitor = Visitor(self._officer, Scope())
        number = improvements.write(self._connection, entry, 0, visitor, now, self._book)
        improvements.publish(self._connection, number, visitor, now, self._book)

    def _plan(self, day: date, begin: datetime) -> None:
        season = [season for season in self._scenario.seasons if season.first_day <= day][-1]
        chance = random.Random(f"{day}")  # noqa: S311 - to be repeated, not to be secret
        amount = season.contacts * chance.uniform(0.75, 1.25) * (1 if self._calendar.is_working_day(day) else 0.2)
        for _ in range(round(amount)):
            number = next(self._numbers)
            letter = demo_letters.letter(number)
            minutes = int(chance.triangular(7 * 60, 22 * 60, 10 * 60))
            self.at(begin + timedelta(minutes=minutes, seconds=number % 60), partial(self._arrive, letter))

    # What leaves.

    def _leave_before(self, at: datetime) -> None:
        """Let everything leave that waits before this instant."""
        while (due := outbox.next_due(self._connection, OUTLET)) and (slot := self._slot_after(due)) <= at:
            self._leave(slot)

    def _slot_after(self, at: datetime) -> datetime:
        """The next time to leave, on a day on which mail leaves."""
        slot = datetime.fromtimestamp((at.timestamp() // _SLOT.total_seconds() + 1) * _SLOT.total_seconds(), UTC)
        while self._calendar.day_of(slot) in self._scenario.silent:
            slot += _SLOT
        return slot

    def _leave(self, now: datetime) -> None:
        while claims := deliver.claim(self._connection, OUTLET, now, _HOLD, AT_ONCE, self._book):
            deliver.record(self._connection, [self._attempt(claim, now) for claim in claims], self._book)
            for claim in claims:
                self._after_departure(claim, now)

    def _attempt(self, claim: Claimed, now: datetime) -> Attempt:
        with_it = tuple(c.delivery for c in claim.joined)
        is_lost = claim.delivery.recipient.endswith(demo_letters.NOWHERE)
        error = Permanent("550 5.1.1 There is nobody at this address (about the recipient)") if is_lost else None
        return Attempt(claim.delivery, now, error, joined=with_it)

    def _after_departure(self, claim: Claimed, now: datetime) -> None:
        if claim.delivery.purpose is Purpose.FEEDBACK and claim.contact is not None:
            chance = random.Random(f"saying {claim.contact.id}")  # noqa: S311 - to be repeated, not to be secret
            if chance.random() < 0.4:
                at = now + timedelta(hours=chance.uniform(1, 90))
                self.at(at, partial(self._say, claim.contact.reference, demo_letters.saying(chance)))

    # What people do.

    def _arrive(self, letter: Letter, now: datetime) -> None:
        reference = self._receive(letter.message(now), now)
        contact = contacts.find(self._connection, reference) if reference else None
        if contact is None or contact.state != State.OPEN:
            return
        self.contacts += 1
        for step in course(letter, contact, self._calendar, is_before=self._is_before(now)):
            self.at(step.at, partial(self._take, step, letter, contact.reference))

    def _is_before(self, at: datetime) -> bool:
        """Whether it is in the first season, in which the house is a little slower."""
        return len(self._scenario.seasons) > 1 and self._calendar.day_of(at) < self._scenario.seasons[1].first_day

    def _receive(self, message: Inbound, now: datetime) -> str | None:
        batch, reading = Batch((message,)), Reading(message.channel)
        (filing,) = receive(self._connection, batch, reading, now, self._book, Capacity()).filed
        return filing.reference

    def _write_again(self, letter: Letter, words: str, reference: str, now: datetime) -> None:
        self._receive(letter.further(reference, words, now), now)

    def _say(self, reference: str, saying: Saying, now: datetime) -> None:
        contact = contacts.find(self._connection, reference)
        if contact is not None:
            opinion.say(self._connection, contact, saying, "website", now, self._book)
            # Where it was no answer, staff look at it once more.
            self.at(now + 3 * _DAY, partial(self._respond, reference))

    # What staff do, and what the person says meanwhile.

    def _take(self, step: Step, letter: Letter, reference: str, now: datetime) -> None:
        deeds: dict[Deed, Callable[[str, datetime], None]] = {
            Deed.CLASSIFY: partial(self._classify, letter),
            Deed.NOTE_NEED: partial(self._note_need, letter),
            Deed.ACKNOWLEDGE: partial(self._adjust, Clock.ACKNOWLEDGED),
            Deed.PAUSE: partial(self._adjust, Clock.PAUSED),
            Deed.EXTEND: partial(self._adjust, Clock.EXTENDED),
            Deed.WRITE_AGAIN: partial(self._write_again, letter, demo_words.ASKED_AGAIN),
            Deed.ANSWER_US: partial(self._write_again, letter, demo_words.ANSWER_TO_OUR_QUESTION),
            Deed.SAY_NO: partial(self._write_again, letter, demo_words.NOT_FINISHED),
            Deed.RESPOND: self._respond,
            Deed.WITHDRAW: partial(self._close, Closing(Outcome.WITHDRAWN)),
            Deed.TELL: partial(self._close, Closing(Outcome.TOLD, note="Told on the telephone.")),
            Deed.SPAM: partial(self._close, Closing(Outcome.SPAM)),
        }
        deeds[step.deed](reference, now)

    def _classify(self, letter: Letter, reference: str, now: datetime) -> None:
        classify.classify(self._connection, reference, About(kind=letter.kind), self._officer, now, self._book)

    def _note_need(self, letter: Letter, reference: str, now: datetime) -> None:
        contact = contacts.find(self._connection, reference)
        if contact is not None:
            needs.note_needs(self._connection, contact, letter.needs, self._officer, now)

    def _adjust(self, kind: Clock, reference: str, now: datetime) -> None:
        is_longer = kind is Clock.EXTENDED
        change = ClockChange(kind, to="20 working days" if is_longer else "")
        word = Word(self._officer, reason="We have to ask another team first." if is_longer else "")
        adjust(self._connection, reference, change, word, now, self._book)

    def _respond(self, reference: str, now: datetime) -> None:
        contact = contacts.find(self._connection, reference)
        if contact is not None:
            how, formats = demo_course.manner(contact)
            response = Response(self._officer, how=how, formats=formats)
            answer = respond.record(self._connection, reference, response, now, self._book)
            judgement = demo_course.judgement(contact, is_late=answer.in_time is False)
            judge.judge(self._connection, reference, judgement, self._officer, now)

    def _close(self, closing: Closing, reference: str, now: datetime) -> None:
        close.close(self._connection, reference, self._officer, now, self._book, closing)
