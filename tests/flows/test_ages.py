"""The backlog by team and age counts working days."""

from datetime import UTC, datetime, timedelta

from bot.core.calendars import calendar
from bot.flows import ages

# A Tuesday.
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_ages_are_working_days_by_team() -> None:
    """Friday is two working days before Tuesday; what is late is counted besides; all together stand last."""
    friday, month = NOW - timedelta(days=4), NOW - timedelta(days=35)
    rows = ages.table(
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
    assert ages.headings() == ("today", "1 day", "2", "3 to 5", "6 to 10", "11 to 20", "over 20")
