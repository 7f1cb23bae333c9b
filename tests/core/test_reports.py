"""Reports of whole months: what may be done with them, which months they are of, and what they are called."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from bot.core import reports
from bot.core.reports import NEXT, Act, Report, State

Q3 = date(2026, 7, 1), date(2026, 9, 30)


def test_a_report_is_approved_once_and_withdrawn_once() -> None:
    """Every state against every act: a draft is approved, what is approved or a draft is withdrawn, and no more."""
    assert {(state, act): NEXT.get((state, act)) for state, act in product(State, Act)} == {
        (State.DRAFT, Act.APPROVE): State.APPROVED,
        (State.DRAFT, Act.WITHDRAW): State.WITHDRAWN,
        (State.APPROVED, Act.APPROVE): None,
        (State.APPROVED, Act.WITHDRAW): State.WITHDRAWN,
        (State.WITHDRAWN, Act.APPROVE): None,
        (State.WITHDRAWN, Act.WITHDRAW): None,
    }


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 10, 1), Q3),
        (date(2026, 12, 31), Q3),
        (date(2027, 1, 1), (date(2026, 10, 1), date(2026, 12, 31))),
        (date(2028, 4, 1), (date(2028, 1, 1), date(2028, 3, 31))),
    ],
)
def test_the_quarter_before_is_over(day: date, quarter: tuple[date, date]) -> None:
    """On any day it is the last calendar quarter that has ended."""
    assert reports.quarter_before(day) == quarter


@pytest.mark.parametrize(
    ("first_day", "last_day", "is_whole"),
    [
        (*Q3, True),
        (date(2028, 2, 1), date(2028, 2, 29), True),
        (date(2027, 2, 1), date(2027, 2, 27), False),
        (date(2026, 7, 2), date(2026, 9, 30), False),
        (date(2026, 9, 1), date(2026, 8, 31), False),
        (date(2026, 1, 1), date(2026, 12, 31), True),
        (date(2026, 1, 1), date(2027, 1, 31), False),
    ],
)
def test_only_whole_months_are_a_period(first_day: date, last_day: date, *, is_whole: bool) -> None:
    """From the first of a month to the last of one, twelve at most."""
    assert reports.is_whole_months(first_day, last_day) is is_whole


@pytest.mark.parametrize(
    ("days", "before", "words", "length", "name"),
    [
        (Q3, (date(2026, 4, 1), date(2026, 6, 30)), "July to September 2026", "three months", "2026-q3"),
        (
            (date(2026, 3, 1), date(2026, 3, 31)),
            (date(2026, 2, 1), date(2026, 2, 28)),
            "March 2026",
            "month",
            "2026-03",
        ),
        (
            (date(2026, 12, 1), date(2027, 2, 28)),
            (date(2026, 9, 1), date(2026, 11, 30)),
            "December 2026 to February 2027",
            "three months",
            "2026-12-to-2027-02",
        ),
        (
            (date(2026, 1, 1), date(2026, 12, 31)),
            (date(2025, 1, 1), date(2025, 12, 31)),
            "January to December 2026",
            "year",
            "2026-01-to-2026-12",
        ),
        (
            (date(2026, 1, 1), date(2026, 5, 31)),
            (date(2025, 8, 1), date(2025, 12, 31)),
            "January to May 2026",
            "5 months",
            "2026-01-to-2026-05",
        ),
    ],
)
def test_a_period_has_one_before_it_and_a_name(
    days: tuple[date, date], before: tuple[date, date], words: str, length: str, name: str
) -> None:
    """As many months, that end the day before; words for people, and a name for files."""
    assert reports.period_before(*days) == before
    assert (reports.months_in_words(*days), reports.length_in_words(*days)) == (words, length)
    assert reports.short_name(*days) == name


def test_a_revision_is_named() -> None:
    """In the title and in the name of its files; the first is no revision."""
    at = datetime(2026, 10, 14, tzinfo=UTC)
    first, second = (Report(*Q3, revision, 1, "{}", "", "staff:ada", at) for revision in (0, 1))
    assert (first.title, first.file_name) == ("July to September 2026", "contacts-2026-q3")
    assert (second.title, second.file_name) == ("July to September 2026, revision 1", "contacts-2026-q3-r1")
