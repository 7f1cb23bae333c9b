"""Working days and office hours of a calendar: tables that are computed once and then looked up."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from hashlib import sha256
from itertools import accumulate
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core import bank_holidays

FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2040, 12, 31)
ALL_NATIONS = ("england", "wales", "scotland", "northern-ireland")
# Freedom of Information Act 2000 section 10(6): a bank holiday in any part of the United Kingdom does not count.
STATUTORY = "uk-any"
NAMES = (*ALL_NATIONS, STATUTORY)

Hours = tuple[time, time]  # opening, closing
Days = tuple[date, date]  # first, last, both included
_MON_TO_THU, _FRI = (time(8, 30), time(17)), (time(8, 30), time(16, 30))
OFFICE: tuple[Hours | None, ...] = (_MON_TO_THU,) * 4 + (_FRI,) + (None,) * 2

_ORIGIN = FIRST_DAY.toordinal()
_DAYS = LAST_DAY.toordinal() - _ORIGIN + 1
_MICROSECOND = timedelta(microseconds=1)
_ONE_SECOND, _ONE_DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A bank holiday proclaimed since the table was written; `instead_of` is the day that it was moved from."""

    day: date
    title: str
    nations: tuple[str, ...] = ALL_NATIONS
    instead_of: date | None = None


class BadCalendar(ValueError):
    """An unknown calendar or time zone, or a bad range of days; the message says what is allowed."""


class OutsideCalendar(ValueError):
    """The day lies outside FIRST_DAY to LAST_DAY, the only days for which bank holidays are known."""

    def __init__(self, day: object) -> None:
        super().__init__(f"{day} is outside the calendar, which holds {FIRST_DAY} to {LAST_DAY}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calendar:
    """The working days of one nation (or `uk-any`) in one time zone, with closure days and office hours.

    `office` has the opening and closing times of Monday to Sunday, None for a closed day. `closures` are inclusive
    ranges of days on which the organisation is closed. Made by `calendar`.
    """

    name: str
    zone: ZoneInfo
    office: tuple[Hours | None, ...]
    closures: tuple[Days, ...]
    _reasons: MappingProxyType[int, str]  # ordinal -> why a weekday does not count
    _working: tuple[int, ...]  # the places of the working days in the table, in order
    counts_before: tuple[int, ...]  # for each place, and the one after the last: the number of earlier working days
    _open_before: tuple[int, ...]  # for each working day: microseconds of office time before it
    _midnights: tuple[datetime, ...]  # for each place: the first instant of the day, UTC
    _last_seconds: tuple[datetime, ...]  # for each place: the last second of the day, UTC

    def __repr__(self) -> str:
        return f"<Calendar {self.name} {self.zone.key}>"

    @property
    def version(self) -> str:
        """A string of twelve characters that changes whenever a day or an hour counts differently."""
        return sha256(repr((self.zone.key, self.office, self._working)).encode()).hexdigest()[:12]

    def day_of(self, instant: datetime) -> date:
        """Return the local day of an aware instant."""
        return instant.astimezone(self.zone).date()

    def first_instant(self, day: date) -> datetime:
        """Return midnight at the start of the local day, in UTC (the end of the gap, if the clocks skip midnight)."""
        return self._midnights[_place(day)]

    def last_second(self, day: date) -> datetime:
        """Return 23:59:59 local time at the end of the day, in UTC."""
        return self._last_seconds[_place(day)]

    def is_working_day(self, day: date) -> bool:
        """Tell whether the day counts."""
        return self.why_not_working(day) is None

    def why_not_working(self, day: date) -> str | None:
        """Return why the day does not count: `weekend`, the holiday's name, `closure`; None for a working day."""
        place = _place(day)
        if self.counts_before[place + 1] > self.counts_before[place]:
            return None
        return self._reasons.get(day.toordinal(), "weekend")

    def working_day_after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, which may be any day; `count` is 1 or more."""
        if count < 1:
            raise ValueError(f"the count of working days is 1 or more, not {count}")
        return self.nth_working_day(self.working_days_through(day) + count)

    def working_days_before(self, day: date) -> int:
        """Return the number of working days in the table before `day`."""
        return self.counts_before[_place(day)]

    def working_days_through(self, day: date) -> int:
        """Return the number of working days in the table up to the end of `day`."""
        return self.counts_before[_place(day) + 1]

    def nth_working_day(self, number: int) -> date:
        """Return the working day with this running number in the table; the first is number 1."""
        if not 0 < number <= len(self._working):
            raise OutsideCalendar(f"working day {number} of the table")
        return date.fromordinal(_ORIGIN + self._working[number - 1])

    def due(self, received_at: datetime, count: int) -> datetime:
        """Return the last second of the `count`-th working day after the local day of `received_at`, fast.

        The date at the instant's own offset differs by at most two days from the local one. The table gives the local
        day at a lower cost than the offset.
        """
        place = received_at.toordinal() - _ORIGIN
        if not 2 <= place < _DAYS - 2:
            raise OutsideCalendar(received_at.date())
        midnights = self._midnights
        while received_at >= midnights[place + 1]:
            place += 1
        while received_at < midnights[place]:
            place -= 1
        number = self.counts_before[place + 1] + count
        if number > len(self._working):
            raise OutsideCalendar(f"working day {count} after {self.day_of(received_at)}")
        return self._last_seconds[self._working[number - 1]]

    def moment(self, days: Fraction, *, at_the_end: bool) -> datetime:
        """Return the instant (UTC) at which so many working days of the table, counted by midnights, are over.

        Between the end of one working day and the start of the next, `at_the_end` chooses the former.
        """
        number = int(days)
        rest = days - number
        if at_the_end and not rest:
            return self._midnights[_place(self.nth_working_day(number)) + 1]
        place = _place(self.nth_working_day(number + 1))
        length = (self._midnights[place + 1] - self._midnights[place]) // _MICROSECOND
        return self._midnights[place] + timedelta(microseconds=int(length * rest))

    def office_time(self, instant: datetime) -> int:
        """Return the microseconds of office time in the table before this instant."""
        local = instant.astimezone(self.zone)
        day = local.date()
        number = self.working_days_before(day)
        hours = self.office[day.weekday()]
        if hours is None or not self.is_working_day(day):
            return self._open_before[number]
        return self._open_before[number] + max(0, min(_span(hours[0], local.time()), _span(*hours)))

    def next_opening(self, instant: datetime) -> datetime:
        """Return the instant itself while the office is open, else the next opening (UTC)."""
        open_before = self.office_time(instant)
        next_instant = self.office_instant(open_before, at_the_end=False)
        return max(instant, next_instant)

    def office_instant(self, office_time: int, *, at_the_end: bool) -> datetime:
        """Return the instant (UTC) at which so many microseconds of office time are over.

        Between closing and the next opening, `at_the_end` chooses the closing.
        """
        number = (bisect_left if at_the_end else bisect_right)(self._open_before, office_time)
        day = self.nth_working_day(number)
        hours = self.office[day.weekday()] or _MON_TO_THU
        opens_at = datetime.combine(day, hours[0], tzinfo=self.zone)
        return (opens_at + timedelta(microseconds=office_time - self._open_before[number - 1])).astimezone(UTC)


@lru_cache(maxsize=64)  # an organisation has a handful, and each takes as long to make as several mails to log
def calendar(
    name: str,
    *,
    zone: str = "Europe/London",
    closures: tuple[Days, ...] = (),
    proclaimed: tuple[Holiday, ...] = (),
    office: tuple[Hours | None, ...] = OFFICE,
) -> Calendar:
    """Return the calendar of that name, one of NAMES, in an IANA time zone.

    `closures` (first and last day, inclusive) are not working days, except on `uk-any`, as no statute knows them.
    `proclaimed` are holidays that the table does not have yet. `office` has the hours of Monday to Sunday.
    Raises BadCalendar.
    """
    if name not in NAMES:
        raise BadCalendar(f"{name!r} is not a calendar; allowed: {', '.join(NAMES)}")
    applicable = closures if name != STATUTORY else ()
    reasons = _closure_days(applicable)
    reasons |= {day.toordinal(): title for day, title in _all_holidays(name, proclaimed).items()}
    return of_days(name, zone, office, reasons, applicable)


def of_days(
    name: str,
    zone: str,
    office: tuple[Hours | None, ...],
    reasons: Mapping[int, str],
    closures: tuple[Days, ...] = (),
) -> Calendar:
    """Return the calendar with these days that do not count: the ordinal of each, and why. Raises BadCalendar."""
    working = tuple(p for p in range(_DAYS) if (_ORIGIN + p + 6) % 7 < 5 and _ORIGIN + p not in reasons)
    return Calendar(
        name=name,
        zone=_zone(zone),
        office=office,
        closures=closures,
        _reasons=MappingProxyType({day: why for day, why in reasons.items() if (day + 6) % 7 < 5}),
        _working=working,
        counts_before=_counts_before(working),
        _open_before=_open_before(working, office),
        _midnights=_midnights(zone),
        _last_seconds=_last_seconds(zone),
    )


class Calendars(Mapping[str, Calendar]):
    """Calendars by the names of `keys`; each is made by `make` when it is first used."""

    def __init__(self, make: Callable[[str], Calendar]) -> None:
        self._make, self._calendars = make, dict[str, Calendar]()

    def __getitem__(self, name: str) -> Calendar:
        """Return the calendar; raises KeyError for a name that is not one of `keys`."""
        if name not in self._calendars:
            if name not in keys():
                raise KeyError(name)
            self._calendars[name] = self._make(name)
        return self._calendars[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over every name."""
        return iter(keys())

    def __len__(self) -> int:
        """Return the number of calendars."""
        return len(keys())


def bank_holiday(day: date, nations: Collection[str]) -> bool:
    """Tell whether the table lists the day as a bank holiday in one of these nations."""
    return any(day in bank_holidays.by_day(nation) for nation in nations)


def key(name: str, *, closures: bool) -> str:
    """Return the name of a calendar in `Calendars`: with the organisation's closures, or without, for statutes."""
    return name if closures or name == STATUTORY else f"{name} without closures"


def keys() -> tuple[str, ...]:
    """Return every name that `key` can return."""
    return tuple(sorted({key(name, closures=applicable) for name in NAMES for applicable in (True, False)}))


def days(text: str) -> Days:
    """Read the first and last day of `A..B` (or of the one day `A`), each as 2026-12-29. Raises BadCalendar."""
    first, dots, last = text.strip().partition("..")
    try:
        span = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError:
        raise BadCalendar(f"{text!r} is not a range of days; write it as 2026-12-29..2026-12-31") from None
    if span[0] > span[1]:
        raise BadCalendar(f"{text!r} ends before it begins")
    return span


def _place(day: date) -> int:
    place = day.toordinal() - _ORIGIN
    if not 0 <= place < _DAYS:
        raise OutsideCalendar(day)
    return place


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadCalendar(f"{name!r} is not an IANA time zone; for example Europe/London") from None


def _closure_days(closures: Iterable[Days]) -> dict[int, str]:
    return {
        day: "closure"
        for first, last in closures
        for day in range(max(first, FIRST_DAY).toordinal(), min(last, LAST_DAY).toordinal() + 1)
    }


def _all_holidays(name: str, proclaimed: tuple[Holiday, ...]) -> dict[date, str]:
    """Return bank holidays by day; on `uk-any`, a holiday of only some nations lists them."""
    if name in ALL_NATIONS:
        return _national_holidays(name, proclaimed)
    by_nation = {nation: _national_holidays(nation, proclaimed) for nation in ALL_NATIONS}
    titles: dict[date, str] = {}
    for day in sorted({day for days in by_nation.values() for day in days}):
        where = [nation for nation, days in by_nation.items() if day in days]
        nations = ", ".join(nation.replace("-", " ").title() for nation in where)
        titles[day] = by_nation[where[0]][day] + (f" in {nations}" if len(where) < len(ALL_NATIONS) else "")
    return titles


def _national_holidays(nation: str, proclaimed: tuple[Holiday, ...]) -> dict[date, str]:
    own = [holiday for holiday in proclaimed if nation in holiday.nations]
    replaced_days = {holiday.instead_of for holiday in own}
    tabled = {day: title for day, title in bank_holidays.by_day(nation).items() if day not in replaced_days}
    return tabled | {holiday.day: holiday.title for holiday in own}


def _counts_before(working: tuple[int, ...]) -> tuple[int, ...]:
    counts = [0] * _DAYS
    for place in working:
        counts[place] = 1
    return tuple(accumulate(counts, initial=0))


def _open_before(working: tuple[int, ...], office: tuple[Hours | None, ...]) -> tuple[int, ...]:
    lengths = [_span(*hours) if hours else 0 for hours in office]
    return tuple(accumulate((lengths[(_ORIGIN + place + 6) % 7] for place in working), initial=0))


def _span(start: time, end: time) -> int:
    """Return the microseconds from one time of day to another; negative if it is earlier."""
    day = FIRST_DAY
    return (datetime.combine(day, end) - datetime.combine(day, start)) // _MICROSECOND


@cache
def _midnights(zone: str) -> tuple[datetime, ...]:
    """Return the first instant of every day of the table, and of the day after it, in UTC."""
    local = _zone(zone)
    ordinals = range(_ORIGIN, _ORIGIN + _DAYS + 1)
    return tuple(datetime.combine(date.fromordinal(day), time(), tzinfo=local).astimezone(UTC) for day in ordinals)


@cache
def _last_seconds(zone: str) -> tuple[datetime, ...]:
    return tuple(midnight - _ONE_SECOND for midnight in _midnights(zone)[1:])
