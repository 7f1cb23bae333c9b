"""Deadlines: dated examples, an independent count, the properties that every calendar keeps, and the ladder."""

import csv
import io
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.calendars import BadCalendar, Calendar, OutsideCalendar, calendar, days
from bot.core.clocks import Counting, Pause, due, pause, share_of
from bot.core.durations import BadWords, duration, receipt_rule

LONDON = ZoneInfo("Europe/London")
VECTORS = (Path(__file__).parents[1] / "vectors" / "deadlines.csv").read_text(encoding="utf-8")
ENGLAND, UK_ANY = calendar("england"), calendar("uk-any")
TEN_DAYS = duration("10 working days")
MONDAY = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def local(text: str) -> datetime:
    """An instant in London's time of day."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def answer(rule: str, received: str, calendar: Calendar = ENGLAND, receipt: str = "same day", *pauses: str) -> str:
    """The due instant in London's time of day, from words and to words."""
    instant = due(duration(rule), local(received), calendar, receipt_rule(receipt), [pause(p) for p in pauses])
    return instant.astimezone(LONDON).strftime("%a %Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    "row", list(csv.DictReader(io.StringIO(VECTORS))), ids=lambda row: f"{row['name']} {row['received']}"
)
def test_dated_examples(row: dict[str, str]) -> None:
    """Every example that was worked by hand comes out, to the second and with its offset."""
    closures = tuple(days(text) for text in row["closures"].split(",") if text)
    where = calendar(row["calendar"], closures=closures)
    pauses = [pause(text) for text in row["pauses"].split(",") if text]
    instant = due(
        duration(row["rule"]), datetime.fromisoformat(row["received"]), where, receipt_rule(row["receipt"]), pauses
    )
    assert instant.astimezone(LONDON).isoformat() == row["due"]
    assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("rule", "received", "expected"),
    [
        # Months: the corresponding date, else the last day; nothing rolls unless the rule says so.
        ("1 month", "2026-09-03T10:00", "Sat 2026-10-03T23:59:59"),
        ("1 month", "2015-01-31T10:00", "Sat 2015-02-28T23:59:59"),
        ("12 months", "2028-02-29T10:00", "Wed 2029-02-28T23:59:59"),
        ("1 month, then next working day", "2034-03-07T10:00", "Tue 2034-04-11T23:59:59"),
        ("30 days", "2026-06-19T10:00", "Sun 2026-07-19T23:59:59"),
        # Hours: elapsed, through both changes of the clocks.
        ("24 hours", "2027-03-27T12:00", "Sun 2027-03-28T13:00:00"),
        ("24 hours", "2026-10-24T12:00", "Sun 2026-10-25T11:00:00"),
        ("90 minutes", "2027-03-28T00:30", "Sun 2027-03-28T03:00:00"),
        ("48 hours", "2026-12-24T18:00", "Sat 2026-12-26T18:00:00"),
        # Working hours: the office's, over evenings, weekends, holidays and changes of the clocks.
        ("4 working hours", "2026-11-23T09:15", "Mon 2026-11-23T13:15:00"),
        ("4 working hours", "2026-11-20T16:00", "Mon 2026-11-23T12:00:00"),
        ("4 working hours", "2026-11-21T03:00", "Mon 2026-11-23T12:30:00"),
        ("4 working hours", "2026-11-23T06:00", "Mon 2026-11-23T12:30:00"),
        ("1 working hour", "2026-11-23T16:00", "Mon 2026-11-23T17:00:00"),
        ("8 working hours", "2026-12-24T16:00", "Tue 2026-12-29T15:30:00"),
        ("8 working hours", "2027-03-25T16:00", "Tue 2027-03-30T15:30:00"),
        # 8 on Friday and four days of 8.5: due when the office closes, not when it next opens.
        ("42 working hours", "2026-10-23T08:30", "Thu 2026-10-29T17:00:00"),
    ],
)
def test_more_dated_examples(rule: str, received: str, expected: str) -> None:
    """Worked by hand, for the units that the examples of the vectors leave out."""
    assert answer(rule, received) == expected


@pytest.mark.parametrize(
    ("receipt", "received", "expected"),
    [
        ("same day", "2026-12-25T12:00", "Tue 2026-12-29T23:59:59"),
        ("next working day", "2026-12-25T12:00", "Wed 2026-12-30T23:59:59"),
        ("next working day", "2026-12-24T23:00", "Tue 2026-12-29T23:59:59"),
        ("next working day", "2026-12-26T23:59", "Wed 2026-12-30T23:59:59"),
        ("cutoff 17:00", "2026-12-24T16:59", "Tue 2026-12-29T23:59:59"),
        ("cutoff 17:00", "2026-12-24T17:00", "Wed 2026-12-30T23:59:59"),
        ("cutoff 17:00", "2026-12-25T09:00", "Wed 2026-12-30T23:59:59"),
        # Half past four in Greenwich is half past five in summer.
        ("cutoff 17:00", "2026-07-01T17:30", "Fri 2026-07-03T23:59:59"),
        ("cutoff 17:00", "2026-07-01T16:30", "Thu 2026-07-02T23:59:59"),
    ],
)
def test_receipt_rules_move_day_zero(receipt: str, received: str, expected: str) -> None:
    """Weekends, holidays and the hour of the day, in local time."""
    assert answer("1 working day", received, ENGLAND, receipt) == expected


def test_receipt_rules_and_other_units() -> None:
    """Months and working hours begin with the moved day; elapsed hours know no day 0."""
    saturday = "2026-11-21T10:00"
    assert answer("1 month", saturday, ENGLAND, "next working day") == "Wed 2026-12-23T23:59:59"
    assert answer("24 hours", saturday, ENGLAND, "next working day") == "Sun 2026-11-22T10:00:00"
    assert answer("1 working hour", "2026-11-20T12:30", ENGLAND, "cutoff 12:00") == "Mon 2026-11-23T09:30:00"


@pytest.mark.parametrize(
    ("rule", "received", "pauses", "expected"),
    [
        ("1 month, then next working day", "2026-06-01", "2026-06-01..2026-06-01 inclusive", "Thu 2026-07-02"),
        ("1 month", "2026-06-01", "2026-06-08..2026-06-18 after-start", "Sat 2026-07-11"),
        ("30 days", "2026-06-01", "2026-06-30..2026-07-02 inclusive", "Sat 2026-07-04"),
        # Two pauses that share days count them once; apart, both, in whatever order they are given.
        (
            "30 days",
            "2026-06-01",
            "2026-06-08..2026-06-12 inclusive,2026-06-10..2026-06-18 inclusive",
            "Sun 2026-07-12",
        ),
        (
            "30 days",
            "2026-06-01",
            "2026-06-20..2026-06-21 inclusive,2026-06-08..2026-06-09 inclusive",
            "Sun 2026-07-05",
        ),
        # The due day as extended is the one that counts for the next pause; one after it finds the clock run out.
        (
            "30 days",
            "2026-06-01",
            "2026-06-20..2026-06-29 inclusive,2026-07-05..2026-07-05 inclusive",
            "Sun 2026-07-12",
        ),
        ("30 days", "2026-06-01", "2026-07-02..2026-07-05 inclusive", "Wed 2026-07-01"),
        # Due on Saturday 3 October, so on Monday: asked on Monday, answered on Thursday, one day is left.
        ("1 month, then next working day", "2026-09-03", "2026-10-05..2026-10-08 inclusive", "Fri 2026-10-09"),
        ("10 working days", "2026-11-23", "2026-11-26..2026-12-03 inclusive", "Tue 2026-12-15"),
        ("10 working days", "2026-11-23", "2026-11-28..2026-11-29 inclusive", "Mon 2026-12-07"),
        ("10 working days", "2026-11-23", "2026-11-23..2026-11-23 inclusive", "Mon 2026-12-07"),
        ("10 working days", "2026-11-23", "2026-11-23..2026-11-24 after-start", "Tue 2026-12-08"),
        ("10 working days", "2026-11-23", "2026-11-01..2026-11-20 inclusive", "Mon 2026-12-07"),
        ("10 working days", "2026-11-23", "2026-12-08..2026-12-20 inclusive", "Mon 2026-12-07"),
        ("10 working days", "2026-11-23", "2026-12-07..2026-12-08 inclusive", "Wed 2026-12-09"),
        ("3 working days", "2026-12-22", "2026-12-23..2026-12-30 after-start", "Mon 2027-01-04"),
    ],
)
def test_pauses_push_the_due_day(rule: str, received: str, pauses: str, expected: str) -> None:
    """By both ways of counting, alone and together, before, across and after the due day."""
    assert answer(rule, f"{received}T10:00", ENGLAND, "same day", *pauses.split(",")) == f"{expected}T23:59:59"


@pytest.mark.parametrize(
    ("rule", "paused", "expected"),
    [
        ("24 hours", "2026-11-24..2026-11-25 inclusive", "Thu 2026-11-26T10:00:00"),
        ("24 hours", "2026-11-23..2026-11-24 inclusive", "Thu 2026-11-26T00:00:00"),
        ("24 hours", "2026-11-23..2026-11-24 after-start", "Wed 2026-11-25T10:00:00"),
        ("10 working hours", "2026-11-24..2026-11-25 inclusive", "Thu 2026-11-26T11:30:00"),
        ("10 working hours", "2026-11-23..2026-11-23 inclusive", "Wed 2026-11-25T10:00:00"),
        ("7 working hours", "2026-11-24..2026-11-25 inclusive", "Mon 2026-11-23T17:00:00"),
    ],
)
def test_pauses_stop_hours_too(rule: str, paused: str, expected: str) -> None:
    """The paused days, as whole local days, are left out of elapsed and of working hours."""
    assert answer(rule, "2026-11-23T10:00", ENGLAND, "same day", paused) == expected


def test_closures_push_promises_and_pauses_do_not_count_them() -> None:
    """Days on which the organisation is shut are not counted, nor added again for a pause; statute ignores them."""
    closures = (days("2026-12-29..2026-12-31"),)
    shut, statute = calendar("england", closures=closures), calendar("uk-any", closures=closures)
    received = "2026-12-18T10:00"
    assert answer("10 working days", received, shut) == "Mon 2027-01-11T23:59:59"
    assert (
        answer("10 working days", received, shut, "same day", "2026-12-23..2026-12-30 after-start")
        == "Tue 2027-01-12T23:59:59"
    )
    assert answer("20 working days", "2026-12-24T10:00", statute) == answer(
        "20 working days", "2026-12-24T10:00", UK_ANY
    )


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "2026-11-24T00:00"),
        (0.5, "2026-12-01T00:00"),
        (0.75, "2026-12-03T12:00"),
        (0.9, "2026-12-07T00:00"),
        (1, "2026-12-08T00:00"),
        (1.5, "2026-12-15T00:00"),
        (Fraction(3, 4), "2026-12-03T12:00"),
    ],
)
def test_the_ladder_of_ten_working_days(share: float | Fraction, expected: str) -> None:
    """Received on Monday 23 November 2026: the steps fall when the table of the ladder says."""
    assert share_of(share, TEN_DAYS, MONDAY, ENGLAND) == local(expected)


def test_a_share_that_ends_with_a_week() -> None:
    """A warning waits for the next working day; a broken promise is one from the midnight that breaks it."""
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert share_of(0.5, TEN_DAYS, friday, ENGLAND) == local("2026-11-30T00:00")
    assert share_of(1, TEN_DAYS, friday, ENGLAND) == local("2026-12-05T00:00")
    assert share_of(1.5, TEN_DAYS, friday, ENGLAND) == local("2026-12-12T00:00")


@pytest.mark.parametrize(
    ("share", "rule", "expected"),
    [
        (0.5, "24 hours", "2026-11-23T21:15"),
        (1, "24 hours", "2026-11-24T09:15"),
        (2, "60 minutes", "2026-11-23T11:15"),
        (0.5, "8 working hours", "2026-11-23T13:15"),
        (1, "8 working hours", "2026-11-24T08:45"),
        (0.5, "30 days", "2026-12-08T16:37:30"),
        (1, "30 days", "2026-12-24T00:00"),
        (1, "1 month", "2026-12-24T00:00"),
    ],
)
def test_shares_of_other_units(share: float, rule: str, expected: str) -> None:
    """Elapsed time is shared evenly; working hours pass only while the office is open."""
    assert share_of(share, duration(rule), MONDAY, ENGLAND) == local(expected)


def test_instants_without_offset_are_refused() -> None:
    """A time of day without offset names no instant."""
    naive = MONDAY.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no offset"):
        due(TEN_DAYS, naive, ENGLAND)
    with pytest.raises(ValueError, match="no offset"):
        share_of(0.5, TEN_DAYS, naive, ENGLAND)
    with pytest.raises(ValueError, match="0 or more"):
        share_of(-0.5, TEN_DAYS, MONDAY, ENGLAND)


@pytest.mark.parametrize("rule", ["99999 working days", "99999 days", "99999 months", "99999 working hours"])
def test_what_runs_out_of_the_calendar_is_refused(rule: str) -> None:
    """A promise that reaches beyond the tabled holidays has no due day."""
    with pytest.raises(OutsideCalendar, match="2040-12-31"):
        due(duration(rule), MONDAY, ENGLAND)


def test_pauses_are_read() -> None:
    """Two days and how they count; else the error says what is allowed."""
    read = pause("2026-06-08..2026-06-18 inclusive")
    assert (read, str(read)) == (
        Pause(date(2026, 6, 8), date(2026, 6, 18), Counting.INCLUSIVE),
        "2026-06-08..2026-06-18 inclusive",
    )
    with pytest.raises(BadWords, match="inclusive, after-start") as caught:
        pause("2026-06-08..2026-06-18 exclusive")
    assert caught.value.word == "exclusive"
    for text in ("2026-06-08..2026-06-18", "2026-06-08..2026-06-18 inclusive twice"):
        with pytest.raises(BadWords):
            pause(text)
    with pytest.raises(BadCalendar):
        pause("8 June to 18 June inclusive")


def test_any_zone_has_its_own_days() -> None:
    """The same instant is another day of receipt, and another midnight, elsewhere."""
    tokyo = calendar("england", zone="Asia/Tokyo")
    evening = datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert due(duration("1 working day"), evening, ENGLAND).isoformat() == "2026-11-24T23:59:59+00:00"
    assert due(duration("1 working day"), evening, tokyo).isoformat() == "2026-11-25T14:59:59+00:00"
