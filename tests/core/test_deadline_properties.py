"""What holds for every deadline: an independent count agrees, and more time given is never time taken."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import reasoning
from bot.core.calendars import NAMES, Days, Holiday, calendar
from bot.core.clocks import Counting, Pause, due, share_of
from bot.core.durations import Duration, ReceiptRule, Unit, duration, receipt_rule
from tests.thoroughness import cases

LONDON = ZoneInfo("Europe/London")
ENGLAND, UK_ANY = calendar("england"), calendar("uk-any")
TEN_DAYS = duration("10 working days")

INSTANTS = st.datetimes(datetime(2014, 1, 1), datetime(2035, 12, 31)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
DAYS = st.dates(date(2014, 1, 1), date(2035, 12, 31))
CALENDARS = st.sampled_from(NAMES)
RECEIPTS = st.sampled_from(["same day", "next working day", "cutoff 17:00", "cutoff 00:00"]).map(receipt_rule)
WORKING_DAYS = st.integers(1, 60).map(lambda n: Duration(n, Unit.WORKING_DAY))
DURATIONS = st.one_of(
    WORKING_DAYS,
    st.builds(Duration, st.integers(1, 90), st.just(Unit.DAY), st.booleans()),
    st.builds(Duration, st.integers(1, 7), st.just(Unit.MONTH), st.booleans()),
    st.builds(Duration, st.integers(1, 300), st.sampled_from([Unit.HOUR, Unit.WORKING_HOUR, Unit.MINUTE])),
)
quick = settings(max_examples=cases(50, 1_000), deadline=None)


def spread(first: date, lengths: list[int]) -> tuple[Days, ...]:
    """Ranges of so many days, a fortnight apart."""
    starts = [first + timedelta(days=14 * number) for number in range(len(lengths))]
    return tuple((start, start + timedelta(days=length)) for start, length in zip(starts, lengths, strict=True))


@cache
def off(name: str) -> frozenset[date]:
    """Bank holidays as the library gives them, for the independent count."""
    codes = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
    regions = [codes[name]] if name in codes else list(codes.values())
    tables = [holidays.country_holidays("GB", subdiv=code, years=range(2013, 2038)) for code in regions]
    return frozenset(day for table in tables for day in table)


def counted_one_by_one(
    count: int,
    received: datetime,
    name: str,
    receipt: ReceiptRule,
    closures: tuple[Days, ...],
    pauses: tuple[Days, ...],
) -> datetime:
    """The due instant by walking the days, without any table."""

    def works(day: date) -> bool:
        shut = name != "uk-any" and any(first <= day <= last for first, last in closures)
        return day.weekday() < 5 and day not in off(name) and not shut

    there = received.astimezone(LONDON)
    day = there.date()
    if (receipt.moves and not works(day)) or (receipt.cutoff and there.time() >= receipt.cutoff):
        day += timedelta(days=1)
        while not works(day):
            day += timedelta(days=1)
    while count:
        day += timedelta(days=1)
        count -= works(day) and not any(first <= day <= last for first, last in pauses)
    return datetime.combine(day, time(23, 59, 59), tzinfo=LONDON).astimezone(UTC)


@settings(max_examples=cases(100, 3_000), deadline=None)
@given(
    INSTANTS,
    st.integers(1, 60),
    CALENDARS,
    RECEIPTS,
    st.lists(st.integers(0, 9), max_size=3),
    st.lists(st.integers(0, 9), max_size=3),
)
def test_an_independent_count_agrees(
    received: datetime, count: int, name: str, receipt: ReceiptRule, shut: list[int], waited: list[int]
) -> None:
    """Walking the days, with the library's own holidays, comes to the same second."""
    closures = spread(received.date() + timedelta(days=3), shut)
    waits = spread(received.date() - timedelta(days=2), waited)
    where = calendar(name, closures=closures)
    pauses = [Pause(first, last, Counting.INCLUSIVE) for first, last in waits]
    expected = counted_one_by_one(count, received, name, receipt, closures, waits)
    assert due(Duration(count, Unit.WORKING_DAY), received, where, receipt, pauses) == expected


@quick
@given(INSTANTS, st.integers(0, 40 * 24 * 60), DURATIONS, CALENDARS, RECEIPTS, st.lists(st.integers(0, 9), max_size=2))
def test_due_is_monotone_in_receipt(
    received: datetime, minutes: int, promise: Duration, name: str, receipt: ReceiptRule, waited: list[int]
) -> None:
    """What comes in later is not due earlier, whatever pauses follow."""
    where, later = calendar(name), received + timedelta(minutes=minutes)
    pauses = [Pause(*days, Counting.AFTER_START) for days in spread(later.date() + timedelta(days=2), waited)]
    assert due(promise, received, where, receipt, pauses) <= due(promise, later, where, receipt, pauses)


@quick
@given(INSTANTS, WORKING_DAYS, RECEIPTS)
def test_statute_is_never_stricter_than_england(received: datetime, promise: Duration, receipt: ReceiptRule) -> None:
    """A calendar with more holidays never makes a promise fall due earlier."""
    assert due(promise, received, UK_ANY, receipt) >= due(promise, received, ENGLAND, receipt)


@quick
@given(INSTANTS, WORKING_DAYS, CALENDARS)
def test_due_is_a_counted_day_so_many_days_on(received: datetime, promise: Duration, name: str) -> None:
    """Stepping back the count from due lands on the day of receipt, or that lies in the days off right after."""
    where = calendar(name)
    day = where.day_of(due(promise, received, where))
    assert where.is_working_day(day)
    for _ in range(promise.count):
        day -= timedelta(days=1)
        while not where.is_working_day(day):
            day -= timedelta(days=1)
    assert day <= where.day_of(received)
    assert where.working_days_through(day) == where.working_days_through(where.day_of(received))


@quick
@given(
    INSTANTS,
    DURATIONS,
    CALENDARS,
    RECEIPTS,
    st.frozensets(st.integers(0, 60), max_size=5),
    st.lists(st.integers(0, 9), max_size=2),
)
def test_a_holiday_more_is_never_due_earlier(
    received: datetime, promise: Duration, name: str, receipt: ReceiptRule, added: frozenset[int], waited: list[int]
) -> None:
    """A proclamation can only give time, never take it."""
    proclaimed = tuple(Holiday(received.date() + timedelta(days=n), "proclaimed") for n in added)
    pauses = [Pause(*days, Counting.INCLUSIVE) for days in spread(received.date() + timedelta(days=2), waited)]
    before = due(promise, received, calendar(name), receipt, pauses)
    assert due(promise, received, calendar(name, proclaimed=proclaimed), receipt, pauses) >= before


@quick
@given(INSTANTS, CALENDARS, RECEIPTS)
def test_the_answer_is_not_due_before_the_receipt(received: datetime, name: str, receipt: ReceiptRule) -> None:
    """Ten working days are not over before one is."""
    where = calendar(name)
    assert due(TEN_DAYS, received, where, receipt) >= due(duration("1 working day"), received, where, receipt)


@quick
@given(INSTANTS, DURATIONS, CALENDARS, RECEIPTS, st.fractions(0, 2), st.fractions(0, 2))
def test_shares_come_in_order(
    received: datetime, promise: Duration, name: str, receipt: ReceiptRule, first: Fraction, second: Fraction
) -> None:
    """A greater share is not used earlier, and the whole is used the moment that the promise is broken."""
    where = calendar(name)
    less, more = sorted((first, second))
    assert share_of(less, promise, received, where, receipt) <= share_of(more, promise, received, where, receipt)
    exact = promise.unit in (Unit.HOUR, Unit.WORKING_HOUR, Unit.MINUTE)
    over = due(promise, received, where, receipt) + timedelta(seconds=0 if exact else 1)
    assert share_of(1, promise, received, where, receipt) == over


@quick
@given(INSTANTS, DURATIONS, CALENDARS, RECEIPTS, st.lists(st.integers(0, 9), max_size=2))
def test_the_reasoning_comes_to_the_same_day(
    received: datetime, promise: Duration, name: str, receipt: ReceiptRule, waited: list[int]
) -> None:
    """What is walked day by day ends on the day that the tables give."""
    where = calendar(name)
    pauses = [Pause(*days, Counting.AFTER_START) for days in spread(received.date(), waited)]
    last_day = reasoning.in_words(where.day_of(due(promise, received, where, receipt, pauses)))
    lines = reasoning.explain(promise, received, where, receipt, pauses)
    assert last_day in lines[-1]
    counted = [
        line
        for line in lines
        if line.startswith(f"Day {promise.count}:") or line.endswith(f" {promise.count} h in all.")
    ]
    assert all(last_day in line for line in counted)
    assert len(counted) == (promise.unit in (Unit.WORKING_DAY, Unit.WORKING_HOUR))
