"""A report for a terminal: aligned, within a hundred columns, and below it what each number counts."""

import textwrap
from collections.abc import Iterable, Sequence

from bot.core.figure_words import WORDS
from bot.core.publications import Row, Table
from bot.core.report_columns import COLUMNS
from bot.render.report_words import in_words

_WIDTH = 100
# Where a report is cut, as many columns as a line has room for, with a name for its head.
_HEADS = {
    "received": "received",
    "ack_pct": "ack %",
    "resp_due": "due",
    "resp_pct": "in time %",
    "resp_missed": "missed",
    "resp_paused": "paused",
    "median_resp_wd": "median",
    "open_end": "open",
    "overdue_end": "late",
}
_EVERYTHING, _NOTHING, _NOT_SHOWN = "everything", "none", "-"


def as_text(table: Table) -> str:
    """Return the lines of a table beneath one another; what is not cut has a line for each of its figures."""
    lines = list(_cells(table) if table.cuts else _figures(table.rows[0]))
    columns = list(_HEADS) if table.cuts else [column.name for column in COLUMNS]
    return "\n".join([*lines, "", *_meanings(columns, table.cuts)]) + "\n"


def _figures(row: Row) -> Iterable[str]:
    width = max(len(column.title) for column in COLUMNS)
    for column in COLUMNS:
        value = in_words(row, column.name) or _NOTHING
        first, *more = textwrap.wrap(value, _WIDTH - width - 2) or [""]
        yield f"{column.title:<{width}}  {first}"
        yield from (f"{'':<{width}}  {line}" for line in more)


def _cells(table: Table) -> Iterable[str]:
    rows = [[*table.cuts, *_HEADS.values()]]
    rows += [
        [*_names(row, table.cuts, place), *(_cell(row, name) for name in _HEADS)]
        for place, row in enumerate(table.rows)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [_aligned(text, place, widths, len(table.cuts)) for place, text in enumerate(row)]
        yield "  ".join(cells).rstrip()


def _names(row: Row, cuts: Sequence[str], place: int) -> list[str]:
    if place == 0:
        return [_EVERYTHING, *[""] * (len(cuts) - 1)]
    return [row.names.get(cut, "") or _NOTHING for cut in cuts]


def _cell(row: Row, name: str) -> str:
    value = row.values.get(name, "")
    return f"{'>=' if name in row.at_least else ''}{value}" if value != "" else _NOT_SHOWN


def _aligned(text: str, place: int, widths: Sequence[int], names: int) -> str:
    return text.ljust(widths[place]) if place < names else text.rjust(widths[place])


def _meanings(names: Iterable[str], cuts: Sequence[str]) -> Iterable[str]:
    """Return what each of these columns counts, as it stands in the documents."""
    titles = {column.name: column.title for column in COLUMNS}
    yield "What is counted (times are in working days):"
    for name in names:
        head = _HEADS[name] if cuts else titles[name]
        yield from textwrap.wrap(f"{head}: {WORDS[name]}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
    if cuts:
        yield f"  <5 is 1 to 4; {_NOT_SHOWN} is a number that is not shown, or of which there is none; >= is at least."
