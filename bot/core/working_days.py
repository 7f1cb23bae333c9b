"""Working days between instants in microseconds, as a promise counts them: the day of receipt is day 0."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import timedelta

from bot.core.calendars import FIRST_DAY, LAST_DAY, Calendar
from bot.core.spells import microseconds

_ONE_DAY = timedelta(days=1)
# A time during which the clock stands: from the question to the answer to it.
Stop = tuple[int, int]


class WorkingDays:
    """The working days of one calendar, looked up by instants of which a year of contacts has millions.

    An instant before the first day of the calendar counts as that day, one after the last as the last.
    """

    __slots__ = ("_ends", "_midnights", "_through")

    def __init__(self, calendar: Calendar) -> None:
        days = [FIRST_DAY + count * _ONE_DAY for count in range((LAST_DAY - FIRST_DAY).days + 1)]
        self._midnights = [microseconds(calendar.first_instant(day)) for day in days]
        # For each day: how many working days there are up to its end. At place 0: before the first.
        self._through = [0, *(calendar.working_days_through(day) for day in days)]
        after = [*self._midnights[1:], microseconds(calendar.last_second(LAST_DAY)) + 1_000_000]
        # For each working day: the first instant after it.
        self._ends = [
            midnight for place, midnight in enumerate(after) if self._through[place] < self._through[place + 1]
        ]

    def number(self, at: int) -> int:
        """Return the number of working days up to the end of the local day of an instant."""
        return self._through[bisect_right(self._midnights, at)]

    def between(self, begin: int, until: int, stops: Iterable[Stop] = ()) -> int:
        """Return how many working days after the day of `begin` the day of `until` is.

        Of a time during which the clock stood, the days after that of the question up to that of the answer do not
        count, as with `clocks.Counting.AFTER_START`; it has an effect only between `begin` and `until`.
        """
        position, last = self.number(begin), self.number(until)
        count = max(0, last - position)
        for first_at, last_at in sorted(stops):
            first = max(self.number(first_at), position)
            position = max(min(self.number(last_at), last), position)
            count -= max(0, position - first)
        return count

    def end_after(self, at: int, count: int) -> int:
        """Return the first instant after the `count`-th working day that follows the local day of `at`."""
        return self._ends[min(self.number(at) + count, len(self._ends)) - 1]
