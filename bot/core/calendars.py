"""Which days count, and when a day or the office opens and ends: tables made once, then looked up."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import accumulate
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2040, 12, 31)
_NATIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
# Freedom of Information Act 2000 section 10(6): a bank holiday in any part of the United Kingdom does not count.
STATUTORY = "uk-any"
NAMES = (*_NATIONS, STATUTORY)

ALL_NATIONS = tuple(_NATIONS)

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
    """A bank holiday proclaimed since the tables were made; `instead_of` is the day that it was moved from."""

    day: date
    title: str
    nations: tuple[str, ...] = ALL_NATIONS
    instead_of: date | None = None


class BadCalendar(ValueError):
    """There is no such calendar, time zone or range of days; the message says what is allowed."""


class OutsideCalendar(ValueError):
    """The day lies outside FIRST_DAY to LAST_DAY, for which alone bank holidays are tabled."""

    def __init__(self, day: object) -> None:
        super().__init__(f"{day} is outside the calendar, which holds {FIRST_DAY} to {LAST_DAY}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calendar:
    """The working days of one nation (or `uk-any`) in one time zone, with closure days and office hours.

    `office` gives opening and closing time for Monday to Sunday, None where there is none. `closures` are the
    inclusive ranges of days on which the organisation itself is shut. Made by `calendar`.
    """

    name: str
    zone: ZoneInfo
    office: tuple[Hours | None, ...]
    closures: tuple[Days, ...]
    _reasons: MappingProxyType[int, str]  # ordinal -> why a weekday does not count
    _working: tuple[int, ...]  # the working days' places in the table, in order
    _before: tuple[int, ...]  # for each place: how many working days come earlier
    _open_before: tuple[int, ...]  # for each working day: microseconds of office time before it
    _midnights: tuple[datetime, ...]  # for each place: the first instant of the day, UTC
    _last_seconds: tuple[datetime, ...]  # for each place: the last second of the day, UTC

    def __repr__(self) -> str:
        return f"<Calendar {self.name} {self.zone.key}>"

    @property
    def version(self) -> str:
        """Twelve letters and digits that change whenever a day or an hour counts differently."""
        return sha256(repr((self.zone.key, self.office, self._working)).encode()).hexdigest()[:12]

    def day_of(self, instant: datetime) -> date:
        """The local day of an aware instant."""
        return instant.astimezone(self.zone).date()

    def first_instant(self, day: date) -> datetime:
        """Midnight at the start of the local day, in UTC (or the end of the gap, where the clocks skip midnight)."""
        return self._midnights[_place(day)]

    def last_second(self, day: date) -> datetime:
        """23:59:59 local time at the end of the day, in UTC."""
        return self._last_seconds[_place(day)]

    def is_working_day(self, day: date) -> bool:
        """Whether the day counts."""
        return self.why_not_working(day) is None

    def why_not_working(self, day: date) -> str | None:
        """Why the day does not count: `weekend`, the holiday's name, `closure`; None for a working day."""
        place = _place(day)
        if self._before[place + 1] > self._before[place]:
            return None
        return self._reasons.get(day.toordinal(), "weekend")

    def working_day_after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which itself may be any day; `count` is 1 or more."""
        if count < 1:
            raise ValueError(f"the count of working days is 1 or more, not {count}")
        return self.numbered(self.working_days_through(day) + count)

    def working_days_before(self, day: date) -> int:
        """How many working days of the table are earlier than `day`."""
        return self._before[_place(day)]

    def working_days_through(self, day: date) -> int:
        """How many working days of the table there are up to the end of `day`."""
        return self._before[_place(day) + 1]

    def numbered(self, number: int) -> date:
        """The working day with this running number in the table; the first one is number 1."""
        if not 0 < number <= len(self._working):
            raise OutsideCalendar(f"working day {number} of the table")
        return date.fromordinal(_ORIGIN + self._working[number - 1])

    def due(self, received: datetime, count: int) -> datetime:
        """The last second of the `count`-th working day after the local day of `received`: the common case, fast."""
        # Its own date is that of its own offset: at most two days from ours, and a look at the table is cheaper than
        # to ask for the offset.
        place = received.toordinal() - _ORIGIN
        if not 2 <= place < _DAYS - 2:
            raise OutsideCalendar(received.date())
        midnights = self._midnights
        while received >= midnights[place + 1]:
            place += 1
        while received < midnights[place]:
            place -= 1
        number = self._before[place + 1] + count
        if number > len(self._working):
            raise OutsideCalendar(f"working day {count} after {self.day_of(received)}")
        return self._last_seconds[self._working[number - 1]]

    def moment(self, days: Fraction, *, at_the_end: bool) -> datetime:
        """The instant (UTC) at which so many working days of the table are over, each from midnight to midnight.

        Between the end of one working day and the start of the next, `at_the_end` chooses the former.
        """
        number = int(days)
        rest = days - number
        if at_the_end and not rest:
            return self._midnights[_place(self.numbered(number)) + 1]
        place = _place(self.numbered(number + 1))
        length = (self._midnights[place + 1] - self._midnights[place]) // _MICROSECOND
        return self._midnights[place] + timedelta(microseconds=int(length * rest))

    def office_time(self, instant: datetime) -> int:
        """Microseconds for which the office of the table had been open at this instant."""
        local = instant.astimezone(self.zone)
        day = local.date()
        number = self.working_days_before(day)
        hours = self.office[day.weekday()]
        if hours is None or not self.is_working_day(day):
            return self._open_before[number]
        return self._open_before[number] + max(0, min(_span(hours[0], local.time()), _span(*hours)))

    def opening(self, instant: datetime) -> datetime:
        """The instant itself while the office is open, else (UTC) when it opens next."""
        used = self.office_time(instant)
        following = self.office_instant(used, at_the_end=False)
        return max(instant, following)

    def office_instant(self, office_time: int, *, at_the_end: bool) -> datetime:
        """The instant (UTC) at which the office had been open for so many microseconds.

        Between closing and the next opening, `at_the_end` chooses the closing.
        """
        number = (bisect_left if at_the_end else bisect_right)(self._open_before, office_time)
        day = self.numbered(number)
        hours = self.office[day.weekday()] or _MON_TO_THU
        opening = datetime.combine(day, hours[0], tzinfo=self.zone)
        return (opening + timedelta(microseconds=office_time - self._open_before[number - 1])).astimezone(UTC)


def calendar(
    name: str,
    *,
    zone: str = "Europe/London",
    closures: tuple[Days, ...] = (),
    proclaimed: Collection[Holiday] = (),
    office: tuple[Hours | None, ...] = OFFICE,
) -> Calendar:
    """The calendar of that name, one of NAMES, in an IANA time zone.

    `closures` (first and last day, inclusive) do not count as working days, except on `uk-any`: no statute knows
    them. `proclaimed` are holidays that the tables do not have yet. `office` gives the hours of Monday to Sunday.
    Raises BadCalendar.
    """
    if name not in NAMES:
        raise BadCalendar(f"{name!r} is not a calendar; allowed: {', '.join(NAMES)}")
    heeded = closures if name != STATUTORY else ()
    reasons = _closed(heeded)
    reasons |= {day.toordinal(): title for day, title in _all_holidays(name, tuple(proclaimed)).items()}
    working = tuple(p for p in range(_DAYS) if (_ORIGIN + p + 6) % 7 < 5 and _ORIGIN + p not in reasons)
    return Calendar(
        name=name,
        zone=_zone(zone),
        office=office,
        closures=heeded,
        _reasons=MappingProxyType({day: why for day, why in reasons.items() if (day + 6) % 7 < 5}),
        _working=working,
        _before=_counted(working),
        _open_before=_open_before(working, office),
        _midnights=_midnights(zone),
        _last_seconds=_last_seconds(zone),
    )


class Calendars(Mapping[str, Calendar]):
    """Calendars by the names of `keys`; each is made by `make` when it is first asked for."""

    def __init__(self, make: Callable[[str], Calendar]) -> None:
        self._make, self._made = make, dict[str, Calendar]()

    def __getitem__(self, wanted: str) -> Calendar:
        """The calendar; raises KeyError for a name that is not one of `keys`."""
        if wanted not in self._made:
            if wanted not in keys():
                raise KeyError(wanted)
            self._made[wanted] = self._make(wanted)
        return self._made[wanted]

    def __iter__(self) -> Iterator[str]:
        """Every name."""
        return iter(keys())

    def __len__(self) -> int:
        """How many there are."""
        return len(keys())


def bank_holiday(day: date, nations: Collection[str]) -> bool:
    """Whether the tables have it as a bank holiday in one of these nations."""
    return any(day in _tabled(nation) for nation in nations)


def key(name: str, *, closures: bool) -> str:
    """The name under which a calendar is kept: with the organisation's closures, or without them for statutes."""
    return name if closures or name == STATUTORY else f"{name} without closures"


def keys() -> tuple[str, ...]:
    """Every name that `key` gives."""
    return tuple(sorted({key(name, closures=heeded) for name in NAMES for heeded in (True, False)}))


def days(text: str) -> Days:
    """The first and last day of `A..B` (or of the one day `A`), each as 2026-12-29. Raises BadCalendar."""
    first, dots, last = text.strip().partition("..")
    try:
        found = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError:
        raise BadCalendar(f"{text!r} is not a range of days; write it as 2026-12-29..2026-12-31") from None
    if found[0] > found[1]:
        raise BadCalendar(f"{text!r} ends before it begins")
    return found


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


def _closed(closures: Iterable[Days]) -> dict[int, str]:
    return {
        day: "closure"
        for first, last in closures
        for day in range(max(first, FIRST_DAY).toordinal(), min(last, LAST_DAY).toordinal() + 1)
    }


def _all_holidays(name: str, proclaimed: tuple[Holiday, ...]) -> dict[date, str]:
    """Bank holidays by day; on `uk-any`, one that not every nation has says where it is."""
    if name in _NATIONS:
        own = [one for one in proclaimed if name in one.nations]
        moved = {one.instead_of for one in own}
        tabled = {day: title for day, title in _tabled(name).items() if day not in moved}
        return tabled | {one.day: one.title for one in own}
    by_nation = {nation: _all_holidays(nation, proclaimed) for nation in _NATIONS}
    found: dict[date, str] = {}
    for day in sorted({day for held in by_nation.values() for day in held}):
        where = [nation for nation, held in by_nation.items() if day in held]
        nations = ", ".join(nation.replace("-", " ").title() for nation in where)
        found[day] = by_nation[where[0]][day] + (f" in {nations}" if len(where) < len(_NATIONS) else "")
    return found


@cache
def _tabled(nation: str) -> dict[date, str]:
    """The bank holidays that the library knows, by day."""
    years = range(FIRST_DAY.year, LAST_DAY.year + 1)
    tabled = holidays.country_holidays("GB", subdiv=_NATIONS[nation], years=years)
    return {day: title.replace("(observed)", "(substitute day)") for day, title in tabled.items()}


def _counted(working: tuple[int, ...]) -> tuple[int, ...]:
    counts = [0] * _DAYS
    for place in working:
        counts[place] = 1
    return tuple(accumulate(counts, initial=0))


def _open_before(working: tuple[int, ...], office: tuple[Hours | None, ...]) -> tuple[int, ...]:
    lengths = [_span(*hours) if hours else 0 for hours in office]
    return tuple(accumulate((lengths[(_ORIGIN + place + 6) % 7] for place in working), initial=0))


def _span(opening: time, closing: time) -> int:
    """Microseconds from one time of day to another; negative if it comes earlier."""
    day = FIRST_DAY
    return (datetime.combine(day, closing) - datetime.combine(day, opening)) // _MICROSECOND


@cache
def _midnights(zone: str) -> tuple[datetime, ...]:
    """The first instant of every day of the table, and of the day after it, in UTC."""
    local = _zone(zone)
    ordinals = range(_ORIGIN, _ORIGIN + _DAYS + 1)
    return tuple(datetime.combine(date.fromordinal(day), time(), tzinfo=local).astimezone(UTC) for day in ordinals)


@cache
def _last_seconds(zone: str) -> tuple[datetime, ...]:
    return tuple(midnight - _ONE_SECOND for midnight in _midnights(zone)[1:])
