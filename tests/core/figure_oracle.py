"""The figures of a period counted another way: a list of spells for each sentence of the definitions, day by day."""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import holidays

from bot.core.measures import AGE_BANDS, Figures, Period, Quantile
from bot.core.spells import Spell
from tests.core.spelling import LONDON

DAY = timedelta(days=1)
ENGLAND = holidays.country_holidays("GB", subdiv="ENG", years=(2026, 2027))

SERVED = ("answered", "finished", "told")


@cache
def local_day(at: int) -> date:
    """The local day of an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(LONDON).date()


@cache
def is_working_day(day: date) -> bool:
    """By the package `holidays`."""
    return day.weekday() < 5 and day not in ENGLAND


def working_days(spell: Spell, begin: int, until: int) -> int:
    """Walk from the day after `begin` to that of `until`; days after a question up to its answer are left out."""
    excluded = set()
    for question, answer in stops_of(spell, until):
        day = local_day(question) + DAY
        while day <= local_day(answer):
            excluded.add(day)
            day += DAY
    count, day = 0, local_day(begin) + DAY
    while day <= local_day(until):
        count += is_working_day(day) and day not in excluded
        day += DAY
    return count


def over_after_five(at: int) -> date:
    """The day after the fifth working day that follows."""
    day, count = local_day(at), 0
    while count < 5:
        day += DAY
        count += is_working_day(day)
    return day + DAY


def quantile(times: Sequence[tuple[int, bool]], share: float) -> Quantile | None:
    """Nearest rank in the sorted list."""
    if not times:
        return None
    ordered = sorted(times)[: math.ceil(share * len(times))]
    return Quantile(float(ordered[-1][0]), any(is_open for _, is_open in ordered), len(times))


def mean(times: Sequence[tuple[int, bool]]) -> Quantile | None:
    """To a tenth of a day."""
    if not times:
        return None
    return Quantile(
        round(sum(days for days, _ in times) / len(times), 1), any(is_open for _, is_open in times), len(times)
    )


def by(at: int | None, due: int) -> bool:
    """Whether something was by the last permitted second."""
    return at is not None and at // 1_000_000 <= due // 1_000_000


def acknowledged(spell: Spell) -> int | None:
    """An answer is an acknowledgement, too."""
    return min((at for at in (spell.acknowledged_at, spell.responded_at) if at is not None), default=None)


def reasons(group: Sequence[Spell], reason: Callable[[Spell], str]) -> dict[str, int]:
    """How many there are of each, but of none."""
    return dict(Counter(reason(spell) for spell in group if reason(spell)))


def stops_of(spell: Spell, until: int) -> list[tuple[int, int]]:
    """From each question to its answer."""
    stops = [(begin, end) for begin, end in json.loads(spell.pauses or "[]")]
    return stops + ([(spell.paused_at, until)] if spell.paused_at is not None else [])


@dataclass(frozen=True)
class Oracle:
    """One period and the spells that began before its end."""

    period: Period
    spells: Sequence[Spell]

    def within(self, at: int | None) -> bool:
        """Whether it lies in the period."""
        return at is not None and self.period.begin <= at < self.period.end

    def over(self, at: int | None, spell: Spell) -> bool:
        """Whether a date, or the opening after it, lies in the period and is over."""
        return at is not None and self.within(max(at, spell.begins_at)) and max(at, spell.begins_at) < self.known_at

    @property
    def known_at(self) -> int:
        """The instant of the cut-off."""
        return self.period.known_at

    @property
    def last(self) -> int:
        """The last instant at which what is open can be looked at."""
        return min(self.period.end - 1, self.known_at)

    @property
    def owed(self) -> list[Spell]:
        """All but what was only logged."""
        return [spell for spell in self.spells if spell.ending != "logged"]

    def is_open(self, spell: Spell) -> bool:
        """Whether it was open at the end of the period."""
        return spell.ends_at is None or spell.ends_at >= self.period.end

    def receipts(self) -> dict[str, Any]:
        """What is counted of the receipts."""
        arrivals = [spell for spell in self.owed if spell.number == 0 and self.within(spell.received_at)]
        logged = [spell for spell in self.spells if spell.ending == "logged"]
        logged = [spell for spell in logged if spell.number == 0 and self.within(spell.received_at)]
        return {
            "arrivals": len(arrivals),
            "not_owed": dict(Counter(spell.rule for spell in logged)),
            "avoidable": reasons(arrivals, lambda spell: spell.avoidable),
            "avoidable_suggested": len([s for s in arrivals if not s.avoidable and s.early_words > 0]),
            "undeliverable": len([spell for spell in arrivals if spell.is_undeliverable]),
            "complaints": reasons(arrivals, lambda spell: spell.complaint_outcome),
            "languages": reasons(arrivals, lambda spell: spell.language),
        }

    def acknowledgements(self) -> dict[str, Any]:
        """What is counted by the date of the acknowledgement."""
        due = [s for s in self.owed if s.number == 0 and self.over(s.acknowledge_by, s)]
        in_time = [spell for spell in due if by(acknowledged(spell), spell.acknowledge_by or 0)]
        ended = [spell for spell in due if spell not in in_time and by(spell.ends_at, spell.acknowledge_by or 0)]
        return {"acknowledge_due": len(due) - len(ended), "acknowledge_in_time": len(in_time)}

    def answers_due(self) -> dict[str, Any]:
        """What is counted by the date of the answer."""
        due = [(spell, spell.respond_by) for spell in self.owed if self.over(spell.respond_by, spell)]
        kinds: dict[str, list[Spell]] = {"in time": [], "paused": [], "missed": [], "closed": []}
        for spell, date_ in due:
            assert date_ is not None
            stands = by(spell.paused_at, date_)
            if spell.responded_at is not None:
                kinds["in time" if by(spell.responded_at, date_) or stands else "missed"].append(spell)
            elif spell.ends_at is not None:
                kinds["closed" if by(spell.ends_at, date_) or stands else "missed"].append(spell)
            else:
                kinds["paused" if stands else "missed"].append(spell)
        counted = kinds["in time"] + kinds["paused"] + kinds["missed"]
        return {
            "respond_due": len(counted),
            "respond_in_time": len(kinds["in time"]),
            "respond_paused": len(kinds["paused"]),
            "missed_by_cause": dict(Counter(spell.cause for spell in kinds["missed"])),
            "closed_unanswered": reasons(kinds["closed"], lambda spell: spell.ending),
            "extensions": len([spell for spell in counted if spell.extensions > 0]),
        }

    def first_dates(self) -> dict[str, Any]:
        """What is counted by the date that was promised first."""
        due = [(spell, spell.first_respond_by or 0) for spell in self.owed if self.over(spell.first_respond_by, spell)]
        due = [(s, at) for s, at in due if s.responded_at is not None or not by(s.ends_at, at)]
        return {
            "first_due": len(due),
            "respond_in_first_time": len([1 for spell, at in due if by(spell.responded_at, at)]),
        }

    def backlog(self) -> dict[str, Any]:
        """What was open at the end."""
        group = [spell for spell in self.owed if self.is_open(spell)]
        standing: dict[Spell, int] = {}
        for spell in group:
            begins = [begin for begin, end in stops_of(spell, self.period.end) if begin < self.period.end <= end]
            standing |= {spell: max(begins)} if begins else {}
        late = [spell for spell in group if (spell.respond_by or self.period.close) < self.period.close]
        ages = [working_days(spell, spell.begins_at, self.last) for spell in group]
        return {
            "open": len(group),
            "overdue": len([s for s in late if not by(standing.get(s), s.respond_by or 0)]),
            "pauses": len(standing),
            "open_by_age": tuple(len([a for a in ages if low <= a <= (high or math.inf)]) for low, high in AGE_BANDS),
            "oldest_days": max(ages, default=None),
        }

    def endings(self) -> dict[str, Any]:
        """What was answered or closed."""
        group = [spell for spell in self.owed if self.within(spell.ends_at) and spell.ending != "merged"]
        answers = [spell for spell in group if spell.responded_at is not None]
        served = [(spell, over_after_five(spell.ends_at or 0)) for spell in group if spell.ending in SERVED]
        five = [(spell, day) for spell, day in served if day <= local_day(self.known_at)]
        quiet = [1 for s, day in five if s.next_word_at is None or local_day(s.next_word_at) >= day]
        questions = [spell for spell in answers if spell.asked_at is not None]
        needs = [spell for spell in answers if spell.needs]
        times = [working_days(spell, spell.begins_at, spell.responded_at or 0) for spell in answers]
        return {
            "endings": len(group),
            "answers": len(answers),
            "endings_of_five_days": len(five),
            "resolutions_at_first": len(quiet),
            "longest_days": max(times, default=None),
            "questions": len(questions),
            "replies": len([spell for spell in questions if spell.opinion]),
            "opinions": reasons(answers, lambda spell: spell.opinion),
            "satisfaction": reasons(answers, lambda spell: spell.satisfaction),
            "needs_answered": len(needs),
            "needs_met": len([spell for spell in needs if spell.are_needs_met]),
        }

    def time(self, spell: Spell, begin: int, until: int | None) -> tuple[int, bool] | None:
        """A time, or an age at the end of the period where it was still open then; None for one that ended without."""
        if until is not None and until < self.period.end:
            return working_days(spell, begin, until), False
        return (working_days(spell, begin, self.last), True) if self.is_open(spell) else None

    def times(self) -> dict[str, Any]:
        """How long it took."""
        began = [spell for spell in self.owed if self.within(spell.begins_at)]
        first = [spell for spell in began if spell.number == 0]
        owed = [spell for spell in first if spell.acknowledge_by is not None]
        both = [spell for spell in first if (spell.acknowledged_at or self.period.end) < self.period.end]
        acknowledging = [t for s in owed if (t := self.time(s, s.begins_at, acknowledged(s)))]
        responding = [t for s in began if (t := self.time(s, s.begins_at, s.responded_at))]
        gaps = [t for s in both if (t := self.time(s, s.acknowledged_at or 0, s.responded_at))]
        return {
            "acknowledge_median": quantile(acknowledging, 0.5),
            "acknowledge_p90": quantile(acknowledging, 0.9),
            "respond_median": quantile(responding, 0.5),
            "respond_p90": quantile(responding, 0.9),
            "acknowledge_mean": mean(acknowledging),
            "respond_mean": mean(responding),
            "gap_median": quantile(gaps, 0.5),
            "reopenings": len([spell for spell in began if spell.number > 0]),
            "windows_missed": len([spell for spell in began if spell.windows_missed > 0]),
        }


def count(period: Period, spells: Sequence[Spell]) -> Figures:
    """Every figure."""
    oracle = Oracle(period, [spell for spell in spells if spell.begins_at < period.end])
    return Figures(
        **oracle.receipts(),
        **oracle.acknowledgements(),
        **oracle.answers_due(),
        **oracle.first_dates(),
        **oracle.backlog(),
        **oracle.endings(),
        **oracle.times(),
    )
