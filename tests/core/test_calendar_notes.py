"""A calendar that is noted in an event and made back counts every day and hour as it did."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.calendar_notes import calendar_of, note_of
from bot.core.calendars import NAMES, OFFICE, BadCalendar, Holiday, Hours, calendar

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
HOURS = st.sampled_from(OFFICE)
SPANS = st.tuples(DAYS, st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))
OFFICES = st.tuples(st.just((time(9), time(17, 30, 15))), *[HOURS] * 6)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    zone=st.sampled_from(["Europe/London", "Atlantic/Azores"]),
    office=OFFICES,
    closures=st.lists(SPANS, max_size=2).map(tuple),
    moved=st.tuples(DAYS, DAYS),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    count=st.integers(1, 40),
)
def test_a_note_makes_the_very_same_calendar(
    name: str,
    zone: str,
    office: tuple[Hours | None, ...],
    closures: tuple[tuple[date, date], ...],
    moved: tuple[date, date],
    at: datetime,
    count: int,
) -> None:
    """Whatever its nation, zone, hours, closures and proclaimed holidays."""
    proclaimed = (Holiday(moved[0], "A day for everybody", instead_of=moved[1]),)
    original = calendar(name, zone=zone, office=office, closures=closures, proclaimed=proclaimed)
    note = note_of("its key", original)
    same = calendar_of(note)
    assert (note["calendar"], note["version"]) == ("its key", original.version)
    assert note_of("its key", same) == note
    assert (same.version, same.zone, same.office) == (original.version, original.zone, original.office)
    day = original.day_of(at)
    assert same.is_working_day(day) == original.is_working_day(day)
    assert same.due(at, count) == original.due(at, count)
    assert same.office_time(at) == original.office_time(at)


@pytest.mark.parametrize("note", [{}, {"calendar": "england", "zone": "Europe/London", "office": [], "holidays": [1]}])
def test_what_is_no_note_makes_no_calendar(note: dict[str, object]) -> None:
    """Rather than one of other days."""
    with pytest.raises(BadCalendar, match="not a note of a calendar"):
        calendar_of(note)
