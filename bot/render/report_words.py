"""The numbers of a publication in words: "812", "fewer than 5", "at least 12 working days", "90 in 100"."""

from enum import StrEnum

from bot.core.publications import HIDDEN, SMALL, Row, Value
from bot.core.report_columns import COLUMNS, Column, Sort

_COLUMNS = {column.name: column for column in COLUMNS}
_NOT_SHOWN, _FEWER, _NONE = "not shown", "fewer than 5", "none"


class Verdict(StrEnum):
    """What a line says of a promise."""

    MISSED = "missed"
    KEPT = "kept"
    # Too few contacts to say it without showing who they are.
    UNCLEAR = "unclear"
    NOTHING_DUE = "nothing due"


def column_of(name: str) -> Column:
    """Return the column of that name."""
    return _COLUMNS[name]


def in_words(row: Row, name: str) -> str:
    """Return the value of a column of a line as it is read."""
    column, value = _COLUMNS[name], row.values.get(name, HIDDEN)
    if value == HIDDEN:
        return _absence(row, column)
    if value == SMALL:
        return _FEWER
    at_least = "at least " if name in row.at_least else ""
    return at_least + _number(column, value)


def _absence(row: Row, column: Column) -> str:
    """Say whether there is nothing to be shown, or whether it would show who somebody is."""
    if column.sort is Sort.REASONS:
        # A reason whose count is hidden still stands there by its name.
        return _NONE
    of = column.whole or column.base
    return _NONE if column.sort is not Sort.COUNT and of and row.values.get(of) == 0 else _NOT_SHOWN


def _number(column: Column, value: Value) -> str:
    if isinstance(value, str):
        return value
    if column.sort is Sort.TIME:
        return "1 working day" if value == 1 else f"{_plain(value)} working days"
    if column.sort is Sort.SHARE:
        return f"{_plain(value)} %"
    return _plain(value)


def _plain(value: int | float) -> str:
    """A number with its thousands apart, without a fraction that is nought."""
    return f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else f"{value:,}"


def number(row: Row, name: str) -> float | None:
    """Return the value of a column for a chart; None where it is not shown."""
    value = row.values.get(name, HIDDEN)
    return None if isinstance(value, str) else float(value)


def of_hundred(share: float) -> int:
    """Return a share as a count of a hundred; nothing but all is 100, nothing but none is 0."""
    count = round(share)
    if count == 100 and share < 100:
        return 99
    return 1 if count == 0 and share > 0 else count


def in_hundred(share: float) -> str:
    """Return a share as "90 in 100"."""
    return f"{of_hundred(share)} in 100"


def change(row: Row, before: Row | None, name: str) -> str:
    """Return how a share compares with the one before, as both are read: "now it is 3 in 100 more", "about the same".

    "" where one of them is not shown.
    """
    now, earlier = number(row, name), number(before, name) if before else None
    if now is None or earlier is None:
        return ""
    difference = of_hundred(now) - of_hundred(earlier)
    if not difference:
        return "the same" if now == earlier else "about the same"
    return f"now it is {abs(difference)} in 100 {'more' if difference > 0 else 'fewer'}"


def verdict(row: Row) -> Verdict:
    """Return whether what was promised in this line was kept every time."""
    counts = [row.values.get(name, HIDDEN) for name in ("ack_due", "resp_due")]
    if counts == [0, 0]:
        return Verdict.NOTHING_DUE
    marks = {_verdict(row, "ack_due", _late_acknowledgements(row)), _verdict(row, "resp_due", _late_answers(row))}
    order = (Verdict.MISSED, Verdict.UNCLEAR, Verdict.KEPT)
    return next(mark for mark in order if mark in marks)


def _verdict(row: Row, due: str, late: Value) -> Verdict:
    if row.values.get(due) == 0:
        return Verdict.NOTHING_DUE
    if late == HIDDEN:
        return Verdict.UNCLEAR
    return Verdict.KEPT if late == 0 else Verdict.MISSED


def _late_answers(row: Row) -> Value:
    """How many answers were missed: also where only their count is too small to be shown, some were."""
    return row.values.get("resp_missed", HIDDEN)


def _late_acknowledgements(row: Row) -> Value:
    due, in_time = (row.values.get(name, HIDDEN) for name in ("ack_due", "ack_in_standard"))
    if isinstance(due, str) or isinstance(in_time, str):
        return HIDDEN
    return due - in_time


def reasons(row: Row, name: str) -> list[tuple[str, Value]]:
    """Return the counts of a column by their reasons, as `volume=12; absence=<5` says them, in its order."""
    text = row.values.get(name, HIDDEN)
    pairs = (part.strip().rpartition("=") for part in str(text).split(";") if part)
    return [(reason, int(count) if count.isdigit() else count) for reason, _, count in pairs]
