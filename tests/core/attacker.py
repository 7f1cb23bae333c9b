"""Somebody who has everything that was published, knows how it adds up, and tries to work out what is hidden.

Written without the code that protects: it sees rows as they stand in the file, and names and columns. Three attacks,
each stronger than the one before: bounds that narrow one another, every linear combination, and a search for a second
truth, which is won where there is none.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

# A cell of a period: its period, the names of its line, its column, and the reason within it.
Cell = tuple[str, tuple[tuple[str, str], ...], str, str]
Bounds = tuple[int, int]
Equation = tuple[dict[Cell, int], int]
Row = tuple[dict[Cell, Fraction], Fraction]
Published = tuple[Mapping[str, str], Mapping[str, object]]

MANY = 100_000
# What is known of the columns: a whole is at least the sum of its parts, or exactly that.
Family = tuple[str, tuple[str, ...]]
AT_LEAST: tuple[Family, ...] = (("ack_due", ("ack_in_standard",)), ("open_end", ("overdue_end", "paused_end")))
EXACTLY: tuple[Family, ...] = (
    ("resp_due", ("resp_in_standard", "resp_paused", "resp_missed")),
    ("open_end", ("open_0_to_5_wd", "open_6_to_10_wd", "open_11_to_20_wd", "open_21_wd_or_more")),
)
SHARES = (("ack_pct", "ack_in_standard", "ack_due"), ("resp_pct", "resp_in_standard", "resp_due"))
COUNTS = ("received", *dict.fromkeys(c for whole, parts in AT_LEAST + EXACTLY for c in (whole, *parts)))
REASONS = "suppressed_by_reason"


class Contradiction(Exception):
    """What is supposed cannot be."""


class Attacker:
    """Everything that one reader knows; `is_sharp` if they know, too, that "" never stands for 1 to 4."""

    def __init__(self, *, is_sharp: bool = False) -> None:
        self._is_sharp = is_sharp
        self.shown: dict[Cell, int] = {}
        self.bounds: dict[Cell, Bounds] = {}
        self._sharp: set[Cell] = set()
        self._equations: list[Equation] = []
        self._places: dict[Cell, set[int]] = {}
        self._patience = 0

    def read(self, period: str, rows: Sequence[Published]) -> None:
        """Take in the rows of every table of a period."""
        lines = {tuple(sorted(names.items())): values for names, values in rows}
        for names, values in lines.items():
            for column in COUNTS:
                self._note((period, names, column, ""), values[column])
            for reason, text in _reasons(str(values[REASONS])):
                self._note((period, names, REASONS, reason), int(text) if text.isdigit() else text)
            self._relate(period, names, values)
        for whole, parts in _cuts(lines):
            for column, reason in sorted({cell[2:] for cell in self._cells(period)}):
                self.add_up((period, whole, column, reason), [(period, part, column, reason) for part in parts])

    def add_up(self, whole: Cell, parts: Sequence[Cell]) -> None:
        """Know that a whole is the sum of its parts; what is not there is nothing."""
        self._equate([(whole, 1), *((part, -1) for part in parts)])

    def _note(self, cell: Cell, value: object) -> None:
        if isinstance(value, int):
            self.shown[cell] = value
        else:
            self.bounds[cell] = (1, 4) if value == "<5" else (0, MANY)
            if self._is_sharp and value == "":
                self._sharp.add(cell)

    def _relate(self, period: str, names: tuple[tuple[str, str], ...], values: Mapping[str, object]) -> None:
        for whole, parts in EXACTLY:
            self.add_up((period, names, whole, ""), [(period, names, part, "") for part in parts])
        for whole, parts in AT_LEAST:
            spare = (period, names, whole, "+".join(parts))
            self.bounds[spare] = (0, MANY)
            self.add_up((period, names, whole, ""), [spare, *((period, names, part, "") for part in parts)])
        for share, part, whole in SHARES:
            self._use_share(values[share], (period, names, part, ""), (period, names, whole, ""))
        if isinstance(values["median_resp_wd"], float) and (period, names, "received", "") in self.bounds:
            self.bounds[period, names, "received", ""] = (10, MANY)

    def _use_share(self, share: object, part: Cell, whole: Cell) -> None:
        """Narrow the part where a percentage stands beside a hidden part of a shown whole, and the other way round."""
        if not isinstance(share, float):
            return
        low, high = (share - 0.0501) / 100, (share + 0.0501) / 100
        if part in self.bounds and whole in self.shown:
            n = self.shown[whole]
            self.bounds[part] = (max(0, math.ceil(n * low)), math.floor(n * high))
        if whole in self.bounds and part in self.shown and low > 0:
            n = self.shown[part]
            self.bounds[whole] = (math.ceil(n / high), math.floor(n / low))

    def _cells(self, period: str) -> Iterable[Cell]:
        return (cell for cell in (*self.shown, *self.bounds) if cell[0] == period and "+" not in cell[3])

    def _equate(self, terms: Iterable[tuple[Cell, int]]) -> None:
        unknown: dict[Cell, int] = {}
        result = 0
        for cell, factor in terms:
            if cell in self.bounds:
                unknown[cell] = unknown.get(cell, 0) + factor
            else:
                result -= factor * self.shown.get(cell, 0)
        unknown = {cell: factor for cell, factor in unknown.items() if factor}
        if unknown:
            self._equations.append((unknown, result))

    def work_out(self, truth: Mapping[Cell, int]) -> dict[Cell, int]:
        """Return every hidden count with one possible value. The truth only says where to look for another first."""
        bounds = dict(self.bounds)
        self._places = {cell: set() for cell in bounds}
        for place, (terms, _) in enumerate(self._equations):
            for cell in terms:
                self._places[cell].add(place)
        self._narrow(bounds, set(range(len(self._equations))))
        certain = {cell: low for cell, (low, high) in bounds.items() if low == high} | self._combine()
        second: set[Cell] = set()
        for cell in bounds:
            if cell in certain or cell in second or cell not in truth:
                continue
            other = self._another(cell, bounds, truth)
            if other is None:
                certain[cell] = truth[cell]
            else:
                second |= {c for c, value in other.items() if c in truth and value != truth[c]}
        return {cell: value for cell, value in certain.items() if cell in truth}

    def _narrow(self, bounds: dict[Cell, Bounds], waiting: set[int]) -> set[Cell]:
        """Let the bounds of each equation narrow one another until nothing changes; return what became narrower."""
        narrower: set[Cell] = set()
        while waiting:
            terms, result = self._equations[waiting.pop()]
            lowest = sum(f * bounds[c][0 if f > 0 else 1] for c, f in terms.items())
            highest = sum(f * bounds[c][1 if f > 0 else 0] for c, f in terms.items())
            if not lowest <= result <= highest:
                raise Contradiction
            for cell, factor in terms.items():
                low, high = bounds[cell]
                spans = result - highest, result - lowest
                if factor > 0:
                    least, most = max(low, high + spans[0]), min(high, low + spans[1])
                else:
                    least, most = max(low, high - spans[1]), min(high, low - spans[0])
                if cell in self._sharp:
                    least, most = (5 if 0 < least < 5 else least), (0 if most < 5 else most)
                if least > most:
                    raise Contradiction
                if (least, most) != (low, high):
                    bounds[cell] = (least, most)
                    narrower.add(cell)
                    waiting |= self._places[cell]
                    break
        return narrower

    def _combine(self) -> dict[Cell, int]:
        """Return what follows from linear combinations alone, by elimination in exact fractions."""
        reduced: list[tuple[Cell, Row]] = []
        for terms, result in self._equations:
            row: Row = {cell: Fraction(factor) for cell, factor in terms.items()}, Fraction(result)
            for pivot, other in reduced:
                row = _less(row, pivot, other)
            if row[0]:
                first = min(row[0])
                factor = row[0][first]
                unit = {cell: f / factor for cell, f in row[0].items()}, row[1] / factor
                reduced = [(pivot, _less(other, first, unit)) for pivot, other in reduced]
                reduced.append((first, unit))
        return {pivot: int(result) for pivot, (terms, result) in reduced if len(terms) == 1}

    def _another(self, cell: Cell, bounds: Mapping[Cell, Bounds], truth: Mapping[Cell, int]) -> dict[Cell, int] | None:
        """Return another truth in which this cell is different, None if there is none; {} if it takes long."""
        self._patience = 400
        low, high = bounds[cell]
        near = sorted(
            (v for v in range(max(low, truth[cell] - 6), min(high, truth[cell] + 6) + 1)),
            key=lambda v: abs(v - truth[cell]),
        )
        values = [v for v in near if v != truth[cell] and not (cell in self._sharp and 0 < v < 5)]
        for value in values:
            answer = self._suppose(dict(bounds), cell, value, truth)
            if answer is not None:
                return answer
        return None

    def _suppose(
        self, bounds: dict[Cell, Bounds], cell: Cell, value: int, truth: Mapping[Cell, int]
    ) -> dict[Cell, int] | None:
        self._patience -= 1
        if self._patience < 0:
            return {}
        bounds[cell] = (value, value)
        try:
            touched = self._narrow(bounds, set(self._places[cell])) | {cell}
        except Contradiction:
            return None
        loose = self._uneven(bounds, truth)
        if not loose:
            return {
                c: low if low == high else min(max(truth.get(c, low), low), high)
                for c, (low, high) in bounds.items()
                if c in touched or low == high
            }
        choice = min(loose, key=lambda c: (bounds[c][1] - bounds[c][0], c))
        low, high = bounds[choice]
        wish = min(max(truth.get(choice, low), low), high)
        options = sorted(range(max(low, wish - 6), min(high, wish + 6) + 1), key=lambda v: abs(v - wish))
        for option in options:
            if not (choice in self._sharp and 0 < option < 5):
                answer = self._suppose(dict(bounds), choice, option, truth)
                if answer is not None:
                    return answer
        return None

    def _uneven(self, bounds: Mapping[Cell, Bounds], truth: Mapping[Cell, int]) -> list[Cell]:
        """Return the open cells of sums that do not come out yet, if all others are as near to the truth as may be."""
        loose: list[Cell] = []
        for terms, result in self._equations:
            amount = sum(f * min(max(truth.get(c, bounds[c][0]), bounds[c][0]), bounds[c][1]) for c, f in terms.items())
            if amount != result:
                loose += [c for c in terms if bounds[c][0] != bounds[c][1]]
        return loose


def _reasons(text: str) -> Iterable[tuple[str, str]]:
    for item in text.split("; ") if text else ():
        reason, _, count = item.partition("=")
        yield reason, count


def _cuts(
    lines: Iterable[tuple[tuple[str, str], ...]],
) -> Iterable[tuple[tuple[tuple[str, str], ...], list[tuple[tuple[str, str], ...]]]]:
    """Give each line with the lines of every finer cut that lie within it."""
    cuts: dict[tuple[str, ...], list[tuple[tuple[str, str], ...]]] = {}
    for names in lines:
        cuts.setdefault(tuple(cut for cut, _ in names), []).append(names)
    for coarse, wholes in cuts.items():
        for fine, parts in cuts.items():
            if set(coarse) < set(fine):
                yield from ((whole, [part for part in parts if set(whole) <= set(part)]) for whole in wholes)


def _less(row: Row, pivot: Cell, other: Row) -> Row:
    """Take another row off as often as its pivot stands in this one."""
    terms, result = row
    factor = terms.get(pivot)
    if not factor:
        return row
    difference = dict(terms)
    for cell, amount in other[0].items():
        difference[cell] = difference.get(cell, Fraction(0)) - factor * amount
    return {c: f for c, f in difference.items() if f}, result - factor * other[1]
