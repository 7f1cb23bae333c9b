"""Small numbers: somebody who solves the equations does not come by one."""

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence

from bot.core.disclosure import difference, protect_beside, protect_together
from bot.core.measures import Figures, Quantile
from bot.core.publications import Row, Table, Value
from tests.core.attacker import AT_LEAST, COUNTS, REASONS, Attacker, Cell

Counts = dict[str, int]
Lines = dict[tuple[tuple[str, str], ...], Counts]
WAYS = ("robot", "list", "own")


def test_no_hidden_count_of_one_table_can_be_worked_out() -> None:
    """Of invented tables of up to six lines not one hidden count has a single possible value."""
    chance = random.Random(25)
    for _ in range(80):
        lines = _invented(chance, {"service": chance.randint(1, 6)})
        assert not _attack({"q": lines}, protect_together([_cut(lines, ("service",))]))


def test_no_hidden_count_of_several_tables_can_be_worked_out() -> None:
    """Tables by service, by channel and by both, side by side, do not give away what each of them hides."""
    chance = random.Random(26)
    for _ in range(2):
        lines = _invented(chance, {"service": 3, "channel": 2})
        cuts = [_cut(lines, ("service",)), _cut(lines, ("channel",)), _cut(lines, ("service", "channel"))]
        assert not _attack({"q": lines}, protect_together(cuts))


def test_no_hidden_count_of_a_quarter_follows_from_the_year() -> None:
    """A year beside its four quarters, and so any change from one to the next, gives no hidden count away."""
    chance = random.Random(27)
    for _ in range(3):
        quarters = {f"q{n}": _invented(chance, {"service": 2}) for n in range(4)}
        year = {line: _sum(quarter[line] for quarter in quarters.values()) for line in quarters["q0"]}
        tables = [protect_together([_cut(lines, ("service",))]) for lines in quarters.values()]
        yearly = protect_beside([table for part in tables for table in part], [_cut(year, ("service",))])
        assert not _attack({**quarters, "year": year}, *tables, yearly)


def test_the_attack_wins_where_only_small_counts_are_hidden() -> None:
    """Who hides small counts alone is found out in more than half of the tables, by the whole less the others."""
    chance = random.Random(28)
    tables = [_invented(chance, {"service": chance.randint(2, 6)}) for _ in range(40)]
    wins = [bool(_attack({"q": lines}, [_naive(lines)])) for lines in tables]
    assert sum(wins) > len(wins) / 2


def test_the_attack_wins_where_a_year_is_protected_alone() -> None:
    """A year that does not regard its quarters gives away a small count of one of them."""
    few, many, a, b = _steady(3), _steady(30), _name("a"), _name("b")
    quarters = {f"q{n}": {a: few if n == 0 else many, b: many} for n in range(4)}
    year = {line: _sum(quarter[line] for quarter in quarters.values()) for line in quarters["q0"]}
    tables = [protect_together([_cut(lines, ("service",))]) for lines in [*quarters.values(), year]]
    quarters["year"] = year
    certain = _attack(quarters, *tables)
    assert certain["q0", a, "received", ""] == 3


def test_one_more_contact_changes_what_is_shown_by_one() -> None:
    """A count that is shown before and after one more contact came in is the same or one higher."""
    chance = random.Random(29)
    for _ in range(20):
        lines = _invented(chance, {"service": 5})
        more = {line: _sum([counts, _steady(int(n == 2))]) for n, (line, counts) in enumerate(lines.items())}
        before, after = (protect_together([_cut(table, ("service",))])[0] for table in (lines, more))
        steps = {
            difference(row.values[column], after_row.values[column])
            for row, after_row in zip(before.rows, after.rows, strict=True)
            for column in COUNTS
        }
        assert steps <= {"", 0, 1}


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    """Tables without a count or a remainder of 1 to 4 are shown whole."""
    chance = random.Random(30)
    for _ in range(50):
        lines = {line: {name: 6 * count for name, count in counts.items()} for line, counts in _few(chance).items()}
        values = [row.values for row in protect_together([_cut(lines, ("service",))])[0].rows]
        assert all(isinstance(value[column], int) for value in values for column in COUNTS)


def _few(chance: random.Random) -> Lines:
    return _invented(chance, {"service": 5})


def _steady(count: int) -> Counts:
    """Return a line in which everything came, and was answered in time."""
    counts = dict.fromkeys(("received", "ack_due", "ack_in_standard", "resp_due", "resp_in_standard"), count)
    return counts | dict.fromkeys(("resp_paused", "overdue_end", *(f"age-{n}" for n in range(4)), *WAYS), 0)


def _name(service: str) -> tuple[tuple[str, str], ...]:
    return (("service", service),)


def _naive(lines: Lines) -> Table:
    """Return a table in which nothing is hidden but small counts."""
    table, cuts = _cut(lines, ("service",))
    rows = []
    for names, _ in table:
        counts = _sum(counts for line, counts in lines.items() if set(names.items()) <= set(line))
        values: dict[str, Value] = {name: "<5" if 0 < n < 5 else n for name, n in _values(counts).items()}
        reasons = "; ".join(f"{way}={'<5' if counts[way] < 5 else counts[way]}" for way in WAYS if counts[way])
        rows.append(Row(names, values | {REASONS: reasons, "median_resp_wd": "", "ack_pct": "", "resp_pct": ""}))
    return Table(cuts, tuple(rows))


def _invented(chance: random.Random, cuts: Mapping[str, int]) -> Lines:
    """Return the finest lines of a period; most are small, some are nobody."""
    names = itertools.product(*(tuple((cut, f"{cut}-{n}") for n in range(count)) for cut, count in cuts.items()))
    return {line: _line(chance) for line in names}


def _line(chance: random.Random) -> Counts:
    received = chance.choice((0, chance.randint(0, 6), chance.randint(3, 15), chance.randint(10, 200)))
    counts = {"received": received, "ack_due": max(0, received - chance.choice((0, 0, 0, 1, 2)))}
    counts["ack_in_standard"] = max(0, counts["ack_due"] - chance.choice((0, 0, 1, 3, 6, 20)))
    counts["resp_due"] = counts["ack_due"]
    counts["resp_paused"] = min(counts["resp_due"], chance.choice((0, 0, 0, 1, 5)))
    counts["resp_in_standard"] = chance.randint(0, counts["resp_due"] - counts["resp_paused"])
    counts |= {f"age-{n}": chance.choice((0, 0, 1, 3, 8)) for n in range(4)}
    counts["overdue_end"] = chance.randint(0, sum(counts[f"age-{n}"] for n in range(4)))
    return counts | {way: chance.choice((0, 0, 1, 2, 5, 30)) for way in WAYS}


def _sum(lines: Iterable[Counts]) -> Counts:
    total: Counts = {}
    for counts in lines:
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _figures(counts: Counts) -> Figures:
    ages = tuple(counts[f"age-{n}"] for n in range(4))
    return Figures(
        arrivals=counts["received"],
        acknowledge_due=counts["ack_due"],
        acknowledge_in_time=counts["ack_in_standard"],
        respond_due=counts["resp_due"],
        respond_in_time=counts["resp_in_standard"],
        respond_paused=counts["resp_paused"],
        respond_median=Quantile(2.0),
        open=sum(ages),
        overdue=counts["overdue_end"],
        open_by_age=ages,
        not_owed={way: counts[way] for way in WAYS},
    )


def _cut(lines: Lines, cuts: tuple[str, ...]) -> tuple[list[tuple[dict[str, str], Figures]], tuple[str, ...]]:
    """Return the lines of one table, cut by fewer than they could be, the whole first."""
    groups: dict[tuple[tuple[str, str], ...], list[Counts]] = {}
    for names, counts in lines.items():
        groups.setdefault(tuple(name for name in names if name[0] in cuts), []).append(counts)
    whole: tuple[dict[str, str], Figures] = ({}, _figures(_sum(lines.values())))
    return [whole, *((dict(names), _figures(_sum(group))) for names, group in groups.items())], cuts


def _truth(period: str, lines: Lines, tables: Sequence[Table]) -> dict[Cell, int]:
    """Return what stands behind each cell, and what remains of a whole where that is small."""
    truth: dict[Cell, int] = {}
    for row in (row for table in tables for row in table.rows):
        names = tuple(sorted(row.names.items()))
        counts = _sum(counts for line, counts in lines.items() if set(names) <= set(line))
        values = _values(counts)
        truth.update({(period, names, column, ""): values[column] for column in COUNTS})
        truth.update({(period, names, REASONS, way): counts[way] for way in WAYS})
        for whole, parts in AT_LEAST:
            remainder = values[whole] - sum(values[part] for part in parts)
            if 0 < remainder < 5:
                truth[period, names, whole, "+".join(parts)] = remainder
    return truth


def _values(counts: Counts) -> Counts:
    bands = ("open_0_to_5_wd", "open_6_to_10_wd", "open_11_to_20_wd", "open_21_wd_or_more")
    values = {column: counts.get(column, 0) for column in COUNTS}
    values |= {band: counts[f"age-{n}"] for n, band in enumerate(bands)}
    values["open_end"] = sum(values[band] for band in bands)
    values["resp_missed"] = counts["resp_due"] - counts["resp_in_standard"] - counts["resp_paused"]
    return values


def _attack(lines: Mapping[str, Lines], *published: Sequence[Table]) -> dict[Cell, int]:
    """Return what a reader works out of the tables of each period, in the order of the periods."""
    truth = {
        cell: count
        for (period, cells), tables in zip(lines.items(), published, strict=True)
        for cell, count in _truth(period, cells, tables).items()
    }
    # Who knows that "" is never 1 to 4 knows more; where it is for once, they would be misled.
    attacker = Attacker(is_sharp=len(lines) == 1 and not _has_vague(truth, lines, published))
    for period, tables in zip(lines, published, strict=True):
        attacker.read(period, [(row.names, row.values) for table in tables for row in table.rows])
    _relate_periods(attacker, lines)
    # What a year hides and its quarters show is no secret.
    for cell in [cell for cell in truth if cell[0] == "year" and cell in attacker.bounds]:
        if not any((quarter, *cell[1:]) in attacker.bounds for quarter in lines if quarter != "year"):
            del truth[cell]
    certain = attacker.work_out(truth)
    assert all(truth[cell] == count for cell, count in certain.items())
    return certain


def _has_vague(truth: Mapping[Cell, int], lines: Iterable[str], published: Sequence[Sequence[Table]]) -> bool:
    return any(
        value == "" and 0 < truth.get((period, tuple(sorted(row.names.items())), column, ""), 0) < 5
        for period, tables in zip(lines, published, strict=True)
        for table in tables
        for row in table.rows
        for column, value in row.values.items()
    )


def _relate_periods(attacker: Attacker, lines: Mapping[str, Lines]) -> None:
    quarters = [period for period in lines if period != "year"]
    for period, names, column, reason in [*attacker.bounds, *attacker.shown]:
        if period == "year" and "+" not in reason:
            parts = [(quarter, names, column, reason) for quarter in quarters]
            attacker.add_up((period, names, column, reason), parts)
