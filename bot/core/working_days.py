"""Working days between instants in microseconds, as a promise counts them: the day of receipt is day 0."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from bot.core.calendars import FIRST_DAY, LAST_DAY, Calendar
from bot.core.spells import SECOND, microseconds

# A time during which the clock stands: from the question to the answer to it.
Stop = tuple[int, int]
# Every zone is whole quarters of an hour away from UTC, so within one no day begins.
_QUARTER = 15 * 60 * SECOND
# As many quarters are remembered, which is almost two years.
_MOST = 65_536


class WorkingDays:
    """The working days of one calendar, looked up by instants of which a year of contacts has millions.

    An instant before the first day of the calendar counts as before all working days, one after the last as the last.
    """

    __slots__ = ("_before", "_ends", "_midnights", "_numbers")

    def __init__(self, calendar: Calendar) -> None:
        self._midnights = _midnights(calendar.zone)
        self._before = calendar.counts_before
        self._numbers = _Numbers(self._midnights, self._before)
        # Of each working day by its number, the first instant after it.
        self._ends: dict[int, int] = {}

    def number(self, at: int) -> int:
        """Return the number of working days up to the end of the local day of an instant."""
        return self._numbers[at // _QUARTER]

    def between(self, begin: int, until: int, stops: Sequence[Stop] = ()) -> int:
        """Return how many working days after the day of `begin` the day of `until` is.

        Of a time during which the clock stood, the days after that of the question up to that of the answer do not
        count, as with `clocks.Counting.AFTER_START`; it has an effect only between `begin` and `until`.
        """
        position, last = self._numbers[begin // _QUARTER], self._numbers[until // _QUARTER]
        count = last - position if last > position else 0
        if not stops:
            return count
        for first_at, last_at in sorted(stops):
            first = max(self.number(first_at), position)
            position = max(min(self.number(last_at), last), position)
            count -= max(0, position - first)
        return count

    def end_after(self, at: int, count: int) -> int:
        """Return the first instant after the `count`-th working day that follows the local day of `at`."""
        number = self._numbers[at // _QUARTER] + count
        if number not in self._ends:
            day_after = bisect_left(self._before, min(number, self._before[-1]))
            self._ends[number] = self._midnights[min(day_after, len(self._midnights) - 1)]
        return self._ends[number]


class _Numbers(dict[int, int]):
    """The numbers of working days by quarters of an hour since 1970, each looked up when it is first asked for."""

    __slots__ = ("_before", "_midnights")

    def __init__(self, midnights: Sequence[int], before: Sequence[int]) -> None:
        super().__init__()
        self._midnights, self._before = midnights, before

    def __missing__(self, quarter: int) -> int:
        if len(self) >= _MOST:
            self.clear()
        number = self[quarter] = self._before[bisect_right(self._midnights, quarter * _QUARTER)]
        return number


@cache
def _midnights(zone: ZoneInfo) -> list[int]:
    """Return the first instant of every day of the calendars."""
    days = map(date.fromordinal, range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1))
    return [microseconds(datetime.combine(day, time(), tzinfo=zone)) for day in days]
