"""Where the time of an answer goes: each stage by hand, and together never more than the whole."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core import stages
from bot.core.stages import Stages
from tests.core.spelling import ENGLAND, USUAL, answered, at

# Tuesday 1 September 2026, at ten.
DAY = 24 * 3600 * 1_000_000


def test_the_stages_of_an_answer_follow_one_another() -> None:
    """Two working days until somebody looked, three in a pause, and the others with the team: ten in all."""
    pauses = f"[[{at('2026-09-04')}, {at('2026-09-09')}]]"
    time = stages.of(answered("2026-09-15", pauses=pauses), at("2026-09-03"), ENGLAND.number)
    assert time == Stages(first_look=2, team=5, pauses=3, answers=1)
    assert time.total == 10


def test_nobody_looked_before_the_answer() -> None:
    """Then all of it is the wait for a first look, also where the look came after the answer."""
    answer = answered("2026-09-03")
    for look in (None, at("2026-09-04")):
        assert stages.of(answer, look, ENGLAND.number) == Stages(first_look=2, answers=1)


def test_after_an_answer_all_time_is_that_of_the_second_wait() -> None:
    """Whoever wrote again waits again, whatever is done meanwhile."""
    again = answered("2026-09-03", number=1)
    assert stages.of(again, at("2026-09-02"), ENGLAND.number) == Stages(again=2, answers=1)


def test_what_is_not_answered_has_no_stages() -> None:
    """It is not over yet."""
    assert stages.of(USUAL, at("2026-09-02"), ENGLAND.number) == Stages()


def test_stages_add_up() -> None:
    """Of several answers the days of each stage."""
    parts = [Stages(1, 2, 3, 4, answers=1), Stages(1, 1, 1, 1, answers=1)]
    assert stages.together(parts) == Stages(2, 3, 4, 5, answers=2)
    assert stages.together([]).total == 0


@given(st.lists(st.integers(0, 40 * DAY), min_size=4, max_size=4))
def test_the_stages_are_the_whole(moments: list[int]) -> None:
    """Whenever somebody looks or pauses, no stage is negative and their sum is the time to the answer."""
    look, since, until, end = (USUAL.begins_at + moment for moment in moments)
    answer = USUAL._replace(responded_at=end, pauses=f"[[{min(since, until)}, {max(since, until)}]]")
    time = stages.of(answer, look, ENGLAND.number)
    assert min(time.first_look, time.team, time.pauses, time.again) >= 0
    assert time.total == ENGLAND.number(end) - ENGLAND.number(USUAL.begins_at)
