"""The life of a delivery: growing pauses, an end, and no way back from an end."""

from datetime import timedelta

from bot.core.deliveries import (
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    MOVES,
    WAITING,
    State,
    after_failure,
    pause_before_retry,
    sources_of,
)


def test_pauses_grow_up_to_an_hour() -> None:
    """Each pause is at least as long as the one before; none is longer than an hour."""
    pauses = [pause_before_retry(attempts) for attempts in range(1, 200)]
    assert pauses[:4] == [timedelta(seconds=s) for s in (5, 15, 45, 135)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_a_permanent_failure_is_final() -> None:
    """What the other side will never take is not tried again."""
    assert after_failure(1, timedelta(0), permanent=True) == (State.PERMANENT_FAILURE, None)


def test_after_three_days_a_person_must_know() -> None:
    """A delivery that fails for days ends as a technical failure; before that it waits for its next attempt."""
    assert after_failure(1, timedelta(0), permanent=False) == (State.TEMPORARY_FAILURE, timedelta(seconds=5))
    assert after_failure(90, GIVE_UP_AFTER, permanent=False) == (State.TECHNICAL_FAILURE, None)


def test_every_state_has_its_moves_and_can_be_reached() -> None:
    """The table names every state, and each follows from `created`."""
    assert set(MOVES) == set(State)
    reached = {State.CREATED}
    while more := {move for state in reached for move in MOVES[state]} - reached:
        reached |= more
    assert reached == set(State)


def test_from_an_end_there_is_no_way_but_that_it_had_left() -> None:
    """Nothing is tried again that was given up, cancelled or has left; what has left may come back."""
    ends = (State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE, State.CANCELLED)
    assert {move for state in ends for move in MOVES[state]} == {State.SENT}
    assert sources_of(State.SENDING) == set(WAITING)
    assert State.SENT not in sources_of(State.CREATED) | sources_of(State.CANCELLED) | sources_of(State.SENDING)
