"""Instants as people type them: ISO 8601 with the offset, because an hour off is a day off at midnight."""

from datetime import UTC, datetime

from bot.cli.configuration import refuse

EXAMPLE = "2026-12-18T10:00+00:00"


def instant(text: str) -> datetime:
    """An aware instant; raises ValueError with words for whoever typed it."""
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an instant; write it as {EXAMPLE}") from None
    if typed.tzinfo is None:
        raise ValueError(
            f"{text!r} does not say how far from UTC it is; add the offset, as in {EXAMPLE} "
            "(+01:00 while British Summer Time runs)"
        )
    try:
        typed.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is of no year that can be reckoned with") from None
    return typed


def instant_or_exit(option: str, text: str) -> datetime:
    """The same for an option: a mistake ends the command with status 2."""
    try:
        return instant(text)
    except ValueError as error:
        refuse(f"{option}: {error}")
