"""A setting: which of the mail that a mailbox holds already counts at the first look."""

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator


def _word_or_day(value: object) -> object:
    if value in ("now", "all") or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    with suppress(ValueError):
        return date.fromisoformat(str(value))
    raise ValueError('is not "now", "all" or a day such as 2026-09-01')


Begin = Annotated[Literal["now", "all"] | date, BeforeValidator(_word_or_day)]
"""None of it, all of it, or what came on that day (UTC) or later."""
