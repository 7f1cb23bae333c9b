"""A report as it is shown and published: protected numbers only, and everything that says how they were counted.

The same values stand in the table, the CSV, the JSON, the page and the PDF; no other number of a report leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# A number; "<5" for one that is not shown as it is too small, "" for one that would give such a number away or that is
# no figure.
Value = int | float | str
HIDDEN, SMALL = "", "<5"
LEAST = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is about ("" for everything, by the names of `measures.CUTS`), and its values by column.

    `at_least` names the columns whose value contacts that are open can only raise.
    """

    names: Mapping[str, str]
    values: Mapping[str, Value]
    at_least: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Lines that are cut in the same way (`cuts`), the whole first."""

    cuts: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """One standard in words, its line of the period, and that of the period before (None: there is none to compare)."""

    standard: str
    version: str
    title: str
    words: str
    row: Row
    before: Row | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """A report of a period. Days are ISO dates, instants ISO times with their offset; `cut_off` is an event's number.

    `before` is the whole of the period before. `tables` are by name: each single cut, and others that a page needs.
    `calendars` has the version of each calendar by its key, `since` the day from which a figure is recorded, by column;
    `improvements` what was published as "you said, we did" in the period, as (day, problem, remedy). `titles` are what
    names were called at that time, by cut and name.
    """

    organisation: str
    first_day: str
    last_day: str
    cut_off: int
    known_at: str
    definitions: int
    whole: Row
    before: Row | None = None
    promises: tuple[Promise, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    improvements: tuple[tuple[str, str, str], ...] = ()
