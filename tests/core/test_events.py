"""The vocabulary of the history."""

from itertools import product

import pytest

from bot.core import histories
from bot.core.deliveries import Purpose, State
from bot.core.events import EventKind


def test_what_happens_to_a_clock_is_an_event_of_the_same_name() -> None:
    """A clock is computed from the events that bear these names."""
    assert {kind.name: kind.value for kind in histories.Kind}.items() <= {k.name: k.value for k in EventKind}.items()


def test_an_attempt_to_reach_a_person_has_an_event_for_every_end() -> None:
    """Both for who wrote and for staff who are alerted; only staff's address is never refused for good."""
    ends = (State.SENT, State.TEMPORARY_FAILURE, State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE)
    people = (Purpose.ACKNOWLEDGEMENT, Purpose.NEW_DATE, Purpose.ADDED, Purpose.PROGRESS, Purpose.CLOSING)
    of_people = {EventKind(" ".join(pair)) for pair in product(people, ends)}
    staffs = (Purpose.ALERT, Purpose.URGENT)
    of_staff = {EventKind(" ".join(pair)) for pair in product(staffs, ends) if pair[1] != State.PERMANENT_FAILURE}
    assert (len(of_people), len(of_staff)) == (20, 6)
    with pytest.raises(ValueError, match="alert permanent-failure"):
        EventKind(f"{Purpose.ALERT} {State.PERMANENT_FAILURE}")
