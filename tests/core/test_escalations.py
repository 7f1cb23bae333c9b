"""The ladder: each step once, only the highest after an outage, and always a next look."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.contacts import Contact
from bot.core.durations import duration
from bot.core.escalations import ACKNOWLEDGE_LADDER, LOOK_AGAIN_AFTER, RESPOND_LADDER, Ladders, Rungs, Step, look, rungs

RECEIVED = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
DUE = RECEIVED + timedelta(days=100)
PATIENCE = timedelta(minutes=15)


def contact(**changes: Any) -> Contact:
    """An open contact that was acknowledged at once and is due in a hundred days."""
    values: dict[str, Any] = dict.fromkeys(Contact.__slots__, None)
    values |= {"received_at": RECEIVED, "acknowledge_by": RECEIVED + timedelta(days=1), "respond_by": DUE}
    values |= {"acknowledged_at": RECEIVED, "acknowledge_step": 0, "respond_step": 0}
    return Contact(**(values | changes))


def ladder(of: Contact) -> Rungs:
    """A plain day is a plain day here: the calendar has its own tests."""

    def instant_of(step: Step) -> datetime:
        return of.received_at + timedelta(days=100 * (step.share or 0.0))

    return rungs(RESPOND_LADDER, instant_of, of.received_at)


def test_each_step_is_taken_once_and_in_order() -> None:
    """Walking through time step by step alerts every rung exactly once."""
    now, one, taken = RECEIVED, contact(), []
    for _ in range(len(RESPOND_LADDER) + 2):
        decision = look(one, now, ladder(one), PATIENCE)
        taken += [step.name for step in decision.alerts]
        one = contact(respond_step=decision.respond_step, acknowledge_step=decision.acknowledge_step)
        now = decision.next_look_at
    assert taken == [step.name for step in RESPOND_LADDER]


def test_after_an_outage_only_the_highest_step_is_alerted() -> None:
    """Three steps fell due while nobody watched: one alert, and the two below are behind us."""
    decision = look(contact(), RECEIVED + timedelta(days=95), ladder(contact()), PATIENCE)
    assert [step.name for step in decision.alerts] == ["respond-90"]
    assert decision.respond_step == 3
    assert decision.next_look_at == DUE


def test_a_receipt_that_does_not_leave_is_alerted() -> None:
    """After fifteen minutes somebody must know; when the promise is missed, again."""
    late = look(contact(acknowledged_at=None), RECEIVED + PATIENCE, ladder(contact()), PATIENCE)
    assert [step.name for step in late.alerts] == ["acknowledge-late"]
    missed = contact(acknowledged_at=None, acknowledge_step=late.acknowledge_step)
    again = look(missed, RECEIVED + timedelta(days=1, seconds=1), ladder(contact()), PATIENCE)
    assert [step.name for step in again.alerts] == [ACKNOWLEDGE_LADDER[-1].name]


def test_the_last_permitted_second_is_still_in_time() -> None:
    """Nothing is missed while the last second of the promise runs."""
    one = contact(acknowledged_at=None, acknowledge_step=1)
    assert look(one, RECEIVED + timedelta(days=1, microseconds=999_999), ladder(one), PATIENCE).alerts == ()


def test_an_acknowledged_contact_is_not_alerted_for_its_receipt() -> None:
    """Once the receipt has left, its ladder is silent."""
    assert look(contact(), RECEIVED + timedelta(days=2), ladder(contact()), PATIENCE).alerts == ()


def test_no_open_contact_is_forgotten_after_the_last_step() -> None:
    """Behind the last rung the contact is still looked at again."""
    now = RECEIVED + timedelta(days=500)
    decision = look(contact(respond_step=len(RESPOND_LADDER)), now, ladder(contact()), PATIENCE)
    assert decision.alerts == ()
    assert decision.next_look_at == now + LOOK_AGAIN_AFTER


def test_steps_before_the_due_day_stand_in_their_place() -> None:
    """Whatever the order of the file, the rungs are in the order of time; those from before the receipt are none."""
    steps = (Step("late", "", 0.9), Step("early", "", before=duration("2 working days")), Step("gone", "", 0.0))
    at = {"late": DUE, "early": DUE - timedelta(days=2), "gone": RECEIVED}
    found = rungs(steps, lambda step: at[step.name], RECEIVED)
    assert [step.name for _, step in found] == ["early", "late"]


def test_each_standard_has_its_own_ladder_or_the_general_one() -> None:
    """By the standard's id; a step is found by its name on its own ladder first."""
    own = Step("respond-50", "half of a short time", 0.5)
    ladders = Ladders(by_standard={"urgent": (own,)})
    assert ladders.of("urgent") == (own,)
    assert ladders.of("general") == ladders.of(None) == RESPOND_LADDER
    assert ladders.step("respond-50", "urgent") is own
    assert ladders.step("respond-50", "general") is RESPOND_LADDER[0]
    assert ladders.step("never", "general") is None
