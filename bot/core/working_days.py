"""Working days between instants in microseconds, as a promise counts them: the day of receipt is day 0."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from bot.core.calendars import FIRST_DAY, LAST_DAY, Calendar
from bot.core.spells import microseconds

# A time during which the clock stands: from the question to the answer to it.
Stop = tuple[int, int]


class WorkingDays:
    """The working days of one calendar, looked up by instants of which a year of contacts has millions.

    An instant before the first day of the calendar counts as before all working days, one after the last as the last.
    """

    __slots__ = ("_before", "_midnights")

    def __init__(self, calendar: Calendar) -> None:
        self._midnights = _midnights(calendar.zone)
        self._before = calendar.counts_before

    def number(self, at: int) -> int:
        """Return the number of working days up to the end of the local day of an instant."""
        return self._before[bisect_right(self._midnights, at)]

    def between(self, begin: int, until: int, stops: Sequence[Stop] = ()) -> int:
        """Return how many working days after the day of `begin` the day of `until` is.

        Of a time during which the clock stood, the days after that of the question up to that of the answer do not
        count, as with `clocks.Counting.AFTER_START`; it has an effect only between `begin` and `until`.
        """
        before, midnights = self._before, self._midnights
        position, last = before[bisect_right(midnights, begin)], before[bisect_right(midnights, until)]
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
        day_after = bisect_left(self._before, min(self.number(at) + count, self._before[-1]))
        return self._midnights[min(day_after, len(self._midnights) - 1)]


@cache
def _midnights(zone: ZoneInfo) -> list[int]:
    """Return the first instant of every day of the calendars."""
    days = map(date.fromordinal, range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1))
    return [microseconds(datetime.combine(day, time(), tzinfo=zone)) for day in days]
