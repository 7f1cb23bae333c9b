"""The rows behind `ackbot deadline`: what each cell means, what is computed, and what is wrong with it."""

import re
from collections.abc import Callable, Iterator, Mapping
from csv import DictReader
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.cli.configuration import MISUSE, NEGATIVE
from bot.cli.instants import instant
from bot.core import calendars, clocks, durations
from bot.core.calendars import Calendar
from bot.core.durations import BadWords, Duration, ReceiptRule

T = TypeVar("T")
Row = Mapping[str, str | None]
Days = tuple[calendars.Days, ...]

_NEEDED = ("rule", "received")


class BadTable(ValueError):
    """The file as a whole is no table of deadlines."""


class BadCell(ValueError):
    """A cell that cannot be read. `pointer` is "" or two more lines that point at the wrong word."""

    def __init__(self, column: str, problem: ValueError | str) -> None:
        super().__init__(f"{column}: {problem}")
        self.column, self.problem = column, str(problem)
        self.pointer = f"\n{problem.pointer}" if isinstance(problem, BadWords) else ""


@dataclass(frozen=True, slots=True)
class Case:
    """One question and its answer; `due` is in local time. `closures` are those given, heeded or not."""

    duration: Duration
    received: datetime
    calendar: Calendar
    receipt: ReceiptRule
    closures: Days
    pauses: tuple[clocks.Pause, ...]
    due: datetime


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a row, and the exit status that it asks for."""

    words: str
    status: int


class Writer(Protocol):
    """What `csv.writer` gives."""

    def writerow(self, row: list[str], /) -> Any:
        """Write one row."""


def read(row: Row, zone: str) -> Case:
    """The case of a row by column; `calendar`, `receipt`, `closures`, `pauses` may be absent. Raises BadCell."""
    closures = _cell(row, "closures", lambda text: _each(text, calendars.days))
    name = _cell(row, "calendar", str, "england")
    calendar = _cell(row, "calendar", lambda _: calendars.calendar(name, zone=zone, closures=closures), "england")
    duration = _cell(row, "rule", durations.duration)
    received_at = _cell(row, "received", instant)
    receipt = _cell(row, "receipt", durations.receipt_rule, "same day")
    pauses = _cell(row, "pauses", lambda text: _each(text, clocks.pause))
    try:
        due = clocks.due(duration, received_at, calendar, receipt, pauses).astimezone(calendar.zone)
    except (calendars.OutsideCalendar, OverflowError) as error:
        raise BadCell("received", f"{received_at.isoformat()} cannot be computed: {error}") from None
    return Case(duration, received_at, calendar, receipt, closures, pauses, due)


def compute(
    table: "DictReader[str]", out: Writer, zone: str, defaults: Row, progress: Callable[[int], None]
) -> Iterator[Complaint]:
    """Write each row with its cell `computed`; yield what differs from `due` or cannot be read. Raises BadTable.

    `progress` gets the number of the last line that is read.
    """
    names = _names(table)
    columns = [name for name in names if name != "computed"]
    absent = {column: cell for column, cell in defaults.items() if column not in names}
    out.writerow([*columns, "computed"])
    for number, row in enumerate(table, 1):
        progress(table.line_num)
        computed = ""
        try:
            case = read({**absent, **row}, zone)
            computed = case.due.isoformat()
            yield from _different(row, case, number)
            _require_no_more_cells(row, names)
        except BadCell as error:
            yield Complaint(f"row {number} (line {table.line_num}), column {error}", MISUSE)
        out.writerow([*(row[name] or "" for name in columns), computed])


def _names(table: "DictReader[str]") -> list[str]:
    """The names of the columns, as the first line has them."""
    names = list(table.fieldnames or ())
    if missing := [name for name in _NEEDED if name not in names]:
        raise BadTable(f"the first line names no column {' and no column '.join(missing)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadTable(f"the first line names a column twice: {', '.join(twice)}")
    return names


def _different(row: Row, case: Case, number: int) -> Iterator[Complaint]:
    if not row.get("due"):
        return
    due = _cell(row, "due", instant)
    if due != case.due:
        words = (
            f"row {number}: {row.get('name') or case.duration}: due is {row['due']}, computed {case.due.isoformat()}"
        )
        yield Complaint(words, NEGATIVE)


def _require_no_more_cells(row: Mapping[Any, Any], names: list[str]) -> None:
    # The csv module keeps the cells beyond the header under None.
    if None in row:
        raise BadCell(names[-1], f"{len(row[None])} more cells stand after it than the first line names")


def _cell(row: Row, column: str, reader: Callable[[str], T], absent: str = "") -> T:
    text = (row.get(column) or "").strip() or absent
    try:
        return reader(text)
    except ValueError as error:
        raise BadCell(column, error) from None


def _each(text: str, reader: Callable[[str], T]) -> tuple[T, ...]:
    return tuple(reader(part.strip()) for part in re.split("[,;]", text) if part.strip())
