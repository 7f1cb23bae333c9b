"""A limit is sized by what came: neither in the way of people, nor so high that a flood would hardly meet it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.busiest import judge, most_within, suggest

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@given(st.lists(st.integers(0, 600), max_size=60).map(sorted))
def test_the_busiest_minute_is_wherever_it_begins(seconds: list[int]) -> None:
    """Not only by the clock's own minutes; as counted by hand."""
    instants = [NOW + timedelta(seconds=second) for second in seconds]
    by_hand = max((sum(start <= at < start + MINUTE for at in instants) for start in instants), default=0)
    assert most_within(instants, MINUTE) == by_hand


@pytest.mark.parametrize(
    ("limit", "most", "judgement"),
    [
        (0, 5, "off"),
        (120, 0, "good"),
        (120, 60, "good"),
        (119, 60, "too low"),
        (400, 40, "good"),
        (401, 40, "too high"),
    ],
)
def test_a_limit_is_judged_by_the_most_that_came(limit: int, most: int, judgement: str) -> None:
    """Twice as many people as ever must have room, and ten times as many is a flood."""
    assert judge(limit, most, 30) == judgement


@given(st.integers(0, 10_000), st.sampled_from([30, 50]))
def test_what_is_suggested_is_good(most: int, least: int) -> None:
    """Whoever follows the advice is not advised again."""
    assert judge(suggest(most, least), most, least) == "good"
