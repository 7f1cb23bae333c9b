"""Whether so few messages are a sign of trouble."""

import pytest

from bot.core import silence


def test_the_usual_is_the_median() -> None:
    """One week of many, or a bank holiday, changes little."""
    assert silence.usual([6, 8, 60, 0]) == 7


@pytest.mark.parametrize(
    ("today", "usual", "unusual"),
    [(0, 5, True), (0, 4, False), (1, 9, False), (1, 10, True), (2, 10, False), (19, 100, True), (20, 100, False)],
)
def test_few_are_strange_only_where_many_are_usual(today: int, usual: float, *, unusual: bool) -> None:
    """None where five are usual, or less than a fifth of ten or more."""
    assert silence.is_unusual(today, usual) is unusual
