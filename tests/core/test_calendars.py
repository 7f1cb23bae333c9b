"""Calendars: the right days in every nation, closures that statute ignores, and midnights in any time zone."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from bot.core import bank_holidays
from bot.core.calendars import (
    ALL_NATIONS,
    FIRST_DAY,
    LAST_DAY,
    NAMES,
    BadCalendar,
    Holiday,
    OutsideCalendar,
    calendar,
    days,
)
from tests.core import holidays_package

ENGLAND = calendar("england")
UK_ANY = calendar("uk-any")
CLOSED = (date(2026, 12, 29), date(2026, 12, 31))


@pytest.mark.parametrize("nation", ALL_NATIONS)
def test_the_table_is_the_librarys(nation: str) -> None:
    """Every day of every year, with its title; where the library has a new one, `make holidays` writes it."""
    assert bank_holidays.by_day(nation) == holidays_package.by_day(nation)


@pytest.mark.parametrize(
    ("name", "day", "why"),
    [
        ("england", date(2022, 9, 19), "State Funeral of Queen Elizabeth II"),
        ("england", date(2023, 5, 8), "Coronation of Charles III"),
        ("england", date(2027, 12, 28), "Boxing Day (substitute day)"),
        ("england", date(2026, 12, 26), "weekend"),
        ("england", date(2026, 6, 15), None),
        ("wales", date(2027, 3, 29), "Easter Monday"),
        ("wales", date(2027, 3, 1), None),
        ("scotland", date(2027, 3, 29), None),
        ("scotland", date(2026, 1, 2), "New Year Holiday"),
        ("northern-ireland", date(2026, 3, 17), "Saint Patrick's Day"),
        ("northern-ireland", date(2026, 7, 13), "Battle of the Boyne (substitute day)"),
        ("uk-any", date(2026, 11, 30), "Saint Andrew's Day in Scotland"),
        ("uk-any", date(2026, 12, 25), "Christmas Day"),
        ("uk-any", date(2026, 4, 6), "Easter Monday in England, Wales, Northern Ireland"),
    ],
)
def test_each_nation_has_its_own_holidays(name: str, day: date, why: str | None) -> None:
    """A day counts or does not, and the calendar says why in words."""
    assert calendar(name).why_not_working(day) == why
    assert calendar(name).is_working_day(day) == (why is None)


def test_uk_any_is_a_holiday_anywhere() -> None:
    """A day is a working day of statute exactly if it is one in all four nations."""
    nations = [calendar(name) for name in NAMES if name != "uk-any"]
    day = date(2014, 1, 1)
    while day.year < 2036:
        assert UK_ANY.is_working_day(day) == all(nation.is_working_day(day) for nation in nations)
        day += timedelta(days=1)


def test_closures_count_for_promises_and_not_for_statute() -> None:
    """The organisation's own closure days are no working days in England, and ordinary ones for statute."""
    shut = date(2026, 12, 30)
    assert calendar("england", closures=(CLOSED,)).why_not_working(shut) == "closure"
    assert calendar("uk-any", closures=(CLOSED,)).is_working_day(shut)


def test_a_proclaimed_holiday_can_be_added() -> None:
    """A holiday newer than the table counts in every calendar; one on a weekend changes nothing."""
    proclaimed = (
        Holiday(date(2028, 5, 5), "The coronation"),
        Holiday(date(2028, 5, 6), "The coronation"),
    )
    for name in NAMES:
        added = calendar(name, proclaimed=proclaimed)
        assert added.why_not_working(date(2028, 5, 5)) == "The coronation"
        assert added.why_not_working(date(2028, 5, 6)) == "weekend"


def test_a_proclaimed_holiday_of_one_nation() -> None:
    """It counts there, and on the statutory calendar, which knows where it is."""
    proclaimed = (Holiday(date(2028, 5, 5), "Saint Somebody's Day", ("wales",)),)
    assert calendar("wales", proclaimed=proclaimed).why_not_working(date(2028, 5, 5)) == "Saint Somebody's Day"
    assert (
        calendar("uk-any", proclaimed=proclaimed).why_not_working(date(2028, 5, 5)) == "Saint Somebody's Day in Wales"
    )
    assert calendar("england", proclaimed=proclaimed).is_working_day(date(2028, 5, 5))


def test_a_bank_holiday_that_was_moved() -> None:
    """The new day does not count; the old one does again."""
    moved = (Holiday(date(2028, 5, 5), "Early May bank holiday (moved)", instead_of=date(2028, 5, 1)),)
    assert not calendar("england").is_working_day(date(2028, 5, 1))
    changed = calendar("england", proclaimed=moved)
    assert changed.is_working_day(date(2028, 5, 1))
    assert not changed.is_working_day(date(2028, 5, 5))
    assert changed.version != calendar("england").version


def test_a_closure_may_reach_beyond_the_table() -> None:
    """Only the days that the table holds are marked; that costs nothing, however long the closure."""
    assert not calendar("england", closures=((date(1, 1, 1), date(9999, 12, 31)),)).is_working_day(date(2026, 11, 23))


def test_counting_working_days() -> None:
    """The n-th working day after any day, a weekend or holiday included."""
    assert ENGLAND.working_day_after(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert ENGLAND.working_day_after(date(2026, 12, 26), 1) == date(2026, 12, 29)
    assert ENGLAND.working_day_after(date(2026, 12, 18), 10) == date(2027, 1, 6)
    with pytest.raises(ValueError, match="1 or more"):
        ENGLAND.working_day_after(date(2026, 12, 18), 0)


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("Europe/London", date(2026, 11, 23), "2026-11-23T00:00:00+00:00", "2026-11-23T23:59:59+00:00"),
        ("Europe/London", date(2026, 7, 1), "2026-06-30T23:00:00+00:00", "2026-07-01T22:59:59+00:00"),
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00:00+00:00", "2026-03-29T22:59:59+00:00"),
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00:00+00:00", "2026-10-25T23:59:59+00:00"),
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00+00:00", "2026-03-09T03:59:59+00:00"),
        ("Asia/Beirut", date(2026, 10, 24), "2026-10-23T21:00:00+00:00", "2026-10-24T21:59:59+00:00"),
    ],
)
def test_a_day_runs_from_midnight_to_midnight(zone: str, day: date, first: str, last: str) -> None:
    """In local time, also where the clocks change in the day, or at midnight itself."""
    there = calendar("england", zone=zone)
    assert there.first_instant(day).isoformat() == first
    assert there.last_second(day).isoformat() == last
    assert there.day_of(there.first_instant(day)) == there.day_of(there.last_second(day)) == day


def test_office_hours_open_and_close() -> None:
    """Mon to Thu 8.5 hours, Friday 8; nothing on other days or outside the hours."""
    week = [datetime(2026, 11, day, tzinfo=UTC) for day in range(23, 31)]
    opened = [ENGLAND.office_time(midnight) for midnight in week]
    hours = [(b - a) / 3_600_000_000 for a, b in pairwise(opened)]
    assert hours == [8.5, 8.5, 8.5, 8.5, 8.0, 0, 0]
    noon = ENGLAND.office_time(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert ENGLAND.office_instant(noon, at_the_end=True) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert ENGLAND.office_instant(opened[1], at_the_end=True) == datetime(2026, 11, 23, 17, tzinfo=UTC)
    assert ENGLAND.office_instant(opened[1], at_the_end=False) == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert ENGLAND.office[4] == (time(8, 30), time(16, 30))


def test_moments_inside_working_days() -> None:
    """Half a working day is over at noon; between two days either side can be asked for."""
    before = Fraction(ENGLAND.working_days_before(date(2026, 11, 27)))
    assert ENGLAND.moment(before + Fraction(1, 2), at_the_end=False) == datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert ENGLAND.moment(before + 1, at_the_end=True) == datetime(2026, 11, 28, tzinfo=UTC)
    assert ENGLAND.moment(before + 1, at_the_end=False) == datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1), date(1, 1, 1), date.max])
def test_days_outside_the_table_are_refused(day: date) -> None:
    """A day without tabled holidays has no answer, and the error says which days have one."""
    for ask in (ENGLAND.is_working_day, ENGLAND.first_instant, ENGLAND.last_second, ENGLAND.working_days_before):
        with pytest.raises(OutsideCalendar, match="2010-01-01 to 2040-12-31"):
            ask(day)


def test_counting_beyond_the_table_is_refused() -> None:
    """So has a count that runs out of it."""
    with pytest.raises(OutsideCalendar):
        ENGLAND.working_day_after(LAST_DAY - timedelta(days=7), 10)
    with pytest.raises(OutsideCalendar):
        ENGLAND.due(datetime(2040, 12, 24, tzinfo=UTC), 10)
    with pytest.raises(OutsideCalendar):
        ENGLAND.due(datetime(2009, 12, 24, tzinfo=UTC), 1)


def test_unknown_names_are_refused() -> None:
    """The error lists what is allowed."""
    with pytest.raises(BadCalendar, match="england, wales, scotland, northern-ireland, uk-any"):
        calendar("mars")
    for zone in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        with pytest.raises(BadCalendar, match="Europe/London"):
            calendar("england", zone=zone)


def test_a_range_of_days_is_read() -> None:
    """Two days with two dots, or one day; anything else is refused with an example."""
    assert days("2026-12-29..2026-12-31") == CLOSED
    assert days(" 2026-12-29 ") == (CLOSED[0], CLOSED[0])
    for text in ("", "..", "2026-12-29..", "29/12/2026", "2026-12-29...2026-12-31", "2026-02-30"):
        with pytest.raises(BadCalendar, match=r"2026-12-29\.\.2026-12-31"):
            days(text)
    with pytest.raises(BadCalendar, match="ends before it begins"):
        days("2026-12-31..2026-12-29")
