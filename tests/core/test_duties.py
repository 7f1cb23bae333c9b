"""Nights of duty: which night it is, who has it, and where nobody does."""

from datetime import UTC, date, datetime

import pytest

from bot.core.calendars import calendar
from bot.core.deputies import Away, Deputies
from bot.core.duties import Shift, night_of, nights, overlap, person_on

ENGLAND = calendar("england")
MONDAY = date(2026, 11, 23)
JO = Shift("front", date(2026, 11, 23), date(2026, 11, 26), "jo@example.gov.uk")
DI = Shift("front", date(2026, 11, 28), date(2026, 11, 30), "di@example.gov.uk")
WASTE = Shift("waste", date(2026, 11, 23), date(2026, 12, 31), "al@example.gov.uk")


@pytest.mark.parametrize(
    ("instant", "night"),
    [
        (datetime(2026, 11, 23, 10, 0, tzinfo=UTC), None),  # Monday, the office is open
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 28, 3, 0, tzinfo=UTC), date(2026, 11, 27)),  # Saturday before the morning
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), date(2026, 11, 28)),
        (datetime(2026, 11, 30, 7, 0, tzinfo=UTC), date(2026, 11, 29)),  # Monday before the office opens
        (datetime(2026, 12, 25, 12, 0, tzinfo=UTC), date(2026, 12, 25)),  # a bank holiday
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 1)),  # half past midnight in summer
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(instant: datetime, night: date | None) -> None:
    """It ends in the next morning, whether the office opens then or not."""
    assert night_of(instant, ENGLAND) == night


def test_who_has_a_night_and_where_nobody_does() -> None:
    """Each team has a rota of its own; a night that nobody has is a gap."""
    shifts = [JO, DI, WASTE]
    names = [person.partition("@")[0] for _, person in nights(shifts, "front", MONDAY, 9)]
    assert names == ["jo", "jo", "jo", "jo", "", "di", "di", "di", ""]
    assert person_on(shifts, "waste", MONDAY) == "al@example.gov.uk"
    assert person_on(shifts, "nobody", MONDAY) == ""


def test_a_night_has_one_person() -> None:
    """Shifts of one team that share a night are found, those of two teams are not."""
    assert overlap([JO, DI], Shift("front", date(2026, 11, 26), date(2026, 11, 27), "x")) == JO
    assert overlap([JO, DI], Shift("front", date(2026, 11, 27), date(2026, 11, 27), "x")) is None
    assert overlap([JO, DI], Shift("waste", MONDAY, MONDAY, "x")) is None


def test_absences_of_the_console_count_before_those_of_the_files() -> None:
    """Both hold; where they differ for a day the deputy is the one that was entered in the console."""
    jo, di = "jo@example.gov.uk", "di@example.gov.uk"
    files = Deputies([Away(jo, MONDAY, MONDAY, "old@example.gov.uk")])
    together = files.beside((Away("Jo@example.gov.uk", MONDAY, MONDAY, di),))
    away = together.of(jo, MONDAY)
    assert away
    assert away.deputy == di
    assert files.beside(()) is files
    assert together.within(jo, date(2026, 11, 1), date(2026, 11, 30))
    assert together.within(jo, date(2026, 11, 24), date(2026, 11, 30)) is None
