"""A report as CSV (RFC 4180) and as JSON, one object a line: the same values in the same order, and the same bytes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.core.measures import CUTS, standard_of
from bot.core.publications import HIDDEN, SMALL, Row, Table, Value
from bot.core.report_columns import AFTER, COLUMNS, NAMES, PERIOD, Column, Sort
from bot.wire import spreadsheets

HEADER = (*PERIOD, *NAMES, *(column.name for column in COLUMNS), *AFTER)
# What a line is about that is about nothing of that sort: the whole has an empty name there.
NOTHING = "none"

# What is counted of the reading of channels, beside the figures of contacts.
COVERAGE_WORDS = {
    "coverage_gaps": "how often a channel was not read as it should be",
    "late_finds": "messages that only the comparing with the channel's own list brought in",
    "suppressions": "addresses that get nothing automatic any more",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """How the numbers of a table were counted: in which days, up to which event and instant, by which definitions.

    Days are ISO dates, the instant an ISO time with its offset. `since` has the day from which a column is recorded.
    `coverage` has counts of the reading of all channels, by what they count and of what (`COVERAGE_WORDS`).
    """

    first_day: str
    last_day: str
    cut_off: int
    known_at: str
    definitions: int
    since: Mapping[str, str] = field(default_factory=dict)
    coverage: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def coverage_texts(self) -> dict[str, str]:
        """The counts of the reading, each in one text; what there is none of is left out."""
        return {
            name: ", ".join(f"{of}={count}" for of, count in sorted(counts.items()))
            for name, counts in self.coverage.items()
            if counts
        }

    @property
    def gaps(self) -> tuple[str, ...]:
        """Which columns are recorded only since a day, in words."""
        days = sorted({day for day in self.since.values() if day})
        columns = {
            day: ", ".join(name for name in sorted(self.since) if self.since[name] == day) for day in (*days, "")
        }
        return tuple(
            f"{f'recorded since {day}' if day else 'not recorded by then'}: {names}"
            for day, names in columns.items()
            if names
        )


def as_csv(table: Table, origin: Origin) -> str:
    """Return the table as CSV with a header; the whole is the first line."""
    return spreadsheets.text(HEADER, (map(str, line.values()) for line in objects(table, origin)))


def as_json(table: Table, origin: Origin) -> str:
    """Return the table as one JSON object a line; the whole is the first."""
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in objects(table, origin))


def objects(table: Table, origin: Origin) -> Iterator[dict[str, Value]]:
    """Return the lines of a table by the names of their columns, in the order of these."""
    for place, row in enumerate(table.rows):
        names = {cut: row.names.get(cut, "") or (NOTHING if cut in row.names else "") for cut in CUTS}
        standard, version = standard_of(names.pop("standard"))
        team = names.pop("team")
        yield {
            **dict(zip(PERIOD, (origin.first_day, origin.last_day), strict=True)),
            **dict(zip(NAMES, (*names.values(), standard, version), strict=True)),
            **{column.name: row.values.get(column.name, HIDDEN) for column in COLUMNS},
            **dict(zip(AFTER, (team, origin.definitions, origin.cut_off, _note(row, origin, place)), strict=True)),
        }


def _note(row: Row, origin: Origin, place: int) -> str:
    """Return what the numbers of a line do not say: `c` where some are hidden, and which can only become longer."""
    words = ["c"] if any(_hides(column, row.values.get(column.name, 0)) for column in COLUMNS) else []
    words += [f"at least: {', '.join(row.at_least)}"] if row.at_least else []
    if place == 0:
        words += [f"known at {origin.known_at}", *origin.gaps]
        words += [f"{name}: {text}" for name, text in origin.coverage_texts.items()]
    return "; ".join(words)


def _hides(column: Column, value: Value) -> bool:
    """Tell whether a count is not shown; what rests on counts is not shown with them, or where there is none."""
    if column.sort is Sort.REASONS and isinstance(value, str):
        return any(item.partition("=")[2] in (SMALL, HIDDEN) for item in value.split("; ") if item)
    return column.sort is Sort.COUNT and isinstance(value, str)
