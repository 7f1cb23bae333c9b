"""The lines of tables as counts of a grid, with every sum that a reader may take for certain.

A whole is its lines, in every table that is published together; a whole is its parts and what remains of it. Lines are
hidden alike over columns, the smallest first, as a contact that was received mostly falls due as well.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.measures import Figures
from bot.core.publications import HIDDEN, SMALL, Table, Value
from bot.core.report_columns import COLUMNS, Sort
from bot.core.suppression import Grid, State

# What a line is about, in order; which of its counts: the column, and the reason in it ("" for the count itself).
Names = tuple[tuple[str, str], ...]
Count = tuple[str, str]
Line = tuple[Mapping[str, str], Figures]
Cut = tuple[Sequence[Line], tuple[str, ...]]

# Where staff named no reason.
NO_REASON = "none"
# Parts of one whole that do not overlap: what is in none of them follows from all together.
_APART = (
    ("resp_due", ("resp_in_standard", "resp_paused", "resp_missed")),
    ("open_end", tuple(column.name for column in COLUMNS if column.name.startswith("open_") and column.whole)),
    ("open_end", ("overdue_end", "paused_end")),
)
# Columns of reasons whose sum is a part of another column.
_WITHIN = {"opinions": "feedback_replies", "satisfaction": "feedback_replies"}
# Who speaks a language is known by it: that nobody does in a line is hidden, too.
_HIDES_NOBODY = frozenset({"languages"})
# What every reader looks for first is hidden last; the reasons of a count are hidden before the count.
_FIRST_LOOKS = frozenset({"received", "ack_due", "ack_in_standard", "resp_due", "resp_in_standard"})
_REASONS = tuple(column.name for column in COLUMNS if column.sort is Sort.REASONS)
_WHOLES_OF_REASONS = tuple(
    (column.name, column.whole or _WITHIN[column.name])
    for column in COLUMNS
    if column.sort is Sort.REASONS and (column.whole or column.name in _WITHIN)
)
_PARTS = tuple((column.whole, (column.name,)) for column in COLUMNS if column.whole and column.sort is Sort.COUNT)


@dataclass(slots=True)
class Entry:
    """One line of one or several tables, with the number in the grid of each of its counts."""

    names: Names
    figures: Figures
    counts: dict[Count, int]
    cells: dict[Count, int] = field(default_factory=dict)

    @property
    def cuts(self) -> frozenset[str]:
        """By what the line is cut."""
        return frozenset(name for name, _ in self.names)


def key(names: Mapping[str, str]) -> Names:
    """Return the names of a line as they are looked up."""
    return tuple(sorted(names.items()))


def lay_out(grid: Grid, tables: Sequence[Cut], earlier: Sequence[Table]) -> dict[Names, Entry]:
    """Add every line once, in the order of the names, so that the order of the tables does not matter."""
    lines = {key(names): figures for table, _ in tables for names, figures in table}
    entries = {names: Entry(names, lines[names], _counts(lines[names])) for names in sorted(lines)}
    _name_nobody(entries.values())
    veils = _veils(earlier)
    for twins in _twins(entries.values()):
        _fill(grid, twins, {count for entry in twins for count in veils.get(entry.names, ())})
    _bind_lines(grid, entries.values())
    return entries


def _counts(figures: Figures) -> dict[Count, int]:
    counts: dict[Count, int] = {}
    for column in COLUMNS:
        value = column.value(figures) if column.value is not None else None
        if isinstance(value, int):
            counts[column.name, ""] = value
        elif isinstance(value, Mapping):
            counts[column.name, ""] = sum(value.values())
            reasons = sorted((reason or NO_REASON, count) for reason, count in value.items() if count)
            counts.update({(column.name, reason): count for reason, count in reasons})
    return counts


def _name_nobody(entries: Iterable[Entry]) -> None:
    """Let each line name every language that any line names."""
    counts = sorted({count for entry in entries for count in entry.counts if count[0] in _HIDES_NOBODY})
    for entry in entries:
        entry.counts.update({count: entry.counts.get(count, 0) for count in counts})


def _veils(earlier: Sequence[Table]) -> dict[Names, set[Count]]:
    """Return the counts that an earlier table hides, by line."""
    veils: dict[Names, set[Count]] = {}
    for table in earlier:
        for row in table.rows:
            hidden_counts = (count for name, value in row.values.items() for count in _hidden_counts(name, value))
            veils.setdefault(key(row.names), set()).update(hidden_counts)
    return veils


def _hidden_counts(name: str, value: Value) -> Iterable[Count]:
    if value in (HIDDEN, SMALL):
        yield name, ""
    elif isinstance(value, str):
        items = (item.partition("=") for item in value.split("; "))
        yield from ((name, reason) for reason, _, count in items if count in (HIDDEN, SMALL))


def _twins(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Return the lines by what cannot be told apart, one of each cut at most: a standard and its only kind."""
    alike: dict[tuple[tuple[Count, int], ...], list[Entry]] = {}
    for entry in entries:
        alike.setdefault(tuple(sorted(entry.counts.items())), []).append(entry)
    twins: list[list[Entry]] = []
    for group in alike.values():
        is_of_one = len({entry.cuts for entry in group}) == len(group) and any(group[0].counts.values())
        twins += [group] if is_of_one else [[entry] for entry in group]
    return twins


def _fill(grid: Grid, twins: Sequence[Entry], veil: set[Count]) -> None:
    """Add the counts of a line, and bind its columns."""
    counts = twins[0].counts
    weight = sum(counts.values())
    cells = {}
    for (name, reason), count in counts.items():
        is_veiled = (name, reason) in veil and not (name in _REASONS and not reason)
        hides_nobody = bool(name in _HIDES_NOBODY and reason and counts["received", ""])
        cost = (weight * 1000 + min(count, 999)) * _worth(name, reason)
        cells[name, reason] = grid.add(
            count,
            cost,
            State.VAGUE if is_veiled else State.PLAIN,
            lowest=0 if hides_nobody else 1,
        )
    for entry in twins:
        entry.cells = cells
    _bind_parts(grid, counts, cells)


def _worth(name: str, reason: str) -> int:
    if reason or name in _REASONS:
        return 1
    return 400 if name in _FIRST_LOOKS else 100


def _bind_parts(grid: Grid, counts: Mapping[Count, int], cells: Mapping[Count, int]) -> None:
    """Bind the columns of one line: a whole is its parts and what remains; reasons add up to their sum."""
    families = [*_PARTS, *_APART, *((whole, (name,)) for name, whole in _WHOLES_OF_REASONS if counts[name, ""])]
    for whole, parts in families:
        remainder = counts[whole, ""] - sum(counts[part, ""] for part in parts)
        if remainder < 0:
            continue
        members = [cells[part, ""] for part in parts]
        if remainder or len(members) == 1:
            members.append(grid.add(remainder, 0, State.REMAINDER))
        grid.bind(cells[whole, ""], members)
    for name in _REASONS:
        grid.bind(cells[name, ""], [cell for count, cell in cells.items() if count[0] == name and count[1]])


def _bind_lines(grid: Grid, entries: Iterable[Entry]) -> None:
    """Bind each line to those that are cut one step finer."""
    lines: dict[frozenset[str], list[Entry]] = {}
    for entry in entries:
        lines.setdefault(entry.cuts, []).append(entry)
    for coarse, fine in _steps(set(lines)):
        for whole in lines[coarse]:
            _bind_line(grid, whole, [line for line in lines[fine] if set(whole.names) <= set(line.names)])


def _steps(cuts: set[frozenset[str]]) -> Iterable[tuple[frozenset[str], frozenset[str]]]:
    """Give each cut with those that are finer and have none between, always in the same order."""
    for coarse, fine in itertools.product(sorted(cuts, key=sorted), repeat=2):
        if coarse < fine and not any(coarse < between < fine for between in cuts):
            yield coarse, fine


def _bind_line(grid: Grid, whole: Entry, lines: Sequence[Entry]) -> None:
    for count, cell in whole.cells.items():
        grid.bind(cell, [line.cells[count] for line in lines if count in line.cells])
