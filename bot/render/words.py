"""Dates and times in words that a reader of nine understands: "Monday 7 December 2026", "10:30am"."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.core.durations import Duration, Unit

_LOCALES = {"en": "en_GB"}


@lru_cache(maxsize=1024)
def date_in_words(day: date, language: str = "en") -> str:
    """Return a day with its weekday: "Monday 7 December 2026"."""
    # To import it asks the system for its time zone, which takes as long as to write a hundred dates.
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(day, "EEEE d MMMM y", locale=_LOCALES.get(language, language))


def instant_in_words(instant: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """Return a local time and its day: "10:30am on Monday 7 December 2026"."""
    local = instant.astimezone(zone)
    return f"{_hour(local)} on {date_in_words(local.date(), language)}"


# One day's receipts have the same date to answer by.
@lru_cache(maxsize=1024)
def due_in_words(due: datetime | None, promise: Duration | None, zone: ZoneInfo) -> str:
    """Return the due day, with the time for a promise of hours or minutes; "" without a date."""
    if due is None:
        return ""
    if promise is None or promise.unit in (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH):
        return date_in_words(due.astimezone(zone).date())
    return instant_in_words(due, zone)


def _hour(local: datetime) -> str:
    # GOV.UK style: 12am and 12pm are misread, so they are words.
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
