"""The backlog by team and age counts working days."""

from datetime import UTC, datetime, timedelta

from bot.core.calendars import calendar
from bot.flows.desk import backlog_ages

# A Tuesday.
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_ages_are_working_days_by_team() -> None:
    """Friday is two working days before Tuesday; what is late is counted besides; all together stand last."""
    friday, month = NOW - timedelta(days=4), NOW - timedelta(days=35)
    rows = backlog_ages.table(
        [
            ("housing", NOW, NOW + timedelta(days=1)),
            ("housing", friday, NOW - timedelta(seconds=1)),
            (None, month, None),
        ],
        NOW,
        calendar("england"),
    )
    assert [(row.team, row.counts, row.total, row.late) for row in rows] == [
        ("", (0, 0, 0, 0, 0, 0, 1), 1, 0),
        ("housing", (1, 0, 1, 0, 0, 0, 0), 2, 1),
        ("All teams", (1, 0, 1, 0, 0, 0, 1), 3, 1),
    ]


def test_each_column_has_its_heading() -> None:
    """As many headings as there are ages."""
    assert backlog_ages.headings() == ("today", "1 day", "2", "3 to 5", "6 to 10", "11 to 20", "over 20")


def test_each_column_opens_into_the_days_that_it_counts() -> None:
    """Whatever day something came, and whatever day it is: it lies between the ends of its column alone."""
    england = calendar("england")
    for hours in range(0, 24 * 14, 23):
        now = datetime(2026, 12, 20, tzinfo=UTC) + timedelta(hours=hours)
        spans = backlog_ages.spans(now, england)
        assert len(spans) == len(backlog_ages.headings())
        for back in range(60):
            at = now - timedelta(days=back)
            counts = backlog_ages.table([("front", at, None)], now, england)[0].counts
            day = england.day_of(at)
            within = [(not first or first <= day) and (not end or day < end) for first, end in spans]
            assert within == [count == 1 for count in counts]
