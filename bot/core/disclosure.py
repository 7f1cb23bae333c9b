"""Protect small numbers: what is published shows no count of 1 to 4, and none can be worked out from it.

Whatever leaves the console goes through here: tables that stand side by side together, a year beside its quarters.
"""

from collections.abc import Mapping, Sequence

from bot.core.disclosure_lines import Cut, Entry, Line, key, lay_out
from bot.core.measures import Quantile
from bot.core.publications import HIDDEN, LEAST, SMALL, Row, Table, Value
from bot.core.report_columns import COLUMNS, Column, Sort
from bot.core.suppression import Grid, State

# A time of fewer contacts is one that somebody may know as theirs.
LEAST_OF_TIMES = 10


def protect(lines: Sequence[Line], cuts: tuple[str, ...]) -> Table:
    """Return the lines of one table as they may be published.

    The names of a line are those by which it is cut: the whole has none, a total within several cuts has some of them.
    """
    return protect_together(((lines, cuts),))[0]


def protect_together(tables: Sequence[Cut]) -> tuple[Table, ...]:
    """Return several tables of the same contacts as they may be published side by side."""
    return protect_beside((), tables)


def protect_beside(earlier: Sequence[Table], tables: Sequence[Cut]) -> tuple[Table, ...]:
    """Return tables that may be published beside earlier ones whose sum they are: a year and its quarters.

    What any of the earlier ones hides is hidden here as well: a year less three quarters is the fourth.
    """
    grid = Grid()
    entries = lay_out(grid, tables, earlier)
    grid.protect()
    return tuple(
        Table(cuts, tuple(_row(grid, names, entries[key(names)]) for names, _ in lines)) for lines, cuts in tables
    )


def protect_counts(counts: Mapping[str, int], *, hides_nobody: bool = False) -> dict[str, Value]:
    """Return counts by name, whose sum is known, as they may be published.

    With `hides_nobody` 0 is hidden, too: of needs and languages, nobody beside one other says who that is.
    """
    grid = Grid()
    lowest = 0 if hides_nobody and any(counts.values()) else 1
    cells = {name: grid.add(counts[name], counts[name], lowest=lowest) for name in sorted(counts)}
    total = sum(counts.values())
    grid.bind(grid.add(total, total), tuple(cells.values()))
    grid.protect()
    return {name: _value(grid, cells[name]) for name in counts}


def protect_parts(wholes: Mapping[str, int], parts: Mapping[str, int]) -> dict[str, tuple[Value, Value]]:
    """Return for each name its count and a part of it as they may be published; nobody is hidden like a few.

    Where there is nobody at all, nobody is told from anybody.
    """
    if not any(wholes.values()):
        return dict.fromkeys(wholes, (0, 0))
    grid = Grid()
    cells = {name: grid.add(wholes[name], wholes[name], lowest=0) for name in sorted(wholes)}
    pieces = {name: grid.add(parts.get(name, 0), wholes[name], lowest=0) for name in cells}
    for name, cell in cells.items():
        remainder = wholes[name] - parts.get(name, 0)
        grid.bind(cell, (pieces[name], grid.add(remainder, 0, State.REMAINDER)))
    for column in (cells, pieces):
        total = sum(grid.values[cell] for cell in column.values())
        grid.bind(grid.add(total, total), tuple(column.values()))
    grid.protect()
    return {name: (_value(grid, cells[name]), _value(grid, pieces[name])) for name in wholes}


def difference(before: Value, now: Value) -> Value:
    """Return by how much a figure changed, or nothing where one of both is not shown."""
    if isinstance(before, str) or isinstance(now, str):
        return HIDDEN
    return round(now - before, 1)


def _row(grid: Grid, names: Mapping[str, str], entry: Entry) -> Row:
    values = {column.name: _column_value(grid, entry, column) for column in COLUMNS}
    times = {column.name: column.value(entry.figures) for column in COLUMNS if column.value is not None}
    at_least = tuple(
        name
        for name, time in times.items()
        if isinstance(time, Quantile) and time.is_at_least and values[name] != HIDDEN
    )
    return Row(dict(names), values, at_least)


def _column_value(grid: Grid, entry: Entry, column: Column) -> Value:
    if column.sort is Sort.COUNT:
        return _value(grid, entry.cells[column.name, ""])
    if column.sort is Sort.SHARE:
        return _share(*(_value(grid, entry.cells[name, ""]) for name in (column.part, column.whole)))
    if column.sort is Sort.TIME:
        time = column.value(entry.figures) if column.value is not None else None
        return _time(_value(grid, entry.cells[column.base, ""]), time)
    reasons = ((reason, cell) for (name, reason), cell in entry.cells.items() if name == column.name and reason)
    return "; ".join(f"{reason}={_value(grid, cell)}" for reason, cell in reasons)


def _share(part: Value, whole: Value) -> Value:
    if isinstance(part, str) or isinstance(whole, str) or whole < LEAST:
        return HIDDEN
    return round(100 * part / whole, 1)


def _time(base: Value, time: object) -> Value:
    if isinstance(base, str) or base < LEAST_OF_TIMES or not isinstance(time, Quantile):
        return HIDDEN
    # Of many that came only a few may have been answered, where the others were closed without an answer.
    if time.times is not None and time.times < LEAST_OF_TIMES:
        return HIDDEN
    return time.days


def _value(grid: Grid, number: int) -> Value:
    state = grid.states[number]
    if state is State.PLAIN:
        return grid.values[number]
    return SMALL if state is State.SMALL else HIDDEN
