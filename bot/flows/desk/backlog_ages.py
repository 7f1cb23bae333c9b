"""The backlog by team and age, as Postfix's qshape shows a queue: where what waits has been waiting for long."""

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
    counts: dict[str, list[int]] = {}
    late: dict[str, int] = {}
    for team, received_at, due_at in contacts:
        age = today - calendar.working_days_through(calendar.day_of(received_at))
        column = next((number for number, most in enumerate(AGES) if age <= most), len(AGES))
        counts.setdefault(team or "", [0] * (len(AGES) + 1))[column] += 1
        late[team or ""] = late.get(team or "", 0) + (due_at is not None and due_at < now)
    rows = [Row(team, tuple(found), sum(found), late[team]) for team, found in sorted(counts.items())]
    together = tuple(sum(row.counts[n] for row in rows) for n in range(len(AGES) + 1))
    return [*rows, Row("All teams", together, sum(together), sum(late.values()))]
