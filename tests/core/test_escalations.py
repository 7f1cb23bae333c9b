"""The ladder: each step once, only the highest after an outage, and always a next look."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core import escalations
from bot.core.contacts import Contact
from bot.core.durations import duration
from bot.core.escalations import (
    RECEIPT_DUE,
    RECEIPT_LADDER,
    RESPOND_LADDER,
    UNASSIGNED,
    Decision,
    Ladders,
    Rungs,
    Step,
    receipt_rungs,
    rungs,
)
from bot.core.timing import USUAL

RECEIVED = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
DUE = RECEIVED + timedelta(days=100)
PATIENCE, DAY = timedelta(minutes=15), timedelta(days=1)


def contact(**changes: Any) -> Contact:
    """An open contact that was acknowledged at once and is due in a hundred days."""
    values: dict[str, Any] = dict.fromkeys(Contact.__slots__, None)
    values |= {"received_at": RECEIVED, "acknowledge_by": RECEIVED + timedelta(days=1), "respond_by": DUE}
    values |= {"acknowledged_at": RECEIVED, "acknowledge_step": 0, "respond_step": 0}
    return Contact(**(values | changes))


def look(of: Contact, now: datetime, ladder: Rungs = (), receipts: Rungs = (), singles: Rungs = ()) -> Decision:
    """What is due by the usual timing."""
    return escalations.look(of, now, ladder, receipts, singles, USUAL)


def ladder(of: Contact) -> Rungs:
    """A plain day is a plain day here: the calendar has its own tests."""

    def instant_of(step: Step) -> datetime:
        return of.received_at + timedelta(days=100 * (step.share or 0.0))

    return rungs(RESPOND_LADDER, instant_of, of.received_at)


def receipts(of: Contact, *more: Step) -> Rungs:
    """The steps of its time to acknowledge, which is a day."""
    return receipt_rungs(of, (*more, *RECEIPT_LADDER), lambda step: RECEIVED + DAY * (step.share or 0.0), USUAL)


def test_each_step_is_taken_once_and_in_order() -> None:
    """Walking through time step by step alerts every rung exactly once."""
    now, open_contact, taken = RECEIVED, contact(), []
    for _ in range(len(RESPOND_LADDER) + 2):
        decision = look(open_contact, now, ladder(open_contact))
        taken += [step.name for step in decision.alerts]
        open_contact = contact(respond_step=decision.respond_step, acknowledge_step=decision.acknowledge_step)
        now = decision.next_look_at
    assert taken == [step.name for step in RESPOND_LADDER]


def test_after_an_outage_only_the_highest_step_is_alerted() -> None:
    """Three steps fell due while nobody watched: one alert, and the two below are behind us."""
    decision = look(contact(), RECEIVED + timedelta(days=95), ladder(contact()))
    assert [step.name for step in decision.alerts] == ["respond-90"]
    assert decision.respond_step == 3
    assert decision.next_look_at == DUE


def test_a_receipt_that_does_not_leave_is_alerted() -> None:
    """After fifteen minutes somebody must know; when the promise is missed, again."""
    new_contact = contact(acknowledged_at=None)
    late = look(new_contact, RECEIVED + PATIENCE, ladder(new_contact), receipts(new_contact))
    assert [step.name for step in late.alerts] == ["acknowledge-late"]
    missed = contact(acknowledged_at=None, acknowledge_step=late.acknowledge_step)
    again = look(missed, RECEIVED + timedelta(days=1, seconds=1), ladder(missed), receipts(missed))
    assert again.alerts == (RECEIPT_DUE,)


def test_the_last_permitted_second_is_still_in_time() -> None:
    """Nothing is missed while the last second of the promise runs."""
    new_contact = contact(acknowledged_at=None, acknowledge_step=1)
    last = RECEIVED + timedelta(days=1, microseconds=999_999)
    assert look(new_contact, last, ladder(new_contact), receipts(new_contact)).alerts == ()


def test_an_acknowledged_contact_is_not_alerted_for_its_receipt() -> None:
    """Once the receipt has left, its ladder is silent."""
    assert receipts(contact()) == ()
    assert look(contact(), RECEIVED + timedelta(days=2), ladder(contact()), receipts(contact())).alerts == ()


def test_no_open_contact_is_forgotten_after_the_last_step() -> None:
    """Behind the last rung the contact is still looked at again."""
    now = RECEIVED + timedelta(days=500)
    decision = look(contact(respond_step=len(RESPOND_LADDER)), now, ladder(contact()))
    assert decision.alerts == ()
    assert decision.next_look_at == now + USUAL.look_again_after


def test_steps_before_the_due_day_stand_in_their_place() -> None:
    """Whatever the order of the file, the rungs are in the order of time; those from before the receipt are none."""
    steps = (Step("late", "", 0.9), Step("early", "", before=duration("2 working days")), Step("gone", "", 0.0))
    at = {"late": DUE, "early": DUE - timedelta(days=2), "gone": RECEIVED}
    order = rungs(steps, lambda step: at[step.name], RECEIVED)
    assert [step.name for _, step in order] == ["early", "late"]


def test_each_standard_has_its_own_ladder_or_the_general_one() -> None:
    """By the standard's id; a step is found by its name on its own ladder first."""
    own = Step("respond-50", "half of a short time", 0.5)
    ladders = Ladders(by_standard={"urgent": (own,)})
    assert ladders.of("urgent") == (own,)
    assert ladders.of("general") == ladders.of(None) == RESPOND_LADDER
    assert ladders.step("respond-50", "urgent") is own
    assert ladders.step("respond-50", "general") is RESPOND_LADDER[0]
    assert ladders.step("never", "general") is None


def test_the_time_to_acknowledge_has_a_ladder_of_its_own() -> None:
    """Late, half of it, due: each once. A receipt that left and does not count (staff must) is not late."""
    half = Step("acknowledge-50", "", 0.5, "acknowledge")
    new_contact, taken, now = contact(acknowledged_at=None), [], RECEIVED
    for _ in range(4):
        decision = look(new_contact, now, (), receipts(new_contact, half))
        taken += [step.name for step in decision.alerts]
        new_contact = contact(acknowledged_at=None, acknowledge_step=decision.acknowledge_step)
        now = decision.next_look_at
    assert taken == ["acknowledge-late", "acknowledge-50", "acknowledge-due"]
    left = contact(acknowledged_at=None, receipt_sent_at=RECEIVED)
    assert look(left, RECEIVED + PATIENCE, (), receipts(left, half)).alerts == ()
    assert look(left, RECEIVED + DAY / 2, (), receipts(left, half)).alerts == (half,)


def test_what_nobody_has_is_told_once() -> None:
    """At its instant."""
    at = RECEIVED + timedelta(hours=4)
    waiting, singles = contact(next_look_at=at), [(at, UNASSIGNED)]
    assert [step.name for step in look(waiting, at, (), (), singles).alerts] == ["unassigned"]
    assert look(contact(), RECEIVED, (), (), singles).next_look_at == at


def test_the_end_of_a_platforms_time_is_looked_at() -> None:
    """The next look is as it closes at the latest; from then on it is said to be over."""
    closes_at = RECEIVED + timedelta(hours=5)
    open_window = contact(platform_reply_by=closes_at)
    before, after = look(open_window, RECEIVED), look(open_window, closes_at)
    assert (before.next_look_at, before.window_closed) == (closes_at, False)
    assert after.window_closed
    assert after.next_look_at > closes_at


def test_an_urgent_contact_is_called_about_every_quarter_of_an_hour() -> None:
    """After an outage once, and then again after a quarter of an hour."""
    urgent = contact(urgent_at=RECEIVED + PATIENCE)
    assert not look(urgent, RECEIVED, ()).urgent
    assert look(urgent, RECEIVED, ()).next_look_at == RECEIVED + PATIENCE
    for now in (RECEIVED + PATIENCE, RECEIVED + timedelta(hours=7)):
        called = look(urgent, now, ())
        assert (called.urgent, called.urgent_at, called.next_look_at) == (True, now + PATIENCE, now + PATIENCE)
    assert not look(contact(), RECEIVED + DAY, ()).urgent
