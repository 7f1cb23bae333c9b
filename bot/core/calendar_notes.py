"""The days of a calendar as an event notes them, and the calendar made back: figures count by the days known then."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from bot.core.calendars import FIRST_DAY, LAST_DAY, BadCalendar, Calendar, Hours, of_days

_DAYS = range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
_WEEKDAYS = 5
NOT_COUNTED = "did not count"


def note_of(key: str, calendar: Calendar) -> dict[str, Any]:
    """Return what an event says of a calendar: its key, zone, hours, and the weekdays on which nobody works."""
    return {
        "calendar": key,
        "version": calendar.version,
        "zone": calendar.zone.key,
        "office": [[_as_text(at) for at in hours] if hours else None for hours in calendar.office],
        "holidays": [day.isoformat() for day in map(date.fromordinal, _DAYS) if _is_holiday(day, calendar)],
    }


def calendar_of(note: Mapping[str, Any]) -> Calendar:
    """Return the calendar of such a note: its days and hours count as they did. Raises BadCalendar for any other."""
    try:
        office = tuple(_hours(hours) for hours in note["office"])
        holidays = {date.fromisoformat(day).toordinal(): NOT_COUNTED for day in note["holidays"]}
        return of_days(note["calendar"], note["zone"], office, holidays)
    except (KeyError, TypeError, ValueError) as error:
        raise BadCalendar(f"not a note of a calendar: {error}") from None


def _is_holiday(day: date, calendar: Calendar) -> bool:
    return day.weekday() < _WEEKDAYS and not calendar.is_working_day(day)


def _as_text(at: time) -> str:
    return at.isoformat(timespec="auto")


def _hours(hours: list[str] | None) -> Hours | None:
    return (time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None
