"""Counts spells into the figures of cells, by the definitions in `measures`: pure, and quick, for a million of them."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from bot.core.measures import AGE_BANDS, FOLLOW_UP_DAYS, Figures, Period, Quantile, cell_of
from bot.core.spells import SECOND, Ending, Spell
from bot.core.working_days import Stop, WorkingDays

# A member of an enumeration takes long to look up, for a million spells.
_LOGGED, _MERGED = str(Ending.LOGGED), str(Ending.MERGED)
_LAST_OF_BANDS = [last for _, last in AGE_BANDS if last is not None]
# Endings after which the person should have what they need; to the others, such as spam, nobody owed anything.
_SERVED = frozenset(map(str, (Ending.ANSWERED, Ending.FINISHED, Ending.TOLD)))

# What a cell is about, by cut (nothing for the whole), and its figures.
Line = tuple[Mapping[str, str], Figures]


class Times:
    """Times in whole working days, of which those of what is still open can only become longer."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        # By twice the days, and one more where it is open: so what is open comes after the others of so many days.
        self._counts: defaultdict[int, int] = defaultdict(int)

    def add(self, days: int, *, is_open: bool = False) -> None:
        """Add one."""
        self._counts[2 * days + is_open] += 1

    def join(self, times: "Times") -> None:
        """Add all of these."""
        for key, count in times._counts.items():
            self._counts[key] += count

    def quantile(self, tenths: int) -> Quantile | None:
        """Return the time within which so many tenths of them are, by nearest rank; None where there are none."""
        count = sum(self._counts.values())
        rank = -(-count * tenths // 10)
        if not rank:
            return None
        position, is_at_least = 0, False
        for key in sorted(self._counts):
            position += self._counts[key]
            is_at_least = is_at_least or bool(key % 2)
            if position >= rank:
                break
        return Quantile(float(key // 2), is_at_least, count)

    def mean(self) -> Quantile | None:
        """Return the mean, to one tenth of a day."""
        count = sum(self._counts.values())
        if not count:
            return None
        days = sum(key // 2 * number for key, number in self._counts.items())
        return Quantile(round(days / count, 1), any(key % 2 for key in self._counts), count)


class Tally:
    """The figures of one cell while spells are added, by the definitions of `Figures`.

    Whatever happened counts as it is known at the cut-off; dates count once they are over; what is open is as old as
    it is at the close of the period. `days` are the working days by calendar, `usual` of the calendar that others use.
    """

    def __init__(self, period: Period, days: Mapping[str, WorkingDays], usual: WorkingDays) -> None:
        self._begin, self._end, self._close = period.begin, period.end, period.close
        self._known_at = period.known_at
        # The last instant of the period, and not the first of the day after it.
        self._look = min(period.end - 1, period.known_at)
        self._days, self._usual = days, usual
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._reasons: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._acknowledging, self._responding, self._gaps = Times(), Times(), Times()
        self._longest: int | None = None
        self._oldest: int | None = None
        self._ages = [0] * len(AGE_BANDS)

    def add(self, spell: Spell) -> None:
        """Count a spell in every figure in which it belongs."""
        end, begins_at = self._end, spell.begins_at
        ends_at = end if spell.ends_at is None else spell.ends_at
        if begins_at >= end:
            return
        if spell.number == 0:
            self._add_contact(spell)
        if spell.ending == _LOGGED:
            return
        self._add_promises(spell)
        is_open = ends_at >= end
        until = self._look if is_open else spell.responded_at
        days = 0 if until is None else self._between(spell, begins_at, until)
        if is_open:
            self._add_open(spell, days)
        elif ends_at >= self._begin:
            self._add_ending(spell, ends_at, days)
        if begins_at >= self._begin:
            self._add_times(spell, until, days, is_open=is_open)

    def _add_contact(self, spell: Spell) -> None:
        """Count what is counted once for each contact: its receipt and its acknowledgement."""
        is_new = self._begin <= spell.received_at < self._end
        if spell.ending == _LOGGED:
            if is_new:
                self._reasons["not_owed", spell.rule] += 1
            return
        if is_new:
            self._add_arrival(spell)
        if spell.acknowledge_by is not None:
            acknowledged_at = _earlier(spell.acknowledged_at, spell.responded_at)
            if self._begin <= spell.acknowledge_by < self._close:
                self._add_acknowledgement_due(spell, spell.acknowledge_by, acknowledged_at)
            if is_new:
                self._add_acknowledgement_time(spell, acknowledged_at)

    def _add_acknowledgement_due(self, spell: Spell, acknowledge_by: int, acknowledged_at: int | None) -> None:
        if acknowledged_at is not None and acknowledged_at < acknowledge_by + SECOND:
            self._counts["acknowledge_due"] += 1
            self._counts["acknowledge_in_time"] += 1
        elif not _is_over_by(spell, acknowledge_by):
            self._counts["acknowledge_due"] += 1

    def _add_acknowledgement_time(self, spell: Spell, acknowledged_at: int | None) -> None:
        if acknowledged_at is not None and acknowledged_at < self._end:
            self._acknowledging.add(self._between(spell, spell.received_at, acknowledged_at))
        elif spell.ends_at is None or spell.ends_at >= self._end:
            self._acknowledging.add(self._between(spell, spell.received_at, self._look), is_open=True)

    def _add_promises(self, spell: Spell) -> None:
        """Count an answer by its dates; one that was over when the contact was opened again counts on that day."""
        begin, close, begins_at = self._begin, self._close, spell.begins_at
        respond_by, first = spell.respond_by, spell.first_respond_by
        if respond_by is not None and begin <= max(respond_by, begins_at) < close:
            self._add_answer_due(spell, respond_by)
        if first is not None and begin <= max(first, begins_at) < close:
            self._add_first_due(spell, first)

    def _add_arrival(self, spell: Spell) -> None:
        self._counts["arrivals"] += 1
        self._reasons["languages", spell.language] += 1
        if spell.avoidable:
            self._reasons["avoidable", spell.avoidable] += 1
        elif spell.early_words:
            self._counts["avoidable_suggested"] += 1
        if spell.complaint_outcome:
            self._reasons["complaints", spell.complaint_outcome] += 1
        if spell.is_undeliverable:
            self._counts["undeliverable"] += 1

    def _add_answer_due(self, spell: Spell, respond_by: int) -> None:
        limit = respond_by + SECOND
        # As with `histories.Clock.in_time`: while a clock stands that had not run out, nothing is late.
        stands = spell.paused_at is not None and spell.paused_at < limit
        ends_at = spell.ends_at if spell.responded_at is None else spell.responded_at
        is_over = ends_at is not None and (ends_at < limit or stands)
        if is_over and spell.responded_at is None:
            self._reasons["closed_unanswered", spell.ending] += 1
            return
        self._counts["respond_due"] += 1
        self._counts["extensions"] += spell.extensions > 0
        if is_over:
            self._counts["respond_in_time"] += 1
        elif stands and ends_at is None:
            self._counts["respond_paused"] += 1
        else:
            self._reasons["missed_by_cause", spell.cause] += 1

    def _add_first_due(self, spell: Spell, first_respond_by: int) -> None:
        if spell.responded_at is not None:
            self._counts["first_due"] += 1
            self._counts["respond_in_first_time"] += spell.responded_at < first_respond_by + SECOND
        elif not _is_over_by(spell, first_respond_by):
            self._counts["first_due"] += 1

    def _add_open(self, spell: Spell, days: int) -> None:
        self._counts["open"] += 1
        stands_from = self._stands_from(spell) if spell.paused_at is not None or spell.pauses else None
        if stands_from is not None:
            self._counts["pauses"] += 1
        if spell.respond_by is not None and spell.respond_by < self._close:
            stands = stands_from is not None and stands_from < spell.respond_by + SECOND
            self._counts["overdue"] += not stands
        self._ages[bisect_left(_LAST_OF_BANDS, days)] += 1
        self._oldest = _later(self._oldest, days)

    def _stands_from(self, spell: Spell) -> int | None:
        """Return from when its clock stood at the end of the period, and None if it did not."""
        stops = _stops(spell, self._end)
        return max((begin for begin, until in stops if begin < self._end <= until), default=None)

    def _add_ending(self, spell: Spell, ends_at: int, days: int) -> None:
        if spell.ending == _MERGED:
            return
        counts = self._counts
        counts["endings"] += 1
        if spell.responded_at is not None:
            self._add_answer(spell, days)
        if spell.ending in _SERVED:
            over_at = self._days.get(spell.calendar, self._usual).end_after(ends_at, FOLLOW_UP_DAYS)
            if over_at <= self._known_at:
                counts["endings_of_five_days"] += 1
                counts["resolutions_at_first"] += spell.next_word_at is None or spell.next_word_at >= over_at

    def _add_answer(self, spell: Spell, days: int) -> None:
        counts = self._counts
        counts["answers"] += 1
        self._longest = _later(self._longest, days)
        if spell.asked_at is not None:
            counts["questions"] += 1
            counts["replies"] += bool(spell.opinion)
        if spell.opinion:
            self._reasons["opinions", spell.opinion] += 1
        if spell.satisfaction:
            self._reasons["satisfaction", spell.satisfaction] += 1
        if spell.needs:
            counts["needs_answered"] += 1
            counts["needs_met"] += spell.are_needs_met is True

    def _add_times(self, spell: Spell, until: int | None, days: int, *, is_open: bool) -> None:
        counts, acknowledged_at = self._counts, spell.acknowledged_at
        counts["reopenings"] += spell.number > 0
        counts["windows_missed"] += spell.windows_missed > 0
        if until is None:
            return
        self._responding.add(days, is_open=is_open)
        if spell.number == 0 and acknowledged_at is not None and acknowledged_at < self._end:
            self._gaps.add(self._between(spell, acknowledged_at, until), is_open=is_open)

    def _between(self, spell: Spell, begin: int, until: int) -> int:
        days = self._days.get(spell.calendar, self._usual)
        if spell.paused_at is None and not spell.pauses:
            return days.between(begin, until)
        return days.between(begin, until, _stops(spell, until))

    def join(self, cell: "Tally") -> None:
        """Add everything that another cell of the same period counts."""
        for figure, count in cell._counts.items():
            self._counts[figure] += count
        for key, count in cell._reasons.items():
            self._reasons[key] += count
        self._acknowledging.join(cell._acknowledging)
        self._responding.join(cell._responding)
        self._gaps.join(cell._gaps)
        self._longest = _later(self._longest, cell._longest)
        self._oldest = _later(self._oldest, cell._oldest)
        self._ages = [count + more for count, more in zip(self._ages, cell._ages, strict=True)]

    def figures(self) -> Figures:
        """Return what was counted."""
        reasons: dict[str, dict[str, int]] = defaultdict(dict)
        for (figure, reason), count in sorted(self._reasons.items()):
            reasons[figure][reason] = count
        times = {
            "acknowledge_median": self._acknowledging.quantile(5),
            "acknowledge_p90": self._acknowledging.quantile(9),
            "respond_median": self._responding.quantile(5),
            "respond_p90": self._responding.quantile(9),
            "acknowledge_mean": self._acknowledging.mean(),
            "respond_mean": self._responding.mean(),
            "gap_median": self._gaps.quantile(5),
        }
        values: dict[str, Any] = {**self._counts, **reasons, **times}
        return Figures(**values, longest_days=self._longest, oldest_days=self._oldest, open_by_age=tuple(self._ages))


class Cells:
    """The figures of every cell of a period while spells are added; `cuts` are names of `measures.CUTS`."""

    def __init__(
        self, cuts: Sequence[str], period: Period, days: Mapping[str, WorkingDays], usual: WorkingDays
    ) -> None:
        self.cuts = tuple(cuts)
        self._tally = partial(Tally, period, days, usual)
        self._key = _key(self.cuts)
        self._tallies: defaultdict[tuple[str, ...], Tally] = defaultdict(self._tally)

    def add(self, spells: Iterable[Spell]) -> None:
        """Count spells, each in its cell."""
        tallies, key = self._tallies, self._key
        for spell in spells:
            tallies[key(spell)].add(spell)

    def lines(self, cuts: Sequence[str]) -> tuple[Line, ...]:
        """Return what these cells are about and their figures, the whole first; by these of its cuts, or by fewer."""
        places = [self.cuts.index(cut) for cut in cuts]
        total = self._tally()
        tallies: defaultdict[tuple[str, ...], Tally] = defaultdict(self._tally)
        for names, tally in self._tallies.items():
            total.join(tally)
            tallies[tuple(names[place] for place in places)].join(tally)
        cells = sorted(tallies.items(), key=lambda cell: cell[0]) if cuts else []
        return (
            ({}, total.figures()),
            *((dict(zip(cuts, names, strict=True)), tally.figures()) for names, tally in cells),
        )


def _key(cuts: tuple[str, ...]) -> Callable[[Spell], tuple[str, ...]]:
    if "standard" in cuts or len(cuts) < 2:
        return lambda spell: cell_of(spell, cuts)
    return attrgetter(*cuts)


def _is_over_by(spell: Spell, due: int) -> bool:
    return spell.ends_at is not None and spell.ends_at < due + SECOND


def _stops(spell: Spell, until: int) -> tuple[Stop, ...]:
    """Return the times during which the clock stood, and the one in which it stands up to `until`."""
    stops = _pauses(spell.pauses) if spell.pauses else ()
    return stops if spell.paused_at is None else (*stops, (spell.paused_at, until))


@lru_cache(100)
def _pauses(pauses: str) -> tuple[Stop, ...]:
    """Return finished pauses, which are asked for several times for each spell."""
    return tuple((begin, end) for begin, end in json.loads(pauses))


def _earlier(first: int | None, second: int | None) -> int | None:
    return first if second is None else second if first is None or second < first else first


def _later(first: int | None, second: int | None) -> int | None:
    return first if second is None else second if first is None or second > first else first
