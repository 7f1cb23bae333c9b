"""The backlog by team and age, as Postfix's qshape shows a queue: where what waits has been waiting for long."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from bot.core.calendars import Calendar

# Working days since the receipt, at most; the last column has no end.
AGES = (0, 1, 2, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Row:
    """One team: how many contacts of each age are open, how many in all, and how many are late."""

    team: str
    counts: tuple[int, ...]
    total: int
    late: int


def headings() -> tuple[str, ...]:
    """What stands above the columns of ages."""
    words = ["today"]
    for before, until in pairwise(AGES):
        first = before + 1
        words.append(f"{first} day" if first == until == 1 else f"{first}" if first == until else f"{first} to {until}")
    return (*words, f"over {AGES[-1]}")


def spans(now: datetime, calendar: Calendar) -> list[tuple[date | None, date | None]]:
    """For each column the first day of receipt, and the first that is too late for it; None: there is no such end."""
    today = calendar.working_days_through(calendar.day_of(now))
    firsts = [calendar.nth_working_day(today - most) for most in AGES]
    return list(zip([*firsts, None], [None, *firsts], strict=True))


def table(
    contacts: Iterable[tuple[str | None, datetime, datetime | None]], now: datetime, calendar: Calendar
) -> list[Row]:
    """The rows by team, and all of them together last. `contacts` are (team, receipt, next date)."""
    today = calendar.working_days_through(calendar.day_of(now))
    ages: dict[str, list[int]] = {}
    late = Counter[str]()
    for team, received_at, due_at in contacts:
        ages.setdefault(team or "", []).append(today - calendar.working_days_through(calendar.day_of(received_at)))
        late[team or ""] += due_at is not None and due_at < now
    rows = [_row(team, ages[team], late[team]) for team in sorted(ages)]
    return [*rows, _row("All teams", [age for row in ages.values() for age in row], late.total())]


def _row(team: str, ages: list[int], late: int) -> Row:
    counts = Counter(bisect_left(AGES, age) for age in ages)
    return Row(team, tuple(counts[column] for column in range(len(AGES) + 1)), len(ages), late)
