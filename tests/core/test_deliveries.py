"""The life of a delivery: growing pauses, an end, and no way back from an end."""

from datetime import timedelta

from bot.core.deliveries import (
    FULL_PAUSE,
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    MOST_UNCERTAIN,
    MOVES,
    WAITING,
    Failure,
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
    assert after_failure(Failure.FINAL, 1, timedelta(0)) == (State.PERMANENT_FAILURE, None)


def test_after_three_days_a_person_must_know() -> None:
    """A delivery that fails for days ends as a technical failure; before that it waits for its next attempt."""
    assert after_failure(Failure.PASSING, 1, timedelta(0)) == (State.TEMPORARY_FAILURE, timedelta(seconds=5))
    assert after_failure(Failure.PASSING, 90, GIVE_UP_AFTER) == (State.TECHNICAL_FAILURE, None)


def test_what_staff_must_put_right_costs_no_message_its_place() -> None:
    """However long a quota or a wrong password lasts, nothing is given up for it."""
    for attempts in (1, 10, 1000):
        state, pause = after_failure(Failure.STAFF_MUST_ACT, attempts, 10 * GIVE_UP_AFTER)
        assert (state, pause) == (State.TEMPORARY_FAILURE, pause_before_retry(attempts))


def test_a_full_mailbox_is_tried_once_more_hours_later() -> None:
    """The first time it waits, also after other troubles; hours later it is for staff."""
    waits = (State.TEMPORARY_FAILURE, FULL_PAUSE)
    assert after_failure(Failure.MAILBOX_FULL, 1, timedelta(0)) == waits
    assert after_failure(Failure.MAILBOX_FULL, 1, timedelta(days=1)) == waits
    assert after_failure(Failure.MAILBOX_FULL, 3, timedelta(minutes=1)) == waits
    assert after_failure(Failure.MAILBOX_FULL, 2, FULL_PAUSE) == (State.PERMANENT_FAILURE, None)


def test_what_may_have_been_taken_is_repeated_a_few_times() -> None:
    """At growing intervals, so often and no more: each repeat may be one more copy for the person."""
    results = [after_failure(Failure.UNCERTAIN, n + 1, timedelta(0), n) for n in range(MOST_UNCERTAIN)]
    assert [state for state, _ in results[:-1]] == [State.TEMPORARY_FAILURE] * (MOST_UNCERTAIN - 1)
    pauses = [pause for _, pause in results[:-1] if pause]
    assert pauses == sorted(set(pauses))
    assert results[-1] == (State.TECHNICAL_FAILURE, None)
    assert after_failure(Failure.UNCERTAIN, 50, timedelta(0), 0)[0] is State.TEMPORARY_FAILURE


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
