"""So long before an answer is due; and when the office opens next."""

from datetime import UTC, datetime

import pytest

from bot.core.calendars import calendar
from bot.core.clocks import before
from bot.core.durations import duration

ENGLAND = calendar("england")
# Wednesday 6 January 2027, the last second.
DUE = datetime(2027, 1, 6, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("long", "at"),
    [
        ("2 working days", datetime(2027, 1, 4, 0, 0, tzinfo=UTC)),
        ("3 working days", datetime(2026, 12, 31, 0, 0, tzinfo=UTC)),
        ("5 working days", datetime(2026, 12, 29, 0, 0, tzinfo=UTC)),
        ("2 days", datetime(2027, 1, 4, 0, 0, tzinfo=UTC)),
        ("4 hours", datetime(2027, 1, 6, 19, 59, 59, tzinfo=UTC)),
        ("30 minutes", datetime(2027, 1, 6, 23, 29, 59, tzinfo=UTC)),
        ("2 working hours", datetime(2027, 1, 6, 15, 0, tzinfo=UTC)),
    ],
)
def test_so_long_before_follows_the_calendar(long: str, at: datetime) -> None:
    """Working days and hours skip New Year and the weekend; days begin at midnight, hours are exact."""
    assert before(DUE, duration(long), ENGLAND) == at


def test_months_before_are_refused() -> None:
    """Nobody plans an alert by months."""
    with pytest.raises(ValueError, match="before"):
        before(DUE, duration("1 month"), ENGLAND)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 12, 24, 10, 0, tzinfo=UTC), datetime(2026, 12, 24, 10, 0, tzinfo=UTC)),
        (datetime(2026, 12, 24, 20, 0, tzinfo=UTC), datetime(2026, 12, 29, 8, 30, tzinfo=UTC)),
        (datetime(2026, 12, 26, 12, 0, tzinfo=UTC), datetime(2026, 12, 29, 8, 30, tzinfo=UTC)),
        (datetime(2026, 12, 29, 8, 29, tzinfo=UTC), datetime(2026, 12, 29, 8, 30, tzinfo=UTC)),
        # In summer half past eight here is half past seven in UTC.
        (datetime(2027, 7, 5, 3, 0, tzinfo=UTC), datetime(2027, 7, 5, 7, 30, tzinfo=UTC)),
    ],
)
def test_the_office_opens_next(now: datetime, opens: datetime) -> None:
    """Now, while it is open; after hours, at weekends and over Christmas at the next opening."""
    assert ENGLAND.next_opening(now) == opens
