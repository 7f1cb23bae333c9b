"""Reads instants as people type them: ISO 8601 with the offset, as one hour can change the day at midnight."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.cli.configuration import refuse

EXAMPLE = "2026-12-18T10:00+00:00"


def instant(text: str) -> datetime:
    """Return an aware instant; raises ValueError with a message for the person who typed it."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an instant; write it as {EXAMPLE}") from None
    if value.tzinfo is None:
        raise ValueError(
            f"{text!r} does not say how far from UTC it is; add the offset, as in {EXAMPLE} "
            "(+01:00 while British Summer Time runs)"
        )
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is of no year that can be reckoned with") from None
    return value


def instant_or_exit(option: str, text: str) -> datetime:
    """Return the same for an option; a mistake ends the command with status 2."""
    try:
        return instant(text)
    except ValueError as error:
        refuse(f"{option}: {error}")


def day_or_instant(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the same, or the beginning of a local day that is written as 2026-12-18."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return instant_or_exit(option, text)
    return datetime.combine(day, time(), zone)
