"""Small numbers: what a published table shows and hides."""

from bot.core.disclosure import difference, protect, protect_beside, protect_counts, protect_together
from bot.core.measures import Figures, Quantile
from bot.core.publications import Table


def _arrivals(table: Table) -> list[object]:
    return [row.values["received"] for row in table.rows]


def _table(cut: str, counts: dict[str, int]) -> tuple[list[tuple[dict[str, str], Figures]], tuple[str, ...]]:
    lines: list[tuple[dict[str, str], Figures]] = [({}, Figures(arrivals=sum(counts.values())))]
    lines += [({cut: name}, Figures(arrivals=count)) for name, count in counts.items()]
    return lines, (cut,)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    """Counts of 0, 5 and more are shown as they are."""
    assert _arrivals(protect(*_table("service", {"a": 5, "b": 0, "c": 70}))) == [75, 5, 0, 70]


def test_a_small_count_takes_the_smallest_other_with_it() -> None:
    """Beside a count of 1 to 4 the smallest other is hidden, as the whole less the others would give it away."""
    assert _arrivals(protect(*_table("service", {"a": 3, "b": 0, "c": 70, "d": 9}))) == [82, "<5", 0, 70, ""]


def test_several_small_counts_that_add_up_to_a_small_one_are_not_enough() -> None:
    """Two counts that are 3 together take a third with them, as 3 would be known of both."""
    assert _arrivals(protect(*_table("service", {"a": 1, "b": 2, "c": 70}))) == [73, "<5", "<5", ""]


def test_two_counts_at_their_most_take_another_with_them() -> None:
    """Two small counts that are 8 together are 4 each, so another is hidden."""
    assert _arrivals(protect(*_table("service", {"a": 4, "b": 4, "c": 70}))) == [78, "<5", "<5", ""]


def test_a_part_is_hidden_where_the_others_are_few() -> None:
    """What of a whole is left by a part must not be 1 to 4; its share goes with it."""
    whole = Figures(acknowledge_due=50, acknowledge_in_time=48)
    values = protect([({}, whole)], ()).rows[0].values
    assert (values["ack_due"], values["ack_in_standard"], values["ack_pct"]) == (50, "", "")


def test_a_share_is_shown_where_both_parts_are_large_or_nobody() -> None:
    """A percentage is shown with a part of nobody, of everybody, and of five or more."""
    shares = [
        protect([({}, Figures(acknowledge_due=20, acknowledge_in_time=part))], ()).rows[0].values["ack_pct"]
        for part in (0, 5, 15, 20)
    ]
    assert shares == [0.0, 25.0, 75.0, 100.0]


def test_times_are_shown_from_ten_contacts_on() -> None:
    """A median of nine contacts is not shown; of ten it is, and that it is the least it can be."""
    median = Quantile(2.0, is_at_least=True)
    rows = [protect([({}, Figures(arrivals=n, respond_median=median))], ()).rows[0] for n in (9, 10)]
    assert [(row.values["median_resp_wd"], row.at_least) for row in rows] == [("", ()), (2.0, ("median_resp_wd",))]


def test_a_time_of_few_among_many_is_not_shown() -> None:
    """Of twenty that came nine were answered, the others closed: their median is that of nine."""
    figures = [Figures(arrivals=20, respond_median=Quantile(2.0, times=times)) for times in (9, 10)]
    values = [protect([({}, entry)], ()).rows[0].values["median_resp_wd"] for entry in figures]
    assert values == ["", 2.0]


def test_reasons_are_protected_as_a_line_with_a_known_sum() -> None:
    """A rare reason reads <5, and the rarest other nothing; a reason of nobody is not named."""
    figures = Figures(not_owed={"robot": 12, "list": 3, "own": 0, "bounce": 7})
    values = protect([({}, figures)], ()).rows[0].values
    assert values["suppressed_by_reason"] == "bounce=; list=<5; robot=12"


def test_tables_of_the_same_contacts_hide_the_same() -> None:
    """A kind with one standard of its own is hidden in both tables, or the one would give away what the other hides."""
    kinds, standards = protect_together(
        (
            _table("kind", {"complaint": 3, "foi": 8, "member": 40}),
            _table("standard", {"complaints": 3, "foi-20": 8, "x": 20, "y": 20}),
        )
    )
    assert _arrivals(kinds) == [51, "<5", "", 40]
    assert _arrivals(standards) == [51, "<5", "", 20, 20]


def test_a_year_hides_what_a_quarter_hid() -> None:
    """A year less three quarters would give the fourth, so what one of them hides is not in the year."""
    quarters = [protect(*_table("service", {"a": count, "b": 20, "c": 30})) for count in (3, 30, 30, 30)]
    year = protect_beside(quarters, (_table("service", {"a": 93, "b": 80, "c": 120}),))[0]
    assert _arrivals(year) == [293, "", "", 120]


def test_the_order_of_lines_and_tables_changes_nothing() -> None:
    """The same contacts give the same protected lines, in whatever order they come."""
    counts = {"a": 3, "b": 9, "c": 9, "d": 2, "e": 40}
    forward = protect(*_table("service", counts))
    backward = protect(*_table("service", dict(reversed(counts.items()))))
    assert sorted(map(repr, forward.rows)) == sorted(map(repr, backward.rows))


def test_nobody_beside_one_other_is_hidden_for_needs() -> None:
    """Where nobody is hidden too, a need that nobody has is not told from one that a few have."""
    counts = {"braille": 0, "call": 3, "large-print": 40, "time": 60}
    assert protect_counts(counts, hides_nobody=True) == {"braille": "<5", "call": "<5", "large-print": "", "time": 60}
    assert protect_counts(counts) == {"braille": 0, "call": "<5", "large-print": "", "time": 60}


def test_a_change_is_shown_where_both_figures_are() -> None:
    """The difference of two figures is shown only beside both."""
    assert (difference(80.1, 90.3), difference(9, 7), difference("<5", 7), difference(9, "")) == (10.2, -2, "", "")
