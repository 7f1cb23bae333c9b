"""Dates and times as people say them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.render.words import date_in_words, instant_in_words

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 12, 25), "Friday 25 December 2026"),
        (date(2026, 12, 29), "Tuesday 29 December 2026"),
        (date(2027, 1, 6), "Wednesday 6 January 2027"),
        (date(2027, 3, 30), "Tuesday 30 March 2027"),
    ],
)
def test_a_day_has_its_weekday_and_no_figures_to_guess(day: date, words: str) -> None:
    """Never 06/01/27."""
    assert date_in_words(day) == words


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 11, 23, 10, 30, tzinfo=UTC), "10:30am on Monday 23 November 2026"),
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "4pm on Monday 23 November 2026"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "midday on Monday 23 November 2026"),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), "midnight on Wednesday 1 July 2026"),
        (datetime(2026, 11, 23, 12, 5, tzinfo=UTC), "12:05pm on Monday 23 November 2026"),
    ],
)
def test_a_time_is_local_and_says_which_half_of_the_day(instant: datetime, words: str) -> None:
    """In the organisation's own zone, summer time included."""
    assert instant_in_words(instant, LONDON) == words
