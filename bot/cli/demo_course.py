"""What becomes of an invented contact: staff answer, ask back, take longer, close; the person writes again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.cli.demo_letters import Letter
from bot.core import judgements
from bot.core.answers import BY_TELEPHONE
from bot.core.calendars import Calendar
from bot.core.contacts import Contact
from bot.core.judgements import Avoidable, Cause, ComplaintOutcome
from bot.core.needs import Need
from bot.flows.changes.judge import Judgement

_DAY = timedelta(days=1)
_OPENS, _CLOSES = 9 * 60, 17 * 60 - 1
# How many times as long as every contact's the answer takes that the kind is promised.
_TIMES_AS_LONG = {"foi": 2.0, "complaint": 1.1}
_SLOWER_BEFORE = 0.06
# Of those that are not answered in time, so many are answered at last.
_ANSWERED_AT_LAST = 0.85
# After these parts of the time staff take longer, and the person asks how far they are.
_BEFORE_THAT_NO_PAUSE, _TAKES_LONG, _WAITS_LONG = 0.3, 0.7, 0.5
_SHARE_WITH_MARK, _SHARE_WITH_CAUSE, _SHARE_OF_NEEDS_MET = 0.4, 0.85, 0.8
_PAUSE, _ANSWER_US, _ASK_AGAIN, _SAY_NO = 0.07, 0.85, 0.14, 0.05


class Deed(StrEnum):
    """What happens to a contact."""

    CLASSIFY = "classify"
    NOTE_NEED = "note need"
    ACKNOWLEDGE = "acknowledge"
    PAUSE = "pause"
    EXTEND = "extend"
    WRITE_AGAIN = "write again"
    ANSWER_US = "answer us"
    SAY_NO = "say no"
    RESPOND = "respond"
    WITHDRAW = "withdraw"
    TELL = "tell"
    SPAM = "spam"


_ENDINGS = {Deed.RESPOND: 93, Deed.WITHDRAW: 3, Deed.TELL: 3, Deed.SPAM: 1}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens, and when."""

    at: datetime
    deed: Deed


def course(letter: Letter, contact: Contact, calendar: Calendar, *, is_before: bool) -> Iterator[Step]:
    """Yield what will happen to a new contact; `is_before`: while the house was slower."""
    chance, received_at = letter.chance, contact.received_at
    span = (contact.respond_by or received_at + 10 * _DAY) - received_at
    times = _Times(received_at, span * _TIMES_AS_LONG.get(letter.kind, 1.0), calendar, chance)
    share = _share(letter, chance, is_before=is_before)
    yield from _beginning(letter, times)
    pause = timedelta(0)
    if chance.random() < _PAUSE and (share or 1.0) > _BEFORE_THAT_NO_PAUSE:
        begin, pause = times.at(0.2), timedelta(days=chance.uniform(1, 9))
        yield Step(begin, Deed.PAUSE)
        if chance.random() > _ANSWER_US:
            return
        yield Step(begin + pause, Deed.ANSWER_US)
    yield from _middle(letter, times, share or 2.0)
    if share is not None:
        yield from _ending(times, share, pause)


def _beginning(letter: Letter, times: "_Times") -> Iterator[Step]:
    if letter.needs:
        yield Step(times.received_at + timedelta(hours=1), Deed.NOTE_NEED)
    if letter.kind:
        yield Step(times.at(0.08), Deed.CLASSIFY)
    if letter.kind == "complaint":
        yield Step(times.at(times.chance.uniform(0.1, 0.36)), Deed.ACKNOWLEDGE)


def _middle(letter: Letter, times: "_Times", share: float) -> Iterator[Step]:
    if letter.kind in _TIMES_AS_LONG and share > _TAKES_LONG:
        yield Step(times.at(0.65), Deed.EXTEND)
    if share > _WAITS_LONG and times.chance.random() < _ASK_AGAIN:
        yield Step(times.at(times.chance.uniform(0.35, 0.7) * min(share, 1.0)), Deed.WRITE_AGAIN)


def _share(letter: Letter, chance: random.Random, *, is_before: bool) -> float | None:
    """After which part of the promised time it is answered; None: never."""
    promptness = letter.matter.promptness - _SLOWER_BEFORE * is_before
    luck = chance.random()
    if luck < promptness:
        return chance.betavariate(1.5, 2.5) * 0.95
    return chance.uniform(1.05, 2.2) if luck < promptness + (1 - promptness) * _ANSWERED_AT_LAST else None


def _ending(times: "_Times", share: float, lost_time: timedelta) -> Iterator[Step]:
    end, chance = times.at(share, lost_time), times.chance
    deed = chance.choices(list(_ENDINGS), list(_ENDINGS.values()))[0]
    yield Step(end, deed)
    if deed is Deed.RESPOND and chance.random() < _SAY_NO:
        again = end + timedelta(days=chance.uniform(1, 7))
        yield Step(again, Deed.SAY_NO)
        yield Step(times.office(again + timedelta(days=chance.uniform(1, 12))), Deed.RESPOND)


def manner(contact: Contact) -> tuple[str, str | None]:
    """Return how the answer is given, and in which formats it leaves: mostly as the person needs it."""
    chance = random.Random(f"manner {contact.id}")  # noqa: S311 - to be repeated, not to be secret
    if not contact.need_codes or chance.random() > _SHARE_OF_NEEDS_MET:
        return "", "" if contact.need_codes else None
    return BY_TELEPHONE if Need.CALL in contact.need_codes.split() else "", contact.need_codes


def judgement(contact: Contact, *, is_late: bool) -> Judgement:
    """What staff say of an answered contact for the figures."""
    chance = random.Random(f"judgement {contact.id}")  # noqa: S311 - to be repeated, not to be secret
    is_complaint = judgements.is_complaint(contact.kind)
    return Judgement(
        avoidable=_draw(chance, Avoidable, (20, 12, 10, 6, 52)) if chance.random() < _SHARE_WITH_MARK else None,
        cause=_draw(chance, Cause, (30, 22, 18, 10, 8, 5, 5, 2))
        if is_late and chance.random() < _SHARE_WITH_CAUSE
        else None,
        complaint_outcome=_draw(chance, ComplaintOutcome, (30, 20, 40, 10)) if is_complaint else None,
    )


def _draw(chance: random.Random, choices: type[StrEnum], shares: tuple[int, ...]) -> str:
    return chance.choices(list(choices), shares)[0]


@dataclass(frozen=True, slots=True)
class _Times:
    received_at: datetime
    span: timedelta
    calendar: Calendar
    chance: random.Random

    def at(self, share: float, later: timedelta = timedelta(0)) -> datetime:
        """The time in the office when this part of the promised time is over."""
        return self.office(self.received_at + self.span * share + later)

    def office(self, at: datetime) -> datetime:
        """A time in the office on that day, else on the next working day; never before the receipt."""
        day = self.calendar.day_of(at)
        while not self.calendar.is_working_day(day):
            day += _DAY
        minutes = self.chance.randint(_OPENS, _CLOSES)
        local = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=self.calendar.zone)
        return max(local, self.received_at + timedelta(minutes=20))
