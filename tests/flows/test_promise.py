"""What a standard promises, in words: for the operator who reads it, and for everybody on its page."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.core.books import Book, Matter
from bot.core.calendars import calendar
from bot.core.standards import Standard, standard
from bot.flows import promise
from bot.flows.rulebook import Rulebook
from tests.flows.conftest import LAW, MORE, NOW, STANDARD, shelf
from tests.rulebooks import altered

GENERAL, FOI, COMPLAINT = (standard(table, f"{table['id']}.toml") for table in (STANDARD, *MORE))


def changed(**changes: Any) -> Standard:
    """The general standard with other entries."""
    return standard(STANDARD | changes, "general.toml")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "Acknowledge within 1 working day, answer within 10 working days."),
        ({"acknowledge": "same day"}, "Acknowledge on the same day, answer within 10 working days."),
        ({"acknowledge": "none"}, "No acknowledgement is promised, answer within 10 working days."),
        ({"respond": "none"}, "Acknowledge within 1 working day, no time to answer is promised."),
        (
            {"acknowledged_by": "staff", "respond_from": "acknowledgement", "extend_to": "20 working days"},
            (
                "Staff acknowledge within 1 working day, answer within 10 working days of the acknowledgement."
                " It can be extended to 20 working days."
            ),
        ),
    ],
)
def test_a_standard_is_told_in_a_line(entries: dict[str, Any], words: str) -> None:
    """Who acknowledges within what time, and within what time the answer comes."""
    assert promise.in_short(changed(**entries)) == words


def test_the_moments_before_holidays_are_the_next_ones() -> None:
    """Four in the afternoon of the day before Christmas and before Good Friday; where neither is kept, now alone."""
    england = calendar("england")
    moments = [(moment.name, moment.at.isoformat()) for moment in promise.moments(NOW, england)]
    assert moments == [
        ("now", NOW.isoformat()),
        ("on Christmas Eve", "2026-12-24T16:00:00+00:00"),
        ("just before Easter", "2027-03-25T16:00:00+00:00"),
    ]


def test_the_operator_reads_what_would_be_promised(council: Rulebook) -> None:
    """For a message at each of the moments; at the latest, where the clock waits for staff."""
    now, christmas, _ = promise.sentences(GENERAL, NOW, council.clocks)
    assert now == (
        "A message received now (9:15am on Monday 23 November 2026) would be acknowledged by Tuesday 24 November 2026"
        " and answered by Monday 7 December 2026."
    )
    assert "received on Christmas Eve (4pm on Thursday 24 December 2026)" in christmas
    assert "acknowledged by Tuesday 29 December 2026" in christmas
    first, *_ = promise.sentences(COMPLAINT, NOW, council.clocks)
    assert "acknowledged by staff by Monday 30 November 2026 and answered at the latest by" in first


def test_what_is_in_force_stands_before_what_follows() -> None:
    """Each as a row with every entry that its page shows."""
    day = date(2026, 12, 1)
    ahead = [changed(version=str(number), valid_from=day + timedelta(days=number)) for number in (9, 5)]
    rows = promise.publication(Book((GENERAL, *ahead)), day)
    assert [(row["version"], row["in_force"]) for row in rows] == [("1", True), ("5", False), ("9", False)]
    assert (rows[0]["id"], rows[0]["respond"], rows[0]["kinds"]) == ("general", "10 working days", [])
    assert rows[0]["extend_to"] == ""


def test_a_standard_is_due_for_review_in_time(book: Rulebook) -> None:
    """So long ahead of the day that it names; what names none never is."""
    reviewed = altered(book, promises=Book((changed(review_by=date(2026, 12, 23)),)))
    for days, expected in ((29, []), (30, ["general"]), (31, ["general"])):
        due = promise.due_for_review(reviewed.clocks, NOW, timedelta(days=days))
        assert [each.id for each in due] == expected
    assert promise.due_for_review(book.clocks, NOW, timedelta(days=10_000)) == []


def test_a_contact_opens_with_the_standard_of_its_day(council: Rulebook) -> None:
    """Its due instants, and when it is first looked at: before anything is late."""
    columns = council.clocks.opening(NOW, Matter("email", "", "", "", "private"))
    assert (columns["standard"], columns["promise"]) == ("general", "10 working days")
    assert columns["acknowledge_by"] == datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    assert columns["next_look_at"] == NOW + council.clocks.timing.receipt_late_after


def test_what_waits_for_staff_to_acknowledge_has_a_latest_date(council: Rulebook) -> None:
    """Of a complaint: its time to answer begins with the acknowledgement, at the latest with the last day for it."""
    columns = council.clocks.opening(NOW, Matter("email", "", "complaint", "", "private"))
    assert (columns["standard"], columns["acknowledged_by"]) == ("complaint", "staff")
    assert columns["acknowledge_by"].date() == date(2026, 11, 30)
    assert columns["respond_by"].date() == date(2026, 12, 14)


def test_a_step_before_the_date_is_looked_at(council: Rulebook) -> None:
    """A request that is due by law after twenty working days is owed its first look in time."""
    columns = altered(council, calendars=shelf()).clocks.opening(NOW, Matter("email", "", "foi", "", "private"))
    assert LAW["basis"] == "law"
    assert columns["standard"] == "foi"
    assert columns["next_look_at"] < columns["respond_by"]
