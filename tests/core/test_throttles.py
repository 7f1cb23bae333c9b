"""A bucket empties with use and fills with time; one instant says how it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.throttles import Limit

NOW = 1_795_000_000.0


def _use(limit: Limit, times: list[float]) -> list[bool]:
    """Whether each of these tries was allowed, one after another."""
    full_at, answers = NOW, []
    for at in times:
        allowance, full_at = limit.ask(full_at, NOW + at)
        answers.append(allowance.is_allowed)
    return answers


def test_so_many_at_once_and_again_over_time() -> None:
    """Three at once; the fourth waits until a third of the time has passed."""
    assert _use(Limit(3, 30), [0, 0, 0, 0, 9.9, 10, 10, 20, 30]) == [*[True] * 3, False, False, True, False, True, True]


def test_looking_uses_nothing_and_what_is_given_back_is_there_again() -> None:
    """With a use of nothing one only asks; a use below nothing never makes more than there was."""
    limit = Limit(1, 60)
    assert limit.ask(NOW, NOW, 0.0)[1] == NOW
    _, full_at = limit.ask(NOW, NOW)
    assert not limit.ask(full_at, NOW, 0.0)[0].is_allowed
    _, full_at = limit.ask(full_at, NOW, -1.0)
    assert limit.ask(full_at, NOW, 0.0)[0].remaining == 1
    assert limit.ask(NOW, NOW, -5.0)[1] == NOW


def test_the_figures_say_how_long_to_wait() -> None:
    """Until the next one, and until all of it is there."""
    limit, full_at = Limit(4, 100), NOW
    for _ in range(3):
        _, full_at = limit.ask(full_at, NOW)
    allowance, _ = limit.ask(full_at, NOW)
    assert (allowance.limit, allowance.remaining, allowance.next_in_seconds) == (4, 0, 26)
    assert allowance.full_in_seconds == 101


@pytest.mark.parametrize("years", [-5, 5])
def test_a_clock_that_was_wrong_closes_nothing_for_longer(years: int) -> None:
    """Whatever instant is stored, the bucket is full again after its time."""
    limit, stored = Limit(3, 30), NOW + years * 31_536_000.0
    assert limit.ask(stored, NOW, 0.0)[1] <= NOW + 30
    assert limit.ask(limit.ask(stored, NOW, 0.0)[1], NOW + 30)[0].remaining == 2


@given(st.lists(st.floats(0, 1_000), max_size=60), st.integers(1, 9))
def test_no_span_has_more_than_its_share(gaps: list[float], count: int) -> None:
    """Within any span of one filling no more are allowed than a full bucket and one filling of it."""
    times, at = [], 0.0
    for gap in gaps:
        at += gap
        times.append(at)
    allowed = [at for at, answer in zip(times, _use(Limit(count, 100), times), strict=True) if answer]
    assert all(sum(start <= at <= start + 100 for at in allowed) <= 2 * count + 1 for start in allowed)
