"""What people say of our answers: who is asked, when, what they may say, and the figures that come of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.core import clocks
from bot.core.calendars import Calendar
from bot.core.contacts import Contact, State
from bot.core.durations import Duration, Unit
from bot.core.page_sentences import sentence

T = TypeVar("T", bound=StrEnum)
# Nobody is asked twice within this time, whatever they wrote about.
ASKED_AGAIN_AFTER = timedelta(days=90)
MOST_CHARACTERS = 1_200
# Of fewer answers no figure is shown: each could be traced to a person.
LEAST_ANSWERS = 10
ONE_WORKING_DAY = Duration(1, Unit.WORKING_DAY)
_WHOLE_DAYS = (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH)


class Opinion(StrEnum):
    """The answers to "Did we answer your question?"; the texts are stored."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Satisfaction(StrEnum):
    """The five steps, from the best to the worst; the texts are stored."""

    VERY_SATISFIED = "very-satisfied"
    SATISFIED = "satisfied"
    NEITHER = "neither"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very-dissatisfied"


OPINION_WORDS = {
    Opinion.YES: sentence("Yes"),
    Opinion.PARTLY: sentence("Partly"),
    Opinion.NO: sentence("No"),
}
SATISFACTION_WORDS = {
    Satisfaction.VERY_SATISFIED: sentence("Very satisfied"),
    Satisfaction.SATISFIED: sentence("Satisfied"),
    Satisfaction.NEITHER: sentence("Neither satisfied nor dissatisfied"),
    Satisfaction.DISSATISFIED: sentence("Dissatisfied"),
    Satisfaction.VERY_DISSATISFIED: sentence("Very dissatisfied"),
}


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """Whether people are asked if our answer helped, how long after it, and about which kinds and services never."""

    ask: bool = False
    after: Duration = ONE_WORKING_DAY
    never_kinds: frozenset[str] = frozenset()
    never_services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was said of the answer to one contact. `asked_at` is None where the question did not leave by mail.

    `answer` is an `Opinion`, or "" where nothing was said yet; `satisfaction` a step, or "". `reopened`: what they
    said opened the contact again.
    """

    contact_id: int
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""
    satisfaction: str = ""
    words: str = ""
    read_at: datetime | None = None
    read_by: str = ""
    reopened: bool = False


def may_be_asked(contact: Contact, rules: FeedbackRules) -> bool:
    """Tell whether a contact is one about which a person is asked at all, once it is answered."""
    is_delicate = contact.urgent or contact.kind in rules.never_kinds or contact.service in rules.never_services
    is_reachable = contact.visibility == "private" and not (contact.muted or contact.forgotten)
    return rules.ask and contact.standard is not None and is_reachable and not is_delicate


def may_be_said(contact: Contact, rules: FeedbackRules) -> bool:
    """Tell whether the person may say now what they think of our answer: there is one, and nothing is owed."""
    is_over = contact.state in (State.ANSWERED, State.CLOSED) and contact.responded_at is not None
    return is_over and contact.merged_into is None and may_be_asked(contact, rules)


def may_be_changed(feedback: Feedback | None, contact: Contact) -> bool:
    """Tell whether what the person said may be said anew: staff have not read it, or have answered again since."""
    if feedback is None or feedback.answered_at is None or feedback.read_at is None:
        return True
    return contact.responded_at is not None and contact.responded_at > feedback.answered_at


def asked_at(rules: FeedbackRules, answered_at: datetime, now: datetime, calendar: Calendar) -> datetime:
    """Return when the question leaves: so long after the answer, in office hours, and not before now."""
    due = clocks.due(rules.after, answered_at, calendar)
    if rules.after.unit in _WHOLE_DAYS:
        # A day is over at midnight; the question comes at the time of day of the answer.
        time_of_day = answered_at.astimezone(calendar.zone).time()
        due = datetime.combine(calendar.day_of(due), time_of_day, tzinfo=calendar.zone)
    return calendar.next_opening(max(due, now))


@dataclass(frozen=True, slots=True)
class Count:
    """How many have said this: `answer` and `satisfaction` may be "", `is_asked` says whether the question left."""

    answer: str
    satisfaction: str
    is_asked: bool
    number: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How many questions left by mail, how many of those people said something, and how many said something in all.

    `by_answer` and `by_satisfaction` are empty where fewer than `LEAST_ANSWERS` said anything.
    """

    questions: int
    replies: int
    answers: int
    by_answer: tuple[tuple[Opinion, int], ...] = ()
    by_satisfaction: tuple[tuple[Satisfaction, int], ...] = ()

    @property
    def is_suppressed(self) -> bool:
        """Whether there are too few answers for a figure."""
        return self.answers < LEAST_ANSWERS

    @property
    def rate(self) -> int | None:
        """How many of a hundred people who were asked said something; None where that is no figure."""
        return None if self.is_suppressed or not self.questions else round(100 * self.replies / self.questions)


def figures(counts: Sequence[Count]) -> Figures:
    """Return the figures of these counts, suppressed where there are too few."""
    questions = [count for count in counts if count.is_asked]
    answers = [count for count in counts if count.answer]
    total = Figures(_sum(questions), _sum(count for count in questions if count.answer), _sum(answers))
    if total.is_suppressed:
        return total
    by_answer = _by(Opinion, ((count.answer, count.number) for count in answers))
    by_satisfaction = _by(Satisfaction, ((count.satisfaction, count.number) for count in answers))
    return replace(total, by_answer=by_answer, by_satisfaction=by_satisfaction)


def _by(words: type[T], pairs: Iterable[tuple[str, int]]) -> tuple[tuple[T, int], ...]:
    totals = Counter[str]()
    for name, number in pairs:
        totals[name] += number
    return tuple((word, totals[word]) for word in words)


def _sum(counts: Iterable[Count]) -> int:
    return sum(count.number for count in counts)
