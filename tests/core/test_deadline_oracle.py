"""An independent oracle agrees: numpy's busday functions, over holidays read from the library itself."""

import random
from calendar import monthrange
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest

from bot.core.calendars import NAMES, Days, calendar
from bot.core.clocks import Counting, Pause, due
from bot.core.durations import SAME_DAY, Duration, ReceiptRule, Unit, receipt_rule
from tests.thoroughness import cases

pytestmark = pytest.mark.slow
LONDON = ZoneInfo("Europe/London")
YEARS = range(2012, 2040)
CASES = cases(2_000, 20_000)
CODES = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
CLOSURES: tuple[tuple[Days, ...], ...] = (
    (),
    ((date(2021, 12, 29), date(2021, 12, 31)), (date(2027, 3, 22), date(2027, 4, 2))),
)
RECEIPTS = (SAME_DAY, receipt_rule("next working day"), receipt_rule("cutoff 17:00"))


@cache
def days_that_count(name: str, closures: tuple[Days, ...]) -> np.busdaycalendar:
    """The same calendar, made another way."""
    parts = [CODES[name]] if name in CODES else CODES.values()
    closed = {day for part in parts for day in holidays.country_holidays("GB", subdiv=part, years=YEARS)}
    if name != "uk-any":
        for first, last in closures:
            closed |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return np.busdaycalendar(holidays=sorted(closed))


def next_working(day: date, rule: np.busdaycalendar, count: int = 0) -> date:
    """The day itself if it counts, else the next one that does; `count` more of them on."""
    working_day: date = np.busday_offset(day, count, roll="forward", busdaycal=rule).astype(object)
    return working_day


def after(day: date, count: int, rule: np.busdaycalendar) -> date:
    """The `count`-th working day after `day`: backward to a working day, then forward."""
    working_day: date = np.busday_offset(day, count, roll="backward", busdaycal=rule).astype(object)
    return working_day


def day_zero(received: datetime, receipt: ReceiptRule, rule: np.busdaycalendar) -> date:
    """Receipt at or after the cutoff, or on a day that does not count, is on the next one that does."""
    day = received.date()
    if receipt.cutoff is not None and received.time() >= receipt.cutoff:
        return next_working(day + timedelta(days=1), rule)
    return next_working(day, rule) if receipt.moves else day


def last_day(case: dict[str, Any]) -> date:
    """What numpy makes of a case."""
    rule = days_that_count(case["name"], case["closures"])
    promised, start = case["duration"], day_zero(case["received"], case["receipt"], rule)
    if promised.unit is Unit.WORKING_DAY:
        lost = sum(_lost(pause, start, rule) for pause in case["pauses"])
        return after(start, promised.count + lost, rule)
    day = start + timedelta(days=promised.count) if promised.unit is Unit.DAY else _months_on(start, promised.count)
    for pause in case["pauses"]:
        first, last = pause.span
        day += max(last - max(first, start) + timedelta(days=1), timedelta())  # nothing runs before day 0
    return next_working(day, rule) if promised.rolls else day


def _lost(pause: Pause, start: date, rule: np.busdaycalendar) -> int:
    first, last = pause.span
    first = max(first, start + timedelta(days=1))  # day 0 does not count anyway
    return int(np.busday_count(first, last + timedelta(days=1), busdaycal=rule)) if first <= last else 0


def _months_on(day: date, count: int) -> date:
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def invented() -> list[dict[str, Any]]:
    """The same random cases every time: every calendar, unit, receipt rule, closures and a pause in some."""
    chance = random.Random(20261123)
    return [_case(chance) for _ in range(CASES)]


def _case(chance: random.Random) -> dict[str, Any]:
    received = datetime.combine(
        date(2014, 1, 1) + timedelta(days=chance.randrange(365 * 21)),
        time(chance.randrange(24), chance.randrange(60), chance.randrange(60)),
        LONDON,
    )
    unit = chance.choice((Unit.WORKING_DAY, Unit.WORKING_DAY, Unit.DAY, Unit.MONTH))
    count = chance.randint(1, 60) if unit is not Unit.MONTH else chance.randint(1, 6)
    pauses = []
    if chance.random() < 0.3:
        # It begins while the clock runs, on whatever day: on the day of receipt or soon after.
        soon = chance.randint(7, 8) if unit is Unit.WORKING_DAY else chance.randint(5, 6)
        first = received.date() + timedelta(days=soon)
        count = max(count, 10) if unit is not Unit.MONTH else count
        pauses = [Pause(first, first + timedelta(days=chance.randrange(40)), chance.choice(tuple(Counting)))]
    return {
        "name": chance.choice(NAMES),
        "closures": chance.choice(CLOSURES),
        "receipt": chance.choice(RECEIPTS),
        "received": received,
        "duration": Duration(count, unit, rolls=unit is not Unit.WORKING_DAY and chance.random() < 0.5),
        "pauses": pauses,
    }


def disagreements(of: list[dict[str, Any]]) -> list[tuple[dict[str, Any], date]]:
    """The cases in which we and numpy name different days."""
    differences = []
    for case in of:
        where = calendar_of(case["name"], case["closures"])
        ours = due(case["duration"], case["received"], where, case["receipt"], case["pauses"])
        local = ours.astimezone(LONDON)
        if (local.date(), local.time()) != (last_day(case), time(23, 59, 59)):
            differences.append((case, local.date()))
    return differences


calendar_of = cache(lambda name, closures: calendar(name, closures=closures))


def test_numpy_agrees_on_ten_thousand_invented() -> None:
    """Each of them, to the day, and due with its last second."""
    assert disagreements(invented()) == []


def test_the_oracle_would_notice() -> None:
    """An engine that is one working day out disagrees in nearly every case of working days."""
    some = [case for case in invented()[:400] if case["duration"].unit is Unit.WORKING_DAY]
    late = [{**case, "duration": replace(case["duration"], count=case["duration"].count + 1)} for case in some]
    expected = [last_day(case) for case in some]
    assert all(last_day(case) > day for case, day in zip(late, expected, strict=True))
