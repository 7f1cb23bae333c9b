"""The reasoning in plain words: what counted, what did not, and why."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.core import reasoning
from bot.core.calendars import calendar
from bot.core.clocks import pause
from bot.core.durations import SAME_DAY, duration, receipt_rule

LONDON = ZoneInfo("Europe/London")
ENGLAND = calendar("england")


def local(text: str) -> datetime:
    """An instant in London's time of day."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def test_the_reasoning_names_what_moved_the_date() -> None:
    """In short, holidays and pauses only; in full, every day."""
    received = datetime(2026, 12, 24, 10, tzinfo=UTC)
    promise = duration("3 working days")
    waited = [pause("2026-12-29..2026-12-30 after-start")]
    short = reasoning.explain(promise, received, ENGLAND, SAME_DAY, waited, every_day=False)
    assert short == (
        "Received on Thursday 24 December 2026 at 10:00, Europe/London.",
        "Thursday 24 December 2026 is day 0; counting begins with the day after.",
        "Friday 25 December 2026 does not count: Christmas Day.",
        "Monday 28 December 2026 does not count: Boxing Day (substitute day).",
        "Wednesday 30 December 2026 does not count: pause 2026-12-29..2026-12-30 after-start.",
        "Friday 1 January 2027 does not count: New Year's Day.",
        "Due by the end of Monday 4 January 2027 (23:59:59).",
    )
    full = reasoning.explain(promise, received, ENGLAND, SAME_DAY, waited)
    assert "Day 3: Monday 4 January 2027." in full
    assert "Saturday 26 December 2026 does not count: weekend." in full


def test_the_reasoning_of_a_month() -> None:
    """The short month, the pause, the roll, and a pause without effect are all said."""
    received = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    waited = [pause("2026-11-10..2026-11-14 inclusive"), pause("2027-11-10..2027-11-14 inclusive")]
    lines = reasoning.explain(duration("1 month, then next working day"), received, ENGLAND, SAME_DAY, waited)
    assert lines[2:] == (
        "1 month later is Monday 30 November 2026: there is no day 31 in that month, so its last one.",
        "Tuesday 10 November 2026 to Saturday 14 November 2026 do not count: pause of 5 days.",
        "So it becomes Saturday 5 December 2026.",
        "That is not a working day, so the next one: weekend.",
        "Without effect, as the clock was not running then: pause 2027-11-10..2027-11-14 inclusive.",
        "Due by the end of Monday 7 December 2026 (23:59:59).",
    )


def test_the_reasoning_of_hours() -> None:
    """Elapsed hours say so, and say when the clocks change; working hours are added up day by day."""
    lines = reasoning.explain(duration("24 hours"), local("2026-10-24T12:00"), ENGLAND)
    assert lines[1:] == (
        "The clock runs by day and night; weekends and holidays count, too.",
        "The clocks change in between, so the time of day is not the same.",
        "Due on Sunday 25 October 2026 at 11:00.",
    )
    lines = reasoning.explain(
        duration("4 working hours"), local("2026-11-20T13:00"), ENGLAND, receipt_rule("cutoff 12:00")
    )
    assert lines[1:] == (
        "Treated as received on Monday 23 November 2026, the next working day: cutoff 12:00 has passed.",
        "Monday 23 November 2026: 4 h of office hours, 4 h in all.",
        "Due on Monday 23 November 2026 at 12:30.",
    )
